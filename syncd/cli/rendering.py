"""Decisions and positions in words, for people: the same facts as the JSON, with names beside the references."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeAlias

from rules.domain.facts import Book
from rules.domain.wording import grouped
from syncd.cli.output import Table, Text
from syncd.names import Names

Json: TypeAlias = Mapping[str, Any]


def assessment(found: Json, book: Book) -> Iterator[Text]:
    """The whole answer of `assess` on a book."""
    names = Names.of(book.customers, book.invoices)
    yield f"{book.company.name or 'Receivables'}, as of {found['as_of']}, rules {found['policy_version'][:19]}"
    yield from agings(found["customers"], names)
    yield from decisions(found["decisions"], names)
    yield from _section("Promises to pay", promises(found["promises"]))
    yield from problems(found["problems"], names)


def agings(customers: Sequence[Json], names: Names) -> Iterator[Text]:
    """One table per currency and set of buckets: who owes how much, how old."""
    for currency, labels in _bucket_sets(customers):
        rows = [row for row in customers if tuple(row["aging"].get(currency, ())) == labels]
        amounts = (*labels, "open", "unapplied")
        body = [_aging_row(row, names, currency, labels) for row in rows]
        sums = [_sum([line[3 + place] for line in body]) for place in range(len(amounts))]
        columns = ("customer", "state", "pays", *amounts)
        table = Table(columns, [*body, ("total", "", "", *sums)], right=amounts)
        yield from _section(f"Receivables in {currency}", [table])


def decisions(found: Sequence[Json], names: Names, *, silences: bool = True) -> Iterator[Text]:
    """What is to be done and why, then what is not done and why not: each, or only how many."""
    acts = [row for row in found if row["kind"] != "skip"]
    skips = [row for row in found if row["kind"] == "skip"]
    mendable = [row for row in skips if row.get("mendable")]
    shared = {why: count for why, count in Counter(map(_unable, acts)).items() if why and count > 1}
    table = act_table([{**row, "status_reason": ""} if _unable(row) in shared else row for row in acts], names)
    yield from _section("To do", [table] if acts else ["nothing is due"])
    yield from (f"{count} cannot go out: {why}" for why, count in shared.items())
    if mendable and not silences:
        yield from _section("Not done, and yours to mend", [skip_table(mendable, names)])
        skips = [row for row in skips if not row.get("mendable")]
    if skips and silences:
        yield from _section("Not done", [skip_table(skips, names)])
    elif skips:
        times = "one case" if len(skips) == 1 else f"{len(skips)} cases"
        yield from (
            "",
            f"Nothing is done in {times}: --silences gives the reasons, `syncd explain` those of one customer.",
        )


def act_table(acts: Sequence[Json], names: Names) -> Table:
    """Decisions that do something, one row each; with number and status where they come from a plan."""
    planned = any("status" in row for row in acts)
    columns = (*(("no.", "status") if planned else ()), "what", "customer", "invoices", "amount", "why")
    return Table(columns, [_act_row(row, names, planned=planned) for row in acts], right=("amount",))


def skip_table(skips: Sequence[Json], names: Names) -> Table:
    """Skips, one row for all that one reason is said of: of invoices long paid there are hundreds."""
    about: dict[tuple[str, str], list[str]] = {}
    for row in skips:
        about.setdefault((row["rule"], row["reason"]), []).append(names.subject(row["subject"], row["rule"]))
    return Table(("about", "rule", "why not"), [(_several(said), *why) for why, said in about.items()])


def _several(subjects: Sequence[str]) -> str:
    shown = subjects if len(subjects) <= _SUBJECTS else subjects[: _SUBJECTS - 1]
    rest = len(subjects) - len(shown)
    return ", ".join(shown) + (f" and {rest} more" if rest else "")


_SUBJECTS = 3


def promises(found: Sequence[Json]) -> Iterator[Text]:
    """Where each promise stands."""
    if found:
        yield Table(("promise", "state", "level"), [(row["ref"], row["state"], str(row["level"])) for row in found])


def problems(found: Sequence[Json], names: Names) -> Iterator[Text]:
    """What the data does not allow to decide."""
    if found:
        rows = [(names.subject(row["subject"], None), row["problem"]) for row in found]
        yield from _section("Problems", [Table(("about", "problem"), rows)])


def what(decision: Json) -> str:
    """The decision in a few words."""
    match decision["kind"]:
        case "reminder":
            step = f"level {decision['level']}" if decision["level"] else "before a discount lapses"
            return f"reminder, {step} ({decision['template']}, {decision['channel']})"
        case "credit_state":
            flag = ", stop-sell" if decision["stop_sell"] else ""
            return f"credit state {decision['from']} to {decision['to']}{flag}"
        case "task":
            return f"task: {decision['what']} by {decision['due_on']}"
        case "charge_reversal" if decision["rule"] == "waive":
            return "waiver of a charge"
        case "memo":
            return f"note: {decision['text']}"
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


def _aging_row(row: Json, names: Names, currency: str, labels: tuple[str, ...]) -> tuple[str, ...]:
    buckets = row["aging"][currency]
    return (
        names.customer(row["customer"]),
        row["credit_state"],
        row["payer_class"].replace("_", " "),
        *(buckets[label] for label in labels),
        row["open"].get(currency, ""),
        row["unapplied"].get(currency, ""),
    )


def _sum(amounts: Sequence[str]) -> str:
    return str(sum((Decimal(amount) for amount in amounts if amount), Decimal(0)))


def _act_row(decision: Json, names: Names, *, planned: bool) -> tuple[str, ...]:
    about = decision.get("invoices") or [decision.get("invoice") or decision.get("charge") or ""]
    return (
        *((str(decision.get("action") or "new"), _status(decision)) if planned else ()),
        what(decision),
        names.customer(decision["customer"]),
        ", ".join(names.invoice(ref) for ref in about),
        amount(decision),
        _reason(decision),
    )


def _status(decision: Json) -> str:
    words = {
        "review": "waits for approval",
        "brake": "waits for release",
        "person": "waits for a person",
        "unable": "cannot go out",
    }
    return words.get(decision.get("held_by") or "", str(decision.get("status", "")))


def _unable(decision: Json) -> str:
    """Why it cannot go out from here; empty where it can."""
    return str(decision["status_reason"]) if decision.get("held_by") == "unable" else ""


def _reason(decision: Json) -> str:
    """The rule's sentence, and why it waits where that is more than the review."""
    waits = decision.get("held_by") in ("unable", "person") or decision.get("status") == "planned"
    if waits and decision.get("status_reason"):
        return f"{decision['reason']} ({decision['status_reason']})"
    return str(decision["reason"])


def amount(decision: Json) -> str:
    """The sum of a charge, or what a reminder asks for and its fee; empty where it is about no money."""
    if "amount" in decision:
        return grouped(decision["amount"])
    asked = ", ".join(f"{grouped(digits)} {currency}" for currency, digits in decision.get("amounts", {}).items())
    return f"{asked} + {grouped(decision['fee'])} fee" if decision.get("fee") else asked
