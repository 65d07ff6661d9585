"""One connection with everything needed to work on it: its copy of the books, its desk, its outbox, its consent.

It knows who carries an operation out and what of it nobody can. It decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from fractions import Fraction
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol

from connectors import Connector, OwnDunning, Receipt
from connectors.errors import ConnectorError, ConsentNeeded, Throttled
from rules.domain.actions import EmailInvoice, Operation, SendMessage
from rules.domain.facts import Account, Book, Company
from syncd import provider_clock
from syncd.accounts import Files
from syncd.clock import Clock, CompanyTime
from syncd.config import ConnectionConfig
from syncd.errors import NeverRead
from syncd.letters import LetterTray
from syncd.lock import is_held
from syncd.logs import log
from syncd.memory.lineage import Lineage
from syncd.memory.mail_log import LoggedMailer, MailLog
from syncd.memory.past_work import PastWork
from syncd.memory.recall import is_remembered, recall
from syncd.outbox import Memory, Outbox, Writer
from syncd.secrets.vault import Vault
from syncd.store.connections import Connections
from syncd.store.desk import Desk
from syncd.store.engine import Store
from syncd.store.findings import Findings
from syncd.store.first_tries import FirstTries
from syncd.store.intent_rows import Step
from syncd.store.intents import Intents
from syncd.store.leases import Lease
from syncd.store.mirror import Mirror

OWN_DUNNING = "own_dunning"
# Of what a provider allows in a second and a minute, while a load of history takes the rest: a pass asks for little.
PASS_SHARE = Fraction(1, 4)


def _nobody(_step: Step) -> None:
    """After a recovery every write looks for its own trace: nothing more is to be asked."""


class Mailer(Writer, Protocol):
    """Our own SMTP."""

    def unsupported(self, operation: Operation) -> str | None:
        """Why the operation cannot be mailed; None where it can."""
        ...

    def tell(self, to: Sequence[str], subject: str, body: str, key: str) -> Receipt:
        """Send the office's own people a plain letter."""
        ...

    def texts(self) -> Sequence[str]:
        """The names of the texts it has."""
        ...

    def check(self) -> None:
        """Log in at the mail server and out again. Raises what a failure means for mail."""
        ...


@dataclass(slots=True)
class Ledger:
    """One connection with everything needed to work on it."""

    config: ConnectionConfig
    clock: Clock
    store: Store
    mirror: Mirror
    desk: Desk
    intents: Intents
    connections: Connections
    vault: Vault
    connector: Connector
    letters: LetterTray
    lineage: Lineage
    mail_log: MailLog
    lease: Lease
    load_lock: Path  # held while a load of history runs beside the passes
    mailer: Mailer | None = None
    _own_dunning: OwnDunning | None = None
    _works_since: date | None = None

    @property
    def name(self) -> str:
        """The connection's name in the configuration."""
        return self.config.name

    @property
    def company(self) -> Company | None:
        """Whose books these are, once they were pulled."""
        company = self.connections.standing().company
        # Providers are not reliable about the time zone; the name of the connection is ours alone.
        return company and replace(company, timezone=self.config.timezone, connection=self.name)

    def make_room(self) -> None:
        """Leave a load of history that runs beside this pass its share of the provider's limits."""
        self.connector.usage.share = PASS_SHARE if is_held(self.load_lock) else Fraction(1)

    def accounts(self, heads: Sequence[str]) -> Iterator[Account]:
        """The accounts of these billing heads as they stand today; none before the first pull."""
        if (company := self.company) is not None:
            yield from self._files.accounts(heads, company, self.today())

    def book(self) -> Book:
        """Everything we hold of the connection, as it stands today.

        Raises:
            NeverRead: it was never pulled.
        """
        if (company := self.company) is None:
            raise NeverRead(self.name)
        return self._files.book(company, self.today())

    @property
    def _files(self) -> Files:
        return Files(self.mirror, self.desk, self.intents)

    @property
    def findings(self) -> Findings:
        """What was found about the connection, newest only."""
        return Findings(self.store, self.name)

    @property
    def clock_ahead_s(self) -> int | None:
        """By how many seconds the provider's clock was ahead of ours when last read; None before that."""
        found = self.findings.get(provider_clock.KIND)
        return int(found.document["ahead_s"]) if found else None

    def own_dunning(self) -> OwnDunning:
        """What the provider does to late payers by itself, as last asked."""
        if self._own_dunning is None:
            found = self.findings.get(OWN_DUNNING)
            self._own_dunning = OwnDunning(**found.document) if found else OwnDunning(None, None)
        return self._own_dunning

    def note_own_dunning(self) -> None:
        """Ask the provider anew; what it does not tell stays unknown, and is no reason to stop.

        Raises:
            ConsentNeeded, Throttled: nothing more may be asked now.
        """
        try:
            found = self.connector.own_dunning()
        except (ConsentNeeded, Throttled):
            raise
        except ConnectorError as error:
            log.warning("dunning.not_told", connection=self.name, error=type(error).__name__)
            found = OwnDunning(None, None)
        self.findings.put(OWN_DUNNING, asdict(found), self.clock.now())
        self._own_dunning = found

    def _would_remind_twice(self) -> bool:
        return getattr(self.config.table, "own_reminders", "accept") == "refuse" and bool(self.own_dunning().reminders)

    def configured(self, mode: str) -> dict[str, Any]:
        """What the configuration says of whether something can go out, and goes by itself."""
        said = self.config.table.model_dump_json()
        texts = None if self.mailer is None else list(self.mailer.texts())
        return {"mode": mode, "texts": texts, "connection": sha256(said.encode()).hexdigest()}

    @property
    def time(self) -> CompanyTime:
        """The company's own time."""
        return CompanyTime(self.clock, self.config.timezone)

    def today(self) -> date:
        """The company's local day."""
        return self.time.today()

    def outbox(self) -> Outbox:
        """The way out. Raises TryAgain where another office works on the connection."""
        self.lease.take()
        self.lineage.begin()
        is_recovered = self.lineage.recovered_at() is not None
        memory = Memory(
            self.lineage.keep,
            recall=self.recall if is_recovered else None,
            stranger=_nobody if is_recovered else self._past_work.about,
            claim=self.lease.renew,
            still_ours=self.lease.check,
        )
        clock_off = provider_clock.too_far(self.clock_ahead_s, self.name)
        return Outbox(self.intents, self.mirror, self.connector, self.writer_for, self.time, memory, clock_off)

    def forgotten(self) -> str | None:
        """What this database has forgotten and what follows; None where it knows all that was sent from here.

        A database that never decided on these books knows nothing; marks of ours in them tell that another one did.
        """
        lost = self.lineage.forgotten()
        if lost is not None or self.lineage.recovered_at() is not None:
            return lost
        return self._past_work.shown(is_new=self.connections.standing().evaluated_on is None)

    def ask_flags(self) -> None:
        """A database new to these books asks those whose flag is up whether another raised it; `forgotten` tells."""
        if self.connections.standing().evaluated_on is None and self.forgotten() is None:
            self._past_work.flags()

    @property
    def tries(self) -> FirstTries:
        """On which records this database ever worked."""
        return FirstTries(self.store, self.name)

    @property
    def works_since(self) -> date | None:
        """The day this database first planned anything about these books, which stays the same; None before it."""
        if self._works_since is None and (first := self.tries.first_planned_at()) is not None:
            self._works_since = self.time.day_of(first)
        return self._works_since

    @property
    def _past_work(self) -> PastWork:
        parts = (self.mirror, self.desk, self.tries, self.findings, self.connector, self.time)
        return PastWork(*parts, since=lambda: self.works_since)

    def recall(self, step: Step, *, forgot_all: bool = False) -> Receipt | None:
        """The trace an operation left before this store remembers; None where there is none. Raises Unprovable.

        `forgot_all`: it is being recovered, and remembers nothing yet.
        """
        if is_remembered(step, self.mirror, None if forgot_all else self._remembers_since()):
            return None
        return recall(step, self.intents.steps(step.action), self.connector, self.mail_log)

    def _remembers_since(self) -> date | None:
        """The day it was recovered, or, where these books came to it later, the day it began with them."""
        recovered_at = self.lineage.recovered_at()
        days = (recovered_at and self.time.day_of(recovered_at), self.works_since)
        return max(filter(None, days), default=None) if recovered_at else None

    def writer_for(self, operation: Operation) -> Writer:
        """Who carries the operation out."""
        if isinstance(operation, SendMessage):
            if operation.channel == "letter":
                return self.letters
            if self.mailer is not None:
                return LoggedMailer(self.mailer, self.mail_log, self.clock)
        return self.connector

    def unsupported(self, operation: Operation) -> str | None:
        """Why nothing here can carry the operation out; None where something can."""
        if isinstance(operation, SendMessage | EmailInvoice) and self._would_remind_twice():
            where = self.own_dunning().where
            return (
                "the provider sends reminders of its own, and customers would be reminded twice: switch them off there "
                f'({where}), or set own_reminders = "accept"'
            )
        if not isinstance(operation, SendMessage):
            return self.connector.unsupported(operation)
        if operation.channel == "letter":
            return None
        if self.mailer is None:
            return "no [email] in the configuration, so no message of our own can go out"
        return self.mailer.unsupported(operation)
