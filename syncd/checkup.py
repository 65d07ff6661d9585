"""Whether everything is in order before it matters: configuration, rules, database, secrets, clock, providers, mail.

Each finding is one line; all problems come out at once. It asks each provider for one page and writes nothing there.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import TypeVar

from connectors import ConnectionSettings, OwnDunning, open_connector
from connectors.errors import ConnectorError
from connectors.tokens import Tokens
from rules.policy import Policies, unwritten
from syncd import provider_clock
from syncd.attempt import in_words
from syncd.clock import Clock, CompanyTime, timing
from syncd.config import Config, ConnectionConfig, load_config, rules_folder
from syncd.errors import ConfigError, SyncdError
from syncd.failures import exit_code_of
from syncd.identity import require_same_company
from syncd.memory.lineage import MARK, Lineage
from syncd.office import make_state_folder, open_mailer, open_vault
from syncd.rulebook import problems_in, read_rules
from syncd.secrets.credentials import open_to_all
from syncd.standing import WARN_AHEAD
from syncd.store.connections import Connections, Standing
from syncd.store.engine import Store, open_store
from syncd.store.findings import Findings

T = TypeVar("T")
LEAST_FREE_BYTES = 200 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Finding:
    """One line. `exit_code` is what the problem alone would leave with; 0 where all is well."""

    subject: str
    words: str
    exit_code: int = 0

    @property
    def is_well(self) -> bool:
        """Whether there is nothing to mend."""
        return self.exit_code == 0


def examine(path: Path | None, clock: Clock, only: str | None = None) -> Iterator[Finding]:
    """Every finding about the configuration at `path`, or about one connection of it."""
    try:
        config = load_config(path)
    except ConfigError as error:
        yield from _refused("configuration", error)
        yield from (Finding("rules", problem, 78) for problem in problems_in(rules_folder(path)))
        return
    count = len(config.connections)
    yield Finding("configuration", f"{config.path} is right; {count} connection{'' if count == 1 else 's'}")
    if not count:
        yield Finding("connections", f"none yet; fill in a [connections.NAME] in {config.path}, then: syncd check", 78)
    yield from _rules(config)
    yield from _permissions(config)
    yield from _templates(config)
    store = None
    try:
        make_state_folder(config)
        store = open_store(config.database)
        lost = Lineage(store, config.state_dir / MARK).forgotten()
        yield (Finding("database", lost, 1) if lost else Finding("database", "opens and is up to date"))
    except (ConfigError, OSError) as error:
        yield from _refused("database", error)
    if store is not None:
        for name, connection in config.connections.items():
            if only in (None, name):
                yield from _connection(config, connection, store, clock)
        store.close()
    if only is None:
        yield from _mail(config, clock)


def worst(findings: list[Finding]) -> int:
    """The exit code of them all: a refused configuration before a missing consent before an unreachable provider."""
    codes = {finding.exit_code for finding in findings}
    return next((code for code in (78, 77, 69, 75, 65, 1) if code in codes), 0)


def _rules(config: Config) -> Iterator[Finding]:
    try:
        policies = read_rules(config.rules_dir)
    except ConfigError as error:
        yield from _refused("rules", error)
        return
    yield Finding("rules", f"{config.rules_dir} is right; policies: {', '.join(policies.names) or 'none'}")
    for name, connection in config.connections.items():
        if connection.policy and not policies.knows(connection.policy):
            yield Finding(name, f'policy "{connection.policy}" is in no rules file', 78)
    yield from _wordings(config, policies)


def _wordings(config: Config, policies: Policies) -> Iterator[Finding]:
    """Every message names a text there is: a slip would hold each of them."""
    texts = import_module("connectors.email.templates").names(config.templates_dir)
    yield from (Finding("rules", problem, 78) for problem in unwritten(policies, texts))


def _permissions(config: Config) -> Iterator[Finding]:
    folder = config.state_dir
    if folder.is_dir():
        if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
            yield Finding("permissions", f"{folder} cannot be written by this user", 78)
        for file in sorted(folder.glob("syncd.db*")):
            if open_to_all(file):
                yield Finding("permissions", f"{file} can be read by every user; run: chmod 600 {file}", 78)
        free = shutil.disk_usage(folder).free
        if free < LEAST_FREE_BYTES:
            yield Finding("disk", f"only {free // 2**20} MiB are free where {folder} is; make room", 1)
    key = config.secrets_key_file
    if key is not None:
        yield _finding("key", f"{key} opens", lambda: _open_key(key))


def _open_key(path: Path) -> None:
    from syncd.secrets.vault import open_key  # noqa: PLC0415 - loads cryptography

    open_key(path, may_create=False)


def _templates(config: Config) -> Iterator[Finding]:
    if config.templates_dir is None:
        return
    problems = import_module("connectors.email.templates").validate(config.templates_dir)
    yield from (Finding("templates", problem, 78) for problem in problems)
    if not problems:
        yield Finding("templates", f"{config.templates_dir} is right")


def _connection(config: Config, connection: ConnectionConfig, store: Store, clock: Clock) -> Iterator[Finding]:
    name = connection.name
    try:
        settings = connection.settings()
        Connections(store, name).register(settings.account)
        vault = open_vault(config, settings, store, clock)
        tokens = vault.tokens() if connection.kind != "file" else None
    except ConfigError as error:
        yield from _refused(name, error)
        return
    if connection.kind != "file":
        if tokens is None:
            yield Finding(name, f"not connected; run: syncd connect {name}", 77)
            return
        yield _consent(name, tokens, clock)
        settings = _at(settings, tokens)
    connector = open_connector(settings, vault, timing(clock))
    try:
        require_same_company(connector, Findings(store, name), CompanyTime(clock, connection.timezone))
        page = next(iter(connector.changes(Connections(store, name).standing().cursor)), None)
        own = connector.own_dunning()
    except ConnectorError as error:
        yield Finding(name, in_words(name, error), exit_code_of(error))
        return
    finally:
        connector.close()
    yield Finding(name, f"{connection.kind} answers")
    yield from _parked(name, Connections(store, name).standing(), clock)
    yield from _own_dunning(name, own)
    if page is not None and page.server_time is not None:
        yield _clock(name, (page.server_time - clock.now()).total_seconds())


def _parked(name: str, standing: Standing, clock: Clock) -> Iterator[Finding]:
    """The provider answers us, and still nobody works on the connection."""
    if standing.is_parked(clock.now()):
        until = standing.parked_until
        when = f"until {until:%Y-%m-%d %H:%M} UTC" if until else "until a person acts"
        yield Finding(name, f"no passes are made {when}: {standing.parked_why}", 75 if until else 77)


def _consent(name: str, tokens: Tokens, clock: Clock) -> Finding:
    until = tokens.refresh_expires_at
    words = f"consent for company {tokens.account}" + (f", lasts unused until {until:%Y-%m-%d}" if until else "")
    if until is not None and until - clock.now() < WARN_AHEAD:
        return Finding(name, f"{words}, which is soon; run: syncd connect {name}", 1)
    return Finding(name, words)


def _own_dunning(name: str, own: OwnDunning) -> Iterator[Finding]:
    """What the provider would do a second time."""
    if own.reminders:
        words = "sends reminders of its own: customers would be reminded twice; switch them off or ours"
        yield Finding(name, f"the provider {words} ({own.where})", 1)
    elif own.reminders is None:
        yield Finding(name, f"the provider does not tell programs whether it sends reminders; look there ({own.where})")
    if own.late_fees:
        words = "has late fees of its own in use; an invoice that bears one is not charged again"
        yield Finding(name, f"the provider {words} ({own.where})", 1)


def _at(settings: ConnectionSettings, tokens: Tokens) -> ConnectionSettings:
    return settings if settings.account else replace(settings, account=tokens.account)


def _clock(name: str, ahead_s: float) -> Finding:
    if abs(ahead_s) <= provider_clock.WARN_S:
        return Finding("clock", f"agrees with {name}'s within a minute")
    ahead = round(ahead_s)
    return Finding("clock", provider_clock.too_far(ahead, name) or provider_clock.words(ahead, name), 1)


def _mail(config: Config, clock: Clock) -> Iterator[Finding]:
    if config.email is None:
        yield Finding("email", "no [email]: reminders by email will be held")
        return
    try:
        mailer = open_mailer(config, clock)
        if mailer is not None:
            mailer.check()
    except ConfigError as error:
        yield from _refused("email", error)
    except ConnectorError as error:
        yield Finding("email", f"{config.email.table.host}:{config.email.table.port}: {error}", exit_code_of(error))
    else:
        yield Finding("email", f"{config.email.table.host} takes our mail")


def _finding(subject: str, well: str, attempt: Callable[[], None]) -> Finding:
    try:
        attempt()
    except SyncdError as error:
        return Finding(subject, str(error), error.exit_code)
    return Finding(subject, well)


def _refused(subject: str, error: ConfigError | OSError) -> Iterator[Finding]:
    problems = error.problems if isinstance(error, ConfigError) else (f"{error.filename}: {error.strerror}",)
    yield from (Finding(subject, problem, 78) for problem in problems)
