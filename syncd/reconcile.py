"""Holds our copy of the books against the provider's own figures, and finds out what incremental reading missed.

Looks twice before it speaks: what moved between the two readings is no difference. What nothing explains is drift: it
pulls the brake, and everything is read again to say how many records were missed. Writes to no provider.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import structlog

from syncd.agreement import Difference, comparison
from syncd.config import Limits
from syncd.cycle import pull_changes
from syncd.errors import TryAgain
from syncd.office import Ledger
from syncd.store.findings import Findings

log = structlog.get_logger(__name__)

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
        apart = f"{len(self.drift)} of {self.customers} balances differ from the books and nothing explains it"
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


def reconcile(ledger: Ledger, limits: Limits, *, everything: bool = False, may_pull: bool = True) -> Agreement:
    """Compare; on drift brake and, where we may pull, read everything again. `everything` reads again in any case.

    Raises:
        ConnectorError: the provider cannot be asked.
        TryAgain: the connection was never read, and we may not pull now.
    """
    if may_pull:
        pull_changes(ledger, limits)
    found = _compared(ledger)
    if may_pull and any(each.is_drift for each in found.differences):
        pull_changes(ledger, limits)  # the books may have moved between pull and report
        found = _compared(ledger)
    if found.drift:
        _brake(ledger, found)
    if may_pull and (found.drift or everything):
        missed = read_again(ledger, limits)
        after = _compared(ledger).drift if found.drift else ()
        found = Agreement(ledger.name, found.as_of, found.customers, found.differences, missed, after)
    _write_down(ledger, found)
    return found


def read_again(ledger: Ledger, limits: Limits) -> dict[str, int]:
    """Read the whole book as if for the first time. Returns how many records, by kind, we had wrong or not at all."""
    before = ledger.mirror.digests()
    ledger.connections.forget_progress()
    pull_changes(ledger, limits)
    after = ledger.mirror.digests()
    differing = {ref for ref in before.keys() | after.keys() if before.get(ref) != after.get(ref)}
    return dict(sorted(Counter(kind for kind, _ in differing).items()))


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
    company, today = ledger.company, ledger.today()
    if company is None:
        raise TryAgain(f"{ledger.name} was never read; run: syncd pull --connection {ledger.name}")
    report = ledger.connector.aged_receivables(today)
    sides = comparison(ledger.files.book(company, today), report, today)
    apart = sides.customers_apart()
    beyond = ledger.connector.beyond_documents(apart, today) if apart else ()
    customers = len({customer for customer, _ in (*sides.ours, *sides.theirs)})
    return Agreement(ledger.name, today, customers, sides.differences(beyond))


def _brake(ledger: Ledger, found: Agreement) -> None:
    log.warning("books.drifted", connection=ledger.name, count=len(found.drift))
    if ledger.connections.standing().brake_why is None:
        first = found.drift[0]
        why = (
            f"{len(found.drift)} balances differ from the books, the first of customer {first.customer}: "
            f"{first.ours} here, {first.theirs} there; look with: syncd reconcile"
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
    kinds = ", ".join(f"{count} of kind {kind}" for kind, count in missed.items())
    return f"; reading everything again found {sum(missed.values())} records missed before ({kinds})"


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
