"""What came of it: aging before and after, what was written, what it cost, one customer's story, and the proof.

The proof reads the simulated books and the mailbox, not our own records, and holds both against the outbox.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from connectors.markers import keys_in
from rules.domain.actions import Operation, SetStopSell
from rules.domain.money import Money, total
from syncd.demo.play import Performance, aging
from syncd.demo.script import address
from syncd.demo.stage import Cast, Stage
from syncd.store import journal
from syncd.teller import Teller, Told

_EFFECT_OF = {
    "email_invoice": "provider_email",
    "add_note": "memo",
    "create_invoice": "finance_charge",
    "create_credit_note": "charge_reversal",
    "set_promise_date": "promise_date",
}
_STORY_LINES = 24


@dataclass(frozen=True, slots=True)
class Proof:
    """Effects found in the books and the mailbox against those the outbox confirmed; every list is empty when well."""

    found: int
    confirmed: int
    twice: tuple[str, ...]
    missing: tuple[str, ...]
    unaccounted: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Each effect is there exactly once, and nothing else is."""
        return self.found == self.confirmed and not (self.twice or self.missing or self.unaccounted)


def written(stage: Stage) -> dict[str, Counter[str]]:
    """What stands in each company's books because of us, by kind; messages are counted from the mailbox."""
    counts = {cast.connection: Counter[str]() for cast in stage.casts}
    for cast in stage.casts:
        counts[cast.connection].update(str(effect.kind) for effect in cast.company.effects())
        counts[cast.connection]["reminder_email"] = len(_mailed_keys(stage, cast))
    return counts


def prove(stage: Stage) -> Proof:
    """Hold the books and the mailbox against the outbox, operation by operation."""
    confirmed, found = Counter[str](), Counter[str]()
    for cast in stage.casts:
        ledger = stage.ledger(cast)
        for key, operation in ledger.intents.confirmed():
            confirmed[_name(cast, key, operation)] += 1
        found.update(_found(stage, cast))
    return Proof(
        found=found.total(),
        confirmed=confirmed.total(),
        twice=tuple(sorted(name for name, times in found.items() if times > max(1, confirmed[name]))),
        missing=tuple(sorted(name for name, times in confirmed.items() if found[name] < times)),
        unaccounted=tuple(sorted(name for name in found if name not in confirmed)),
    )


def _name(cast: Cast, key: str, operation: Operation) -> str:
    """What the comparison calls an operation: its key where the books keep it, else what it did to whom."""
    if isinstance(operation, SetStopSell):
        return f"{cast.connection} stop_sell_{'on' if operation.on else 'off'} {operation.customer}"
    return f"{cast.connection} {_EFFECT_OF.get(operation.verb, 'reminder_email')} {key}"


def _found(stage: Stage, cast: Cast) -> Iterable[str]:
    flags = [key for key, step in stage.ledger(cast).intents.confirmed() if isinstance(step, SetStopSell)]
    for effect in cast.company.effects():
        keys = keys_in(effect.text)
        if effect.kind == "memo" and keys and keys[-1] in flags:
            flags.remove(keys[-1])  # Xero's flag has no room for a reason: the note beside it is part of the flag
        elif effect.kind in ("stop_sell_on", "stop_sell_off"):
            yield f"{cast.connection} {effect.kind} {effect.customer}"
        else:
            for key in keys[-1:] or (f"without a key: {effect.target}",):
                yield f"{cast.connection} {effect.kind} {key}"
    for key in _mailed_keys(stage, cast):
        yield f"{cast.connection} reminder_email {key}"


def _mailed_keys(stage: Stage, cast: Cast) -> list[str]:
    """Keys of the messages in the mailbox that this company's customers got."""
    mine = {key for key, _ in stage.ledger(cast).intents.confirmed()}
    addresses = _addresses(cast)
    keys = []
    for delivered in stage.mailbox.messages:
        key = str(delivered.message["X-Syncd-Key"])
        if addresses & set(delivered.recipients) and key in mine:
            keys.append(key)
    return keys


def _addresses(cast: Cast) -> set[str]:
    return {address(name) for name in cast.script.customers}


def calls(cast: Cast) -> dict[date, dict[str, int]]:
    """Requests the simulated company answered, by UTC day."""
    return cast.company.calls_by_day()


def owed(cast: Cast) -> Money:
    """All that is open, by the simulated books."""
    open_cents = sum(item.balance_cents for item in cast.company.open_items())
    return Money(Decimal(open_cents).scaleb(-2), cast.company.currency)


@dataclass(frozen=True, slots=True)
class Story:
    """One customer's quarter, from the audit."""

    connection: str
    customer: str
    name: str
    lines: tuple[tuple[date, str], ...]


def story(stage: Stage) -> Story | None:
    """The customer with the most to tell: the most different kinds of things happened to it."""
    told = [(_richness(entries), cast, customer, entries) for cast, customer, entries in _journals(stage)]
    if not told:
        return None
    _, cast, customer, entries = max(told, key=lambda each: (each[0], each[2]))
    name = next((name for name, ref in cast.customers.items() if ref == customer), customer)
    subjects = _subjects(stage)
    lines = [_line(line, cast, subjects.get(entry.key)) for entry, line in _plans(stage, cast, entries)]
    return Story(cast.connection, customer, name, _shortened(lines))


def _shortened(lines: Sequence[tuple[date, str]]) -> tuple[tuple[date, str], ...]:
    """The whole story, or its beginning and its end with what was left out between them said."""
    if len(lines) <= _STORY_LINES:
        return tuple(lines)
    half = _STORY_LINES // 2
    between = (lines[half][0], f"… {len(lines) - 2 * half} more lines; `syncd explain` tells them all.")
    return (*lines[:half], between, *lines[-half:])


def _journals(stage: Stage) -> Iterable[tuple[Cast, str, list[journal.Entry]]]:
    for cast in stage.casts:
        by_customer: dict[str, list[journal.Entry]] = {}
        for entry in journal.read(stage.office.store, cast.connection):
            by_customer.setdefault(entry.customer, []).append(entry)
        for customer, entries in by_customer.items():
            yield cast, customer, entries


def _richness(entries: Iterable[journal.Entry]) -> tuple[int, int]:
    verbs = Counter(_verb(entry) for entry in entries if entry.event == "operation.confirmed")
    return len(verbs), min(verbs.total(), _STORY_LINES)


def _verb(entry: journal.Entry) -> str:
    off = entry.detail.get("verb") == "set_stop_sell" and "/good/" in entry.key
    return f"{entry.detail.get('verb')}{'_off' if off else ''}"


def _plans(stage: Stage, cast: Cast, entries: Iterable[journal.Entry]) -> Iterable[tuple[journal.Entry, Told]]:
    """Decisions tell the story: each carries its whole reason."""
    plans = [entry for entry in entries if entry.event in ("action.planned", "action.held")]
    return zip(plans, Teller([stage.ledger(cast)]).told(plans), strict=True)


def _line(line: Told, cast: Cast, subject: str | None) -> tuple[date, str]:
    """What was decided; of a message also under what words it went out."""
    said = f'; mailed as "{subject}"' if subject else ""
    on = line.at.astimezone(ZoneInfo(cast.company.timezone)).date()
    return on, f"{line.what}{said}."


def _subjects(stage: Stage) -> dict[str, str]:
    return {str(sent.message["X-Syncd-Key"]): str(sent.message["Subject"]).strip() for sent in stage.mailbox.messages}


def _agrees(stage: Stage, cast: Cast) -> bool:
    """Whether our buckets sum to what the simulated books say is open."""
    ours = aging(stage.office, stage.ledger(cast)).values()
    return total(tuple(ours), cast.company.currency) == owed(cast)


def _texts(amounts: Mapping[str, Money]) -> dict[str, str]:
    return {label: str(amount) for label, amount in amounts.items()}


def document(stage: Stage, performance: Performance, seconds: float) -> dict[str, Any]:
    """All of it as plain values, for `--json`."""
    proof, tale = prove(stage), story(stage)
    counts = written(stage)
    return {
        "seconds": f"{seconds:.1f}",
        "companies": [
            {
                "connection": cast.connection,
                "name": cast.company.name,
                "kind": cast.company.kind,
                "customers": len(cast.customers),
                "aging_at_start": _texts(performance.opening_aging[cast.connection]),
                "aging_at_end": _texts(aging(stage.office, stage.ledger(cast))),
                "open_in_the_books": str(owed(cast)),
                "agrees": _agrees(stage, cast),
                "written": dict(sorted(counts[cast.connection].items())),
                "calls_by_day": {day.isoformat(): made for day, made in calls(cast).items()},
                "passes": len(performance.passes[cast.connection]),
            }
            for cast in stage.casts
        ],
        "story": None
        if tale is None
        else {
            "connection": tale.connection,
            "customer": tale.customer,
            "name": tale.name,
            "lines": [{"on": on.isoformat(), "what": what} for on, what in tale.lines],
        },
        "proof": {
            "holds": proof.holds,
            "confirmed": proof.confirmed,
            "found": proof.found,
            "twice": list(proof.twice),
            "missing": list(proof.missing),
            "unaccounted": list(proof.unaccounted),
        },
        "failures": performance.failures,
    }
