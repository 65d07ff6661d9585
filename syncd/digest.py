"""The weekly letter to the office: what was done, what waits, whom to call, what looks wrong. Reads only; sent by mail.

It goes to the office's own people, so it may name customers. A week without news is told too: silence proves nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from connectors.errors import ConnectorError
from rules.domain.money import Money
from rules.domain.wording import spoken, sums
from rules.policy import Policies
from syncd.config import DigestConfig
from syncd.console.tables import charged
from syncd.ledger import Ledger, Mailer
from syncd.logs import log
from syncd.office import Office
from syncd.standing import view
from syncd.store.findings import EVERYWHERE, Findings
from syncd.worklist import worklist

KIND = "digest"
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MOST_CALLS = 10
_RULE = "=" * 60


@dataclass(frozen=True, slots=True)
class Letter:
    """The letter, ready to be sent or printed."""

    subject: str
    text: str


def compose(office: Office, because: str = "") -> Letter:
    """The letter about the seven days that end now. `because` leads it where it is sent for a reason.

    Raises:
        ConfigError: the rules are refused.
    """
    policies = office.policies  # refused rules are news whether or not there is anybody to call
    parts = [because, ""] if because else []
    wrong = 0
    for ledger in office.ledgers:
        found = list(view(ledger, office.config).problems())
        wrong += len(found)
        parts += [*_about(ledger, policies, found), ""]
    state = f"{wrong} thing{'' if wrong == 1 else 's'} to look at" if wrong else "all is well"
    waiting = sum(ledger.intents.waiting().held for ledger in office.ledgers)
    subject = because or f"Credit control: {state}, {waiting} waiting for you"
    return Letter(subject, "\n".join(parts).rstrip() + "\n")


def distress(because: str, problem: str) -> Letter:
    """The letter where nothing can be looked at: why not, and what mends it."""
    lines = [because, "", *problem.splitlines(), "", "Nothing is read or sent until this is mended; see it with:"]
    return Letter(because or "Credit control cannot start", "\n".join([*lines, "  syncd check"]).lstrip() + "\n")


def send(letter: Letter, to: Sequence[str], mailer: Mailer, now: datetime) -> None:
    """Send it to everybody `[watch] digest_to` names.

    Raises:
        ConnectorError: the mail server did not take it.
    """
    mailer.tell(to, letter.subject, letter.text, f"digest/{now:%Y-%m-%dT%H%M%S}")
    log.info("digest.sent", count=len(to))


def send_if_due(office: Office) -> None:
    """The week's letter, once its hour is past. What fails is tried again after the next pass."""
    settings, now = office.config.watch.digest, office.clock.now()
    if not settings.to or office.mailer is None or not office.ledgers:
        return
    findings = Findings(office.store, EVERYWHERE)
    last = findings.get(KIND)
    if last is None:
        findings.put(KIND, {"first": True}, now)  # the first letter comes when its hour comes
    elif last.at < slot(settings, now, office.ledgers[0].config.timezone):
        try:
            send(compose(office), settings.to, office.mailer, now)
        except ConnectorError as error:
            log.warning("digest.not_sent", error=type(error).__name__, why=str(error))
            return
        findings.put(KIND, {"first": False}, now)


def slot(settings: DigestConfig, now: datetime, timezone: str) -> datetime:
    """The newest moment at which a letter was due."""
    local = now.astimezone(ZoneInfo(timezone))
    hour, minute = map(int, settings.at.split(":"))
    back = (local.weekday() - _DAYS.index(settings.day)) % 7
    moment = (local - timedelta(days=back)).replace(hour=hour, minute=minute, second=0, microsecond=0)
    return moment if moment <= local else moment - timedelta(days=7)


def _about(ledger: Ledger, policies: Policies, problems: Sequence[str]) -> Iterator[str]:
    company = ledger.company
    yield f"{ledger.name}{f' ({company.name})' if company else ''}"
    yield _RULE
    yield from _section("What looks wrong", problems or ["nothing"])
    yield from _section("What was done in the last seven days", list(_done(ledger, ledger.today())) or ["nothing"])
    yield from _section("What waits for you", list(_waiting(ledger)) or ["nothing"])
    calls = worklist(ledger, policies)[:_MOST_CALLS] if company else []
    yield from _section("Whom to call", [f"{item.case.customer.name}: {item.reason}" for item in calls] or ["nobody"])


def _section(title: str, lines: Sequence[str]) -> Iterator[str]:
    yield f"\n{title}:"
    yield from (f"  - {line}" for line in lines)


def _done(ledger: Ledger, today: date) -> Iterator[str]:
    kinds: Counter[str] = Counter()
    money: dict[str, list[Money]] = {}
    for intent in ledger.intents.actions(("done",)):
        if intent.done_on is not None and intent.done_on > today - timedelta(days=7):
            kinds[intent.decision.kind] += 1
            money.setdefault(intent.decision.kind, []).extend(charged(intent.decision))
    for kind, count in sorted(kinds.items()):
        amounts = ", ".join(spoken(amount) for amount in sums(money[kind]))
        yield f"{count} x {kind.replace('_', ' ')}" + (f", {amounts}" if amounts else "")


def _waiting(ledger: Ledger) -> Iterator[str]:
    held = ledger.intents.actions(("held",))
    words = {
        "review": "for your approval: syncd plan, then syncd approve or syncd reject",
        "brake": "behind the brake: syncd plan, then syncd release",
        "person": "to be done by hand: syncd worklist",
        "unable": "because nothing here can do it: syncd plan says why",
    }
    for hold, count in sorted(Counter(intent.hold for intent in held).items()):
        yield f"{count} {words.get(hold, hold)}"
