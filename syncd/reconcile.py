"""Holds our copy of the books against the provider's own figures, and finds out what incremental reading missed.

Looks twice before it speaks: what moved between the two readings is no difference. What nothing explains is drift: it
pulls the brake, and everything is read again to say how many records were missed. Writes to no provider.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from connectors import Ref
from rules.domain.facts import CreditNote, Invoice, Payment
from rules.domain.wording import counted, joined, spoken
from syncd.agreement import Difference, comparison
from syncd.config import Limits
from syncd.cycle import pull_changes
from syncd.errors import NeverRead
from syncd.ledger import Ledger
from syncd.logs import log
from syncd.store.findings import Findings

KIND = "agreement"
NIGHT = time(3, 0)  # local; Xero's own nightly reading has been at two


@dataclass(frozen=True, slots=True)
class Agreement:
    """What came of a comparison. `missed` counts records by kind, None where not everything was read again."""

    connection: str
    as_of: date
    customers: int
    differences: tuple[Difference, ...] = ()
    missed: Mapping[str, int] | None = None
    after: tuple[Difference, ...] = field(default=())  # what is left of the drift once everything was read again

    @property
    def drift(self) -> tuple[Difference, ...]:
        """The differences nothing explains."""
        return tuple(each for each in self.differences if each.is_drift)

    @property
    def words(self) -> str:
        """The outcome in one sentence."""
        if not self.drift:
            explained = f", {len(self.differences)} differences explained" if self.differences else ""
            return f"{self.customers} customers agree with the books{explained}{_missed_words(self.missed)}"
        apart = (
            f"{len(self.drift)} of {counted(self.customers, 'balance')} not as in the books, and nothing explains it"
        )
        rest = f"; {len(self.after)} still differ" if self.after else "; they agree now" if self.missed else ""
        return f"{apart}{_missed_words(self.missed)}{rest}"

    def to_json(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "connection": self.connection,
            "as_of": self.as_of.isoformat(),
            "customers": self.customers,
            "drift": len(self.drift),
            "differences": [_difference_json(each) for each in self.differences],
            "missed": dict(self.missed) if self.missed is not None else None,
            "still_different": len(self.after),
            "outcome": self.words,
        }


def reconcile(
    ledger: Ledger, limits: Limits, *, everything: bool = False, look_again: Callable[[], bool] | None = None
) -> Agreement:
    """Compare; on drift read everything again, and brake. `everything` reads again in any case.

    Without `look_again` we pull ourselves. Beside a running daemon only that one may: `look_again` has it pull, says
    whether it did, and what it does by itself at night is left to it.

    Raises:
        ConnectorError: the provider cannot be asked.
        NeverRead: there is nothing to compare yet, and we may not pull now.
    """
    if look_again is None:
        pull_changes(ledger, limits)
    found = _compared(ledger)
    if found.drift and look_again is None:
        pull_changes(ledger, limits)
        found = _second_look(ledger, found)
    elif found.drift and look_again is not None and look_again():
        found = _second_look(ledger, found)
    if look_again is None and (found.drift or everything):
        found = _read_again(ledger, limits, found)
    if found.drift:
        _brake(ledger, found)
    _write_down(ledger, found)
    return found


def _second_look(ledger: Ledger, first: Agreement) -> Agreement:
    """The comparison anew: what agrees by now had only moved between our reading and the report."""
    second = _compared(ledger)
    apart = {each.customer for each in second.differences}
    moved = [_in_time(each) for each in first.drift if each.customer not in apart]
    return replace(second, differences=(*second.differences, *moved))


def _read_again(ledger: Ledger, limits: Limits, found: Agreement) -> Agreement:
    """Read the whole book and say what was missed; papers of these days were only not read yet."""
    missed, fresh = read_again(ledger, limits)
    after = _compared(ledger).drift if found.drift else ()
    differences = found.differences
    if not after and fresh:
        differences = tuple(_in_time(each) if each.is_drift else each for each in differences)
    return replace(found, differences=differences, missed=missed, after=after)


def read_again(ledger: Ledger, limits: Limits) -> tuple[dict[str, int], bool]:
    """Read the whole book as if for the first time.

    Returns how many records, by kind, we had wrong or not at all, and whether all of them are papers of today or
    yesterday that we had not seen: some lists are read by the hour, and such a paper is late, not lost.
    """
    before = ledger.mirror.digests()
    ledger.connections.forget_progress()
    pull_changes(ledger, limits)
    after = ledger.mirror.digests()
    differing = [ref for ref in before.keys() | after.keys() if before.get(ref) != after.get(ref)]
    fresh = bool(differing) and all(ref not in before and _is_of_these_days(ledger, ref) for ref in differing)
    return dict(sorted(Counter(ref.kind for ref in differing).items())), fresh


def _is_of_these_days(ledger: Ledger, ref: Ref) -> bool:
    match ledger.mirror.fact(ref):
        case Invoice(issued_on=day) | CreditNote(issued_on=day) | Payment(received_on=day):
            return day >= ledger.today() - timedelta(days=1)
        case _:
            return False


def _in_time(difference: Difference) -> Difference:
    return replace(difference, why="timing", words="the books moved meanwhile; they agree by now")


def is_due(ledger: Ledger, last_try: datetime | None) -> bool:
    """Whether the night's comparison is still to be made: three o'clock local time is past, and it was not tried."""
    zone = ZoneInfo(ledger.config.timezone)
    now = ledger.clock.now().astimezone(zone)
    if now.time() < NIGHT or ledger.connections.standing().pulled_at is None:
        return False
    done = Findings(ledger.store, ledger.name).get(KIND)
    moments = [at for at in (last_try, done.at if done else None) if at is not None]
    return all(at.astimezone(zone).date() < now.date() or at.astimezone(zone).time() < NIGHT for at in moments)


def _compared(ledger: Ledger) -> Agreement:
    if ledger.company is None:
        raise NeverRead(ledger.name)
    today = ledger.today()
    report = ledger.connector.aged_receivables(today)
    sides = comparison(ledger.book(), report, today)
    apart = sides.customers_apart()
    beyond = ledger.connector.beyond_documents(apart, today) if apart else ()
    customers = len({customer for customer, _ in (*sides.ours, *sides.theirs)})
    return Agreement(ledger.name, today, customers, sides.differences(beyond))


def _brake(ledger: Ledger, found: Agreement) -> None:
    log.warning("books.drifted", connection=ledger.name, count=len(found.drift))
    if ledger.connections.standing().brake_why is None:
        first = found.drift[0]
        why = (
            f"balances differ from the books ({len(found.drift)} of {found.customers}), the first of customer "
            f"{first.customer}: {spoken(first.ours)} here, {spoken(first.theirs)} there; `syncd reconcile` lists them"
        )
        ledger.connections.brake(why, ledger.clock.now())


def _write_down(ledger: Ledger, found: Agreement) -> None:
    document = found.to_json()
    document["differences"] = [each for each in document["differences"] if not each["explained"]][:20]
    Findings(ledger.store, ledger.name).put(KIND, document, ledger.clock.now())
    log.info("books.compared", connection=ledger.name, accounts=found.customers, count=len(found.drift))


def _missed_words(missed: Mapping[str, int] | None) -> str:
    if missed is None:
        return ""
    if not missed:
        return "; reading everything again found nothing that was missed"
    kinds = joined(counted(count, kind.replace("_", " ")) for kind, count in missed.items())
    return f"; reading everything again found {kinds} missed before"


def _difference_json(each: Difference) -> dict[str, Any]:
    return {
        "customer": each.customer,
        "currency": each.ours.currency,
        "ours": each.ours.digits,
        "theirs": each.theirs.digits,
        "difference": (each.theirs - each.ours).digits,
        "explained": each.why,
        "words": each.words or "drift: nothing explains it",
    }
