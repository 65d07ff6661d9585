"""Opens everything a command needs from the configuration: the store, the rules, and one ledger for each connection.

Composition only: which part talks to which. It decides nothing.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime
from importlib import import_module
from typing import Protocol

import structlog

from connectors import ConnectionSettings, Connector, OwnDunning, Receipt, open_connector
from connectors.errors import ConnectorError, ConsentNeeded, Throttled
from connectors.tokens import Tokens
from rules.domain.actions import EmailInvoice, Operation, SendMessage
from rules.domain.facts import Company
from rules.policy import Policies
from syncd import provider_clock
from syncd.accounts import Files
from syncd.clock import Clock, CompanyTime, timing
from syncd.config import Config, ConnectionConfig
from syncd.errors import ConfigError, Usage
from syncd.letters import LetterTray
from syncd.lock import held
from syncd.memory.lineage import MARK, Lineage
from syncd.memory.mail_log import LoggedMailer, MailLog
from syncd.memory.recall import is_remembered, recall
from syncd.outbox import Memory, Outbox, Writer
from syncd.rulebook import Rulebook
from syncd.secrets.key import SecretsKey
from syncd.secrets.vault import Vault
from syncd.store.connections import Connections
from syncd.store.desk import Desk
from syncd.store.engine import Store, open_store
from syncd.store.findings import Findings
from syncd.store.intent_rows import Step
from syncd.store.intents import Intents
from syncd.store.leases import Lease
from syncd.store.mirror import Mirror
from syncd.store.tokens import TokenRows

_LOCK = "syncd.lock"
OWN_DUNNING = "own_dunning"
log = structlog.get_logger(__name__)


class Mailer(Writer, Protocol):
    """Our own SMTP."""

    def unsupported(self, operation: Operation) -> str | None:
        """Why the operation cannot be mailed; None where it can."""
        ...

    def tell(self, to: Sequence[str], subject: str, body: str, key: str) -> Receipt:
        """Send the office's own people a plain letter."""
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
    mailer: Mailer | None = None
    _own_dunning: OwnDunning | None = None

    @property
    def name(self) -> str:
        """The connection's name in the configuration."""
        return self.config.name

    @property
    def files(self) -> Files:
        """The customers' files."""
        return Files(self.mirror, self.desk, self.intents)

    @property
    def company(self) -> Company | None:
        """Whose books these are, once they were pulled."""
        return self.connections.standing().company

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
        remember = self.recall if self.lineage.recovered_at() else None
        memory = Memory(self.lineage.keep, remember, self.lease.renew, self.lease.check)
        clock_off = provider_clock.too_far(self.clock_ahead_s, self.name)
        return Outbox(self.intents, self.mirror, self.connector, self.writer_for, self.time, memory, clock_off)

    def recall(self, step: Step) -> Receipt | None:
        """The trace an operation left before this store remembers; None where there is none. Raises Unprovable."""
        if is_remembered(step, self.mirror, self.lineage.recovered_at()):
            return None
        return recall(step, self.intents.steps(step.action), self.connector, self.mail_log)

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


@dataclass(slots=True)
class Office:
    """The whole: configuration, store, rules and every ledger that could be opened."""

    config: Config
    clock: Clock
    store: Store
    rulebook: Rulebook
    ledgers: list[Ledger] = field(default_factory=list)
    mailer: Mailer | None = None

    @property
    def policies(self) -> Policies:
        """The rules in force."""
        return self.rulebook.policies

    def ledger(self, name: str) -> Ledger:
        """The ledger of a connection.

        Raises:
            Usage: there is no connection of that name.
        """
        for ledger in self.ledgers:
            if ledger.name == name:
                return ledger
        names = ", ".join(ledger.name for ledger in self.ledgers) or "none"
        raise Usage(f'there is no connection "{name}" in {self.config.path}; there are: {names}')


@contextmanager
def open_office(config: Config, clock: Clock, *, exclusive: bool, names: Sequence[str] = ()) -> Iterator[Office]:
    """Open store, rules and ledgers (all, or those named); close them afterwards.

    `exclusive` takes the state's lock: only one process makes passes on a state.

    Raises:
        ConfigError: rules, database or a secret is refused.
        TryAgain: another process works on this state.
    """
    try:
        config.state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise ConfigError([f"{config.path}: state_dir: {config.state_dir} is not a folder"]) from None
    with ExitStack() as stack:
        if exclusive:
            stack.enter_context(held(config.state_dir / _LOCK, owner="another syncd"))
        yield stack.enter_context(_opened(config, clock, names, passes=exclusive))


@contextmanager
def _opened(config: Config, clock: Clock, names: Sequence[str], *, passes: bool) -> Iterator[Office]:
    rulebook = Rulebook(config.rules_dir)
    if passes:
        rulebook.policies  # noqa: B018 - read now: nothing starts to make passes on rules that are refused
    store = open_store(config.database, check=passes)
    office = Office(config, clock, store, rulebook)
    try:
        mailer = office.mailer = open_mailer(config, clock)
        for name in names or config.connections:
            if name not in config.connections:
                office.ledger(name)  # says which there are
            office.ledgers.append(open_ledger(config, config.connections[name], store, clock, mailer))
        yield office
    finally:
        for ledger in office.ledgers:
            ledger.connector.close()
            ledger.lease.give_back()
        store.close()


def open_ledger(
    config: Config, connection: ConnectionConfig, store: Store, clock: Clock, mailer: Mailer | None
) -> Ledger:
    """Everything of one connection; makes no request."""
    settings = connection.settings()
    vault = open_vault(config, settings, store, clock)
    connections = Connections(store, connection.name)
    connections.register(settings.account)
    return Ledger(
        config=connection,
        clock=clock,
        store=store,
        mirror=Mirror(store, connection.name),
        desk=Desk(store, connection.name),
        intents=Intents(store, connection.name),
        connections=connections,
        vault=vault,
        connector=open_connector(_with_account(settings, vault), vault, timing(clock)),
        letters=LetterTray(config.state_dir / "letters" / connection.name, config.templates_dir),
        lineage=Lineage(store, config.state_dir / MARK),
        mail_log=MailLog(config.state_dir / "mail.log", connection.name),
        lease=Lease(store, connection.name, f"{socket.gethostname()}:{config.state_dir}", clock.now),
        mailer=mailer,
    )


def open_vault(config: Config, settings: ConnectionSettings, store: Store, clock: Clock) -> Vault:
    """The tokens of one connection; the key is read when it is first needed."""

    def refresh(tokens: Tokens, now: datetime) -> Tokens:
        fresh: Tokens = import_module(f"connectors.{settings.kind}.auth").refresh(settings, tokens, now)
        return fresh

    key = SecretsKey(config)
    lock_file = config.state_dir / f"tokens-{settings.name}.lock"
    return Vault(settings.name, TokenRows(store, settings.name), key.open, refresh, clock, lock_file)


def open_mailer(config: Config, clock: Clock) -> Mailer | None:
    """Our own SMTP, where the configuration has it."""
    if config.email is None:
        return None
    table = config.email.table
    settings = import_module("connectors.email").MailSettings(
        host=table.host,
        port=table.port,
        security=table.security,
        username=table.username,
        password=config.email.password(),
        from_=table.from_,
        reply_to=table.reply_to,
        bcc=tuple(table.bcc),
    )
    try:
        mailer: Mailer = import_module("connectors.email.client").Mailer(settings, config.templates_dir, clock.now)
    except ValueError as error:
        raise ConfigError([f"{config.path}: [email]: {error}"]) from None
    return mailer


def _with_account(settings: ConnectionSettings, vault: Vault) -> ConnectionSettings:
    """The company the consent is good for, where the configuration leaves it open."""
    if settings.account or settings.kind == "file" or vault.rows.read() is None:
        return settings
    tokens = vault.tokens()
    return replace(settings, account=tokens.account) if tokens else settings
