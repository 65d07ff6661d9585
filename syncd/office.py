"""Opens everything a command needs from the configuration: the store, the rules, and one ledger for each connection.

Composition only: which part talks to which. It decides nothing.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from importlib import import_module
from typing import TYPE_CHECKING

from connectors import ConnectionSettings, open_connector
from connectors.tokens import Tokens
from syncd.clock import Clock, timing
from syncd.config import Config, ConnectionConfig
from syncd.errors import ConfigError, SyncdError, Usage
from syncd.ledger import Ledger, Mailer
from syncd.letters import LetterTray
from syncd.lock import held
from syncd.memory.lineage import MARK, Lineage
from syncd.memory.mail_log import MailLog
from syncd.rulebook import Rulebook
from syncd.secrets.key import SecretsKey
from syncd.secrets.vault import Vault
from syncd.store.connections import Connections
from syncd.store.desk import Desk
from syncd.store.engine import Store, open_store
from syncd.store.intents import Intents
from syncd.store.leases import Lease
from syncd.store.mirror import Mirror
from syncd.store.tokens import TokenRows

if TYPE_CHECKING:
    from rules.policy import Policies

_LOCK = "syncd.lock"


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


def make_state_folder(config: Config) -> None:
    """The folder of the state, its owner's alone.

    Raises:
        ConfigError: a file is in its place.
    """
    try:
        config.state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise ConfigError([f"{config.path}: state_dir: {config.state_dir} is not a folder"]) from None


@contextmanager
def open_office(config: Config, clock: Clock, *, exclusive: bool, names: Sequence[str] = ()) -> Iterator[Office]:
    """Open store, rules and ledgers (all, or those named); close them afterwards.

    `exclusive` takes the state's lock: only one process makes passes on a state.

    Raises:
        ConfigError: rules, database or a secret is refused.
        TryAgain: another process works on this state.
    """
    make_state_folder(config)
    with ExitStack() as stack:
        if exclusive:
            stack.enter_context(held(config.state_dir / _LOCK, owner="another syncd"))
        yield stack.enter_context(_opened(config, clock, names, passes=exclusive))


@contextmanager
def _opened(config: Config, clock: Clock, names: Sequence[str], *, passes: bool) -> Iterator[Office]:
    rulebook = Rulebook(config.rules_dir, config.policies)
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
            with suppress(SyncdError):  # of a database that went away there is nothing to give back
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
        load_lock=config.state_dir / f"backfill-{connection.name}.lock",
    )


def open_vault(config: Config, settings: ConnectionSettings, store: Store, clock: Clock) -> Vault:
    """The tokens of one connection; the key is read when it is first needed."""

    def refresh(tokens: Tokens, now: datetime) -> Tokens:
        fresh: Tokens = import_module(f"connectors.{settings.kind}.auth").refresh(settings, tokens, now)
        return fresh

    key = SecretsKey(config.secrets_key_file, config.state_dir)
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
