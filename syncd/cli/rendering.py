"""Decisions and positions in words, for people: the same facts as the JSON, with names beside the references."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeAlias

from rules.domain.facts import Book
from syncd.cli.output import Table, Text

Json: TypeAlias = Mapping[str, Any]


def assessment(found: Json, book: Book) -> Iterator[Text]:
    """The whole answer of `assess` on a book."""
    names = {customer.ref: customer.name for customer in book.customers}
    yield f"{book.company.name}, as of {found['as_of']}, rules {found['policy_version'][:19]}"
    yield from agings(found["customers"], names)
    yield from decisions(found["decisions"], names)
    yield from _section("Promises to pay", promises(found["promises"]))
    yield from problems(found["problems"])


def agings(customers: Sequence[Json], names: Mapping[str, str]) -> Iterator[Text]:
    """One table per currency and set of buckets: who owes how much, how old."""
    for currency, labels in _bucket_sets(customers):
        rows = [row for row in customers if tuple(row["aging"].get(currency, ())) == labels]
        amounts = [*labels, "open", "unapplied"]
        body = [_aging_row(row, names, currency, labels) for row in rows]
        sums = [_sum([line[4 + place] for line in body]) for place in range(len(amounts))]
        columns = ("customer", "name", "state", "pays", *amounts)
        yield from _section(
            f"Receivables in {currency}", [Table(columns, [*body, ("total", "", "", "", *sums)], right=tuple(amounts))]
        )


def decisions(found: Sequence[Json], names: Mapping[str, str]) -> Iterator[Text]:
    """What is to be done and why, then what is not done and why not."""
    acts = [row for row in found if row["kind"] != "skip"]
    skips = [row for row in found if row["kind"] == "skip"]
    yield from _section("To do", [act_table(acts, names)] if acts else ["nothing is due"])
    if skips:
        yield from _section("Not done", [Table(("subject", "rule", "why not"), [_skip_row(row) for row in skips])])


def act_table(acts: Sequence[Json], names: Mapping[str, str]) -> Table:
    """Decisions that do something, one row each; with their status where they have one."""
    status = any("status" in row for row in acts)
    columns = (*(["status"] if status else []), "what", "customer", "about", "amount", "why")
    return Table(columns, [_act_row(row, names, status=status) for row in acts], right=("amount",))


def promises(found: Sequence[Json]) -> Iterator[Text]:
    """Where each promise stands."""
    if found:
        yield Table(("promise", "state", "level"), [(row["ref"], row["state"], str(row["level"])) for row in found])


def problems(found: Sequence[Json]) -> Iterator[Text]:
    """What the data does not allow to decide."""
    if found:
        yield from _section("Problems", [Table(("subject", "problem"), [(p["subject"], p["problem"]) for p in found])])


def what(decision: Json) -> str:
    """The decision in a few words."""
    match decision["kind"]:
        case "reminder":
            return f"reminder, level {decision['level']} ({decision['template']}, {decision['channel']})"
        case "credit_state":
            flag = ", stop-sell" if decision["stop_sell"] else ""
            return f"credit state {decision['from']} to {decision['to']}{flag}"
        case "task":
            return f"task: {decision['what']} by {decision['due_on']}"
        case kind:
            return str(kind).replace("_", " ")


def _section(title: str, body: Iterable[Text]) -> Iterator[Text]:
    parts = list(body)
    if parts:
        yield ""
        yield title
        yield from parts


def _bucket_sets(customers: Sequence[Json]) -> list[tuple[str, tuple[str, ...]]]:
    """Every currency with every set of bucket labels that some customer's policy gives it."""
    found = {(currency, tuple(buckets)) for row in customers for currency, buckets in row["aging"].items()}
    return sorted(found)


def _aging_row(row: Json, names: Mapping[str, str], currency: str, labels: tuple[str, ...]) -> tuple[str, ...]:
    buckets = row["aging"][currency]
    return (
        row["customer"],
        names.get(row["customer"], ""),
        row["credit_state"],
        row["payer_class"],
        *(buckets[label] for label in labels),
        row["open"].get(currency, ""),
        row["unapplied"].get(currency, ""),
    )


def _sum(amounts: Sequence[str]) -> str:
    return str(sum((Decimal(amount) for amount in amounts if amount), Decimal(0)))


def _act_row(decision: Json, names: Mapping[str, str], *, status: bool) -> tuple[str, ...]:
    customer = decision["customer"]
    about = decision.get("invoices") or [decision.get("invoice") or decision.get("charge") or ""]
    return (
        *([str(decision.get("status", ""))] if status else []),
        what(decision),
        f"{customer} {names.get(customer, '')}".strip(),
        ", ".join(about),
        _amount(decision),
        decision["reason"],
    )


def _amount(decision: Json) -> str:
    if "amount" in decision:
        return str(decision["amount"])
    asked = ", ".join(f"{digits} {currency}" for currency, digits in decision.get("amounts", {}).items())
    return f"{asked} + {decision['fee']} fee" if decision.get("fee") else asked


def _skip_row(decision: Json) -> tuple[str, str, str]:
    return decision["subject"], decision["rule"], decision["reason"]
