"""How one connection stands, for whoever asks: the command line, the console, the metrics, the digest. Reads only.

Consent expiry is warned of twenty days ahead: time for a person to be found, and for a second reminder.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from connectors import OwnDunning
from syncd import provider_clock, reconcile
from syncd.config import Config
from syncd.errors import ConfigError
from syncd.ledger import Ledger
from syncd.plan import State

WARN_AHEAD = timedelta(days=20)


@dataclass(frozen=True, slots=True)
class Consent:
    """Whether there is a consent, and until when it lasts unless it is used; None where it has no end we know."""

    given: bool
    needed: bool = True
    ends_at: datetime | None = None

    def ends_soon(self, now: datetime) -> bool:
        """Whether a person should renew it now."""
        return self.ends_at is not None and self.ends_at - now < WARN_AHEAD


@dataclass(frozen=True, slots=True)
class View:
    """One connection at one moment. `problems` are sentences, each with what mends it; none where all is well."""

    name: str
    company: str
    now: datetime
    pulled_at: datetime | None
    parked_why: str | None
    parked_until: datetime | None
    brake_why: str | None
    consent: Consent
    actions: dict[State, int]
    oldest_unclear_at: datetime | None
    quarantined: int
    day_left: int | None
    minute_left: int | None
    clock_ahead_s: int | None
    drift: int | None
    compared_at: datetime | None
    oldest_pull_s: int
    own_dunning: OwnDunning

    @property
    def pull_age_s(self) -> float | None:
        """Seconds since the last good pull."""
        return (self.now - self.pulled_at).total_seconds() if self.pulled_at else None

    @property
    def why_not_ready(self) -> str | None:
        """Why the connection cannot do its work now; None where it can. A brake is no such reason: reading goes on."""
        if self.parked_why is not None:
            return self.parked_why
        if self.consent.needed and not self.consent.given:
            return f"not connected; run: syncd connect {self.name}"
        if self.pull_age_s is None:
            return f"never read yet; run: syncd pull --connection {self.name}"
        if self.pull_age_s > self.oldest_pull_s:
            return f"the last good pull was {self.pull_age_s / 60:.0f} minutes ago"
        return None

    def problems(self) -> Iterator[str]:
        """What looks wrong, one sentence each."""
        if self.why_not_ready:
            yield self.why_not_ready
        if self.brake_why:
            yield f"BRAKE: {self.brake_why}; once the reason is known: syncd release --connection {self.name}"
        yield from self.warnings()
        if self.actions.get("unknown"):
            sent = self.actions["unknown"]
            yield f"{sent} sent without a clear answer: `syncd status` lists them, each pass looks again"
        if self.actions.get("rejected"):
            yield f"{self.actions['rejected']} refused by the provider; `syncd audit` has its words"
        if self.quarantined:
            yield f"{self.quarantined} records could not be read and are left out"

    def warnings(self) -> Iterator[str]:
        """What will be wrong if nobody looks: a consent that ends, a clock that is off, reminders twice."""
        if self.consent.ends_soon(self.now) and self.consent.ends_at:
            days = (self.consent.ends_at - self.now).days
            yield f"the consent ends in {days} days, on {self.consent.ends_at:%Y-%m-%d}; run: syncd connect {self.name}"
        if self.clock_ahead_s is not None and abs(self.clock_ahead_s) > provider_clock.WARN_S:
            yield provider_clock.too_far(self.clock_ahead_s, self.name) or provider_clock.words(
                self.clock_ahead_s, self.name
            )
        if self.own_dunning.reminders:
            yield f"the provider sends reminders of its own ({self.own_dunning.where}); ours are held unless accepted"


def view(ledger: Ledger, config: Config) -> View:
    """How `ledger` stands now."""
    now, standing = ledger.clock.now(), ledger.connections.standing()
    parked = standing.is_parked(now)
    agreement = ledger.findings.get(reconcile.KIND)
    counts = ledger.intents.counts()
    consent, sealed_otherwise = _consent_or_why(ledger)
    return View(
        name=ledger.name,
        company=standing.company.name if standing.company else "",
        now=now,
        pulled_at=standing.pulled_at,
        parked_why=standing.parked_why if parked else sealed_otherwise,
        parked_until=standing.parked_until if parked else None,
        brake_why=standing.brake_why,
        consent=consent,
        actions=counts,
        oldest_unclear_at=_oldest_unclear(ledger) if counts.get("unknown") else None,
        quarantined=len(ledger.mirror.quarantined()),
        day_left=standing.day_left,
        minute_left=ledger.connector.usage.minute_left,
        clock_ahead_s=ledger.clock_ahead_s,
        drift=int(agreement.document["drift"]) if agreement else None,
        compared_at=agreement.at if agreement else None,
        own_dunning=ledger.own_dunning(),
        oldest_pull_s=max(config.limits.max_pull_age_s, 3 * ledger.config.poll_interval_s),
    )


def consent_of(ledger: Ledger) -> Consent:
    """The consent of a connection, as the vault has it.

    Raises:
        ConfigError: it was sealed with another key.
    """
    if ledger.config.kind == "file":
        return Consent(given=True, needed=False)
    tokens = ledger.vault.tokens()
    return Consent(given=tokens is not None, ends_at=tokens.refresh_expires_at if tokens else None)


def _consent_or_why(ledger: Ledger) -> tuple[Consent, str | None]:
    try:
        return consent_of(ledger), None
    except ConfigError as error:
        return Consent(given=False), str(error)


def _oldest_unclear(ledger: Ledger) -> datetime | None:
    moments = [step.first_sent_at for step in ledger.intents.unsettled() if step.state == "unknown"]
    return min((at for at in moments if at is not None), default=None)
