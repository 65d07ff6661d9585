"""`syncd rules diff` and `syncd rules simulate`: what other rules would do, today or over a stretch of the past."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rules.domain.wording import counted, grouped
from syncd.cli.desk import opened
from syncd.cli.options import ANY_PATH, AS_JSON, CONFIG, CONNECTION, DAY, EXISTING_FILE, RULES
from syncd.cli.output import Table, Text, apart, print_json, print_text
from syncd.cli.sources import read_policies

if TYPE_CHECKING:
    from rules.domain.facts import Book, HistoryEntry
    from syncd.rules_diff import Difference
    from syncd.simulate import Simulation

BOOK = click.option(
    "--book", type=EXISTING_FILE, metavar="FILE", help="On this book file instead of the books we hold."
)


@click.command(short_help="What changed rules would decide differently today.")
@click.argument("old", type=ANY_PATH)
@click.argument("new", type=ANY_PATH)
@BOOK
@CONNECTION
@AS_JSON
@CONFIG
def diff(
    *, old: Path, new: Path, book: Path | None, connection: str | None, as_json: bool, config: Path | None
) -> None:
    """What the rules NEW would decide differently from the rules OLD today; each a file or a folder of them.

    Looks at the books we hold, or at a book file as of its day. Changes nothing and asks no provider.
    """
    from rules.domain.accounts import accounts_of
    from syncd.rules_diff import differences

    before, after = read_policies([old], None), read_policies([new], None)
    found = [
        (name, one, differences(accounts_of(one), before.serving(falls_back), after.serving(falls_back), one.as_of))
        for name, one, falls_back in _books(book, connection, config)
    ]
    if as_json:
        rows = [{"connection": name, **_difference(each)} for name, _, changes in found for each in changes]
        print_json({"old": before.version, "new": after.version, "differences": rows})
    else:
        print_text(apart(_compared(name, one, changes) for name, one, changes in found))


@click.command(short_help="Replay rules over history, day by day.")
@RULES
@BOOK
@click.option("--from", "first_on", type=DAY, metavar="DATE", help="First day; else ninety days before the last.")
@click.option("--to", "last_on", type=DAY, metavar="DATE", help="Last day; else the day of the books.")
@click.option("--policy", metavar="NAME", help="The policy of customers whom [select] does not place.")
@click.option("--events", is_flag=True, help="Show each thing that would have been done, too.")
@CONNECTION
@AS_JSON
@CONFIG
def simulate(
    *,
    rules: Sequence[Path],
    book: Path | None,
    first_on: date | None,
    last_on: date | None,
    policy: str | None,
    events: bool,
    connection: str | None,
    as_json: bool,
    config: Path | None,
) -> None:
    """Replay rules over history: the reminders, charges and holds they would have produced, day by day.

    Each day is decided on what was known that day, without what was really sent and charged in the period, which is
    counted beside it. Customers are taken to have paid when they did.
    """
    from syncd.metrics import period_of
    from syncd.simulate import simulate as replayed

    policies = read_policies(rules, config)
    found: list[_Trial] = []
    for name, one, falls_back in _books(book, connection, config):
        last = period_of(one, None, last_on).last_on
        period = period_of(one, first_on or _ninety_days_before(last), last)
        tried = policies.with_default(policy) if policy else policies.serving(falls_back)
        outcome = replayed(one, tried, period.first_on, period.last_on)
        found.append(_Trial(name, one, period.first_on, period.last_on, outcome))
    if as_json:
        print_json([_simulation(trial, policies.version) for trial in found])
    else:
        print_text(apart(_replayed(trial, events=events) for trial in found))


def _ninety_days_before(day: date) -> date:
    from rules.domain.calendars import days_after

    return days_after(day, -89)


Named = tuple[str | None, "Book", Mapping[str, str]]


def _books(path: Path | None, connection: str | None, config: Path | None) -> Iterator[Named]:
    """The book file, or everything we hold of each connection, with the policies that connections fall back on."""
    from connectors.file.read import read_book

    if path is not None:
        yield None, read_book(path), {}
        return
    with opened(config, connection) as office:
        for ledger in office.ledgers:
            yield ledger.name, ledger.book(), office.config.policies


def _difference(one: Difference) -> dict[str, Any]:
    return {"change": one.change, "customer": one.customer, "key": one.key or None, "old": one.old, "new": one.new}


def _compared(name: str | None, book: Book, changes: Sequence[Difference]) -> Iterator[Text]:
    yield f"{f'{name}: ' if name else ''}{book.company.name or 'Receivables'}, as of {book.as_of}"
    if not changes:
        yield "both decide the same"
        return
    from syncd.names import Names

    names = Names.of(book.customers, book.invoices)
    rows = [row for one in changes for row in _rows(one, names)]
    yield Table(("change", "customer", "what", "about", "why"), rows)
    counts = Counter(one.change for one in changes)
    yield ", ".join(f"{count} {_COUNTED[change]}" for change, count in sorted(counts.items()))


_COUNTED = {
    "added": "decided by the new rules only",
    "dropped": "decided by the old rules only",
    "changed": "decided otherwise",
    "policy": "customers under another policy",
}


def _rows(one: Difference, names: Any) -> Iterator[tuple[str, ...]]:
    from syncd.cli.explanation import about_of, what_of

    customer = names.customer(one.customer)
    if one.change == "policy":
        old, new = (side["policy"] or "none" for side in (one.old or {}, one.new or {}))
        yield "policy", customer, f"{old} to {new}", "", ""
        return
    sides = (("old" if one.new else "old only", one.old), ("new" if one.old else "new only", one.new))
    for word, decision in sides:
        if decision is not None:
            yield word, customer, what_of(decision), about_of(decision, names), str(decision["reason"])


@dataclass(frozen=True, slots=True)
class _Trial:
    """One company's replay."""

    connection: str | None
    book: Book
    first_on: date
    last_on: date
    outcome: Simulation


def _simulation(trial: _Trial, policy_version: str) -> dict[str, Any]:
    from syncd.as_json import decision_json
    from syncd.simulate import money_by_kind

    outcome = trial.outcome
    return {
        "connection": trial.connection,
        "company": trial.book.company.name,
        "from": trial.first_on.isoformat(),
        "to": trial.last_on.isoformat(),
        "policy_version": policy_version,
        "summary": {
            "counts": dict(sorted(Counter(event.decision.kind for event in outcome.events).items())),
            "amounts": money_by_kind(outcome.events),
            "held_days": dict(sorted(outcome.held_days.items())),
            "really": dict(sorted(Counter(_kind_of(entry) for entry in _really(outcome)).items())),
        },
        "events": [{"on": event.on.isoformat(), **decision_json(event.decision)} for event in outcome.events],
        "problems": [{"subject": subject, "problem": problem} for subject, problem in sorted(outcome.problems.items())],
    }


def _really(outcome: Simulation) -> Iterator[HistoryEntry]:
    """What was really done, a message about several invoices once."""
    from rules.domain.facts import ReminderSent

    seen: set[tuple[str, str, date]] = set()
    for entry in outcome.really:
        if isinstance(entry, ReminderSent):
            message = (entry.customer, entry.key, entry.on)
            if message in seen:
                continue
            seen.add(message)
        yield entry


def _kind_of(entry: HistoryEntry) -> str:
    from syncd.store.codec import RECORD_KINDS

    return {"standing": "credit_state"}.get(RECORD_KINDS[type(entry)], RECORD_KINDS[type(entry)])


def _replayed(trial: _Trial, *, events: bool) -> Iterator[Text]:
    name, outcome = f"{trial.connection}: " if trial.connection else "", trial.outcome
    yield f"{name}{trial.book.company.name or 'Receivables'}, {trial.first_on} to {trial.last_on}"
    yield Table(("what", "times", "amount", "really"), list(_summary(outcome)), right=("times", "really"))
    if outcome.held_days:
        days = sum(outcome.held_days.values())
        who = counted(len(outcome.held_days), "customer")
        yield f"{who} would have been on hold or stop, {counted(days, 'day')} in all"
    if outcome.problems:
        yield f"{len(outcome.problems)} records allow no decision: syncd assess names them"
    if events:
        yield from _events(trial.book, outcome)


def _summary(outcome: Simulation) -> Iterator[tuple[str, ...]]:
    from syncd.simulate import money_by_kind

    labels = Counter(_label(event.decision) for event in outcome.events)
    really = Counter(_real_label(entry) for entry in _really(outcome))
    amounts = money_by_kind(outcome.events)
    for label in sorted({*labels, *really}):
        yield label, str(labels[label]), _spelled(amounts.get(label.replace(" ", "_"), {})), str(really[label])
    if "fee" in amounts:
        yield "reminder fees", "", _spelled(amounts["fee"]), ""


def _label(decision: Any) -> str:
    """Reminders by level, standings by where they go, all else by kind."""
    if decision.kind == "reminder":
        return f"reminder, level {decision.level}"
    if decision.kind == "credit_state":
        return f"credit state to {decision.after}"
    return str(decision.kind).replace("_", " ")


def _real_label(entry: Any) -> str:
    kind = _kind_of(entry)
    if kind == "reminder":
        return f"reminder, level {entry.level}"
    return f"credit state to {entry.after}" if kind == "credit_state" else kind.replace("_", " ")


def _spelled(amounts: Mapping[str, str]) -> str:
    return ", ".join(f"{grouped(digits)} {currency}" for currency, digits in amounts.items())


def _events(book: Book, outcome: Simulation) -> Iterable[Text]:
    from syncd.as_json import decision_json
    from syncd.cli.explanation import about_of, what_of
    from syncd.names import Names

    names = Names.of(book.customers, book.invoices)
    rows = []
    for event in outcome.events:
        row = decision_json(event.decision)
        rows.append((str(event.on), what_of(row), names.customer(row["customer"]), about_of(row, names), row["reason"]))
    return ("", Table(("day", "what", "customer", "about", "why"), rows)) if rows else ()
