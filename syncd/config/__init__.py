"""The configuration: finds the file, checks all of it at once, and turns its tables into paths, limits and settings.

It decides nothing about the books and opens no connection. Secrets are read when settings are asked for, not before, so
that a command which needs none works without them.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from connectors import ConnectionSettings
from rules.domain.money import Money
from syncd.config.companies import ConnectionTable, FileTable, QuickBooksTable, XeroTable
from syncd.config.problems import problems_of
from syncd.config.tables import ConfigTable, EmailTable, WatchTable
from syncd.errors import ConfigError
from syncd.secrets.credentials import Secret, UnreadableSecretError, credential_path
from syncd.toml_file import Place, float_problems, problem_at, read_toml

DEFAULT_PATH = Path("/etc/syncd/config.toml")
PATH_VARIABLE = "SYNCD_CONFIG"
KEY_CREDENTIAL = "syncd.key"
_LETTERBOX = ("state_dir", "templates_dir", "email", "watch")

# Keys of a connection's table that the connector reads by name; the rest is common to all kinds.
_EXTRA_KEYS = (
    "finance_charge_item",
    "finance_charge_account",
    "finance_charge_status",
    "hold_customer_type",
    "stop_sell_group",
    "app",
    "day_limit",
)


@dataclass(frozen=True, slots=True)
class Limits:
    """The brake's limits for one pass of one connection. A bare charge limit is in the company's base currency."""

    max_actions_per_cycle: int
    max_charges_per_cycle: Money | Decimal
    max_vanished_share: Decimal
    max_pull_age_s: int
    first_plan: Literal["hold", "few", "go"] = "few"
    max_actions_of_new_rules: int = 20


@dataclass(frozen=True, slots=True)
class ConnectionConfig:
    """One company's table. `file` is the configuration it stands in, for messages and relative paths."""

    name: str
    table: QuickBooksTable | XeroTable | FileTable
    file: Path
    poll_interval_s: int

    @property
    def kind(self) -> str:
        """quickbooks, xero or file."""
        return self.table.kind

    @property
    def timezone(self) -> str:
        """The company's IANA timezone."""
        return self.table.timezone

    @property
    def policy(self) -> str | None:
        """The policy where the rules' own selection names none."""
        return self.table.policy

    @property
    def account(self) -> str:
        """The realm or tenant id the configuration insists on; empty where it takes whoever consents."""
        if isinstance(self.table, QuickBooksTable):
            return self.table.realm_id
        return self.table.tenant_id if isinstance(self.table, XeroTable) else ""

    def settings(self) -> ConnectionSettings:
        """What the connector needs, secrets read.

        Raises:
            ConfigError: the client secret is absent, empty or open to every user.
        """
        table = self.table
        if isinstance(table, FileTable):
            folder = str(self.file.parent / table.path)
            return ConnectionSettings(self.name, table.kind, table.timezone, extra={"path": folder})
        return ConnectionSettings(
            name=self.name,
            kind=table.kind,
            timezone=table.timezone,
            account=self.account,
            client_id=table.client_id,
            client_secret=_read(self._client_secret(table), self.file, (*self._place, "client_secret_file")),
            environment=table.environment if isinstance(table, QuickBooksTable) else "production",
            api_url=table.api_url,
            auth_url=table.auth_url,
            extra=self._extra(),
        )

    def webhook_key(self) -> str | None:
        """The key that webhooks of this company are signed with; None where they are not wanted.

        Raises:
            ConfigError: it is named and cannot be read.
        """
        name = getattr(self.table, "webhook_key_file", None)
        secret = Secret(name, f"{self.name}.webhook_key", self.file.parent)
        if name is None and credential_path(secret.credential) is None:
            return None
        return _read(secret, self.file, (*self._place, "webhook_key_file"))

    @property
    def _place(self) -> Place:
        return ("connections", self.name)

    def _client_secret(self, table: QuickBooksTable | XeroTable) -> Secret:
        return Secret(table.client_secret_file, f"{self.name}.client_secret", self.file.parent)

    def _extra(self) -> Mapping[str, str]:
        values = {key: getattr(self.table, key, None) for key in _EXTRA_KEYS}
        return {key: str(value) for key, value in values.items() if value is not None}


@dataclass(frozen=True, slots=True)
class EmailConfig:
    """Our own SMTP."""

    table: EmailTable
    file: Path

    def password(self) -> str | None:
        """The password to log in with; None without a login.

        Raises:
            ConfigError: it is absent, empty or open to every user.
        """
        if self.table.username is None:
            return None
        secret = Secret(self.table.password_file, "email.password", self.file.parent)
        return _read(secret, self.file, ("email", "password_file"))


@dataclass(frozen=True, slots=True)
class ServeConfig:
    """Where the console listens, and where its token is. `enabled`: whether the daemon serves it too."""

    host: str
    port: int
    enabled: bool = False
    token_file: Path | None = None


@dataclass(frozen=True, slots=True)
class DigestConfig:
    """Who gets the weekly letter, on which day, at which time of day."""

    to: tuple[str, ...] = ()
    day: str = "mon"
    at: str = "08:00"


@dataclass(frozen=True, slots=True)
class WatchConfig:
    """Who is told how it goes."""

    ping_url: str | None = None
    digest: DigestConfig = DigestConfig()
    metrics_file: Path | None = None


@dataclass(frozen=True, slots=True)
class Config:
    """The whole configuration, every path absolute."""

    path: Path
    state_dir: Path
    database: str = field(repr=False)
    rules_dir: Path
    poll_interval_s: int
    mode: Literal["review", "auto"]
    limits: Limits
    connections: Mapping[str, ConnectionConfig]
    email: EmailConfig | None
    serve: ServeConfig
    secrets_key_file: Path | None
    templates_dir: Path | None
    watch: WatchConfig = WatchConfig()

    @property
    def policies(self) -> Mapping[str, str]:
        """The policy each connection falls back on, where its table names one."""
        return {name: one.policy for name, one in self.connections.items() if one.policy}


def find_config(path: Path | None) -> Path:
    """The file that counts: `path`, else $SYNCD_CONFIG, else /etc/syncd/config.toml."""
    return path or Path(os.environ.get(PATH_VARIABLE) or DEFAULT_PATH)


def load_config(path: Path | None) -> Config:
    """Read and check the configuration at `path` (see `find_config`).

    Raises:
        ConfigError: with every problem of the file.
    """
    found = find_config(path)
    document = read_toml(found)
    try:
        table = ConfigTable.model_validate(document)
    except ValidationError as error:
        raise ConfigError(problems_of(found, document, error)) from None
    if floats := dict(float_problems(found, document)):
        raise ConfigError(list(floats.values()))
    return _config(found, table)


def load_letterbox(path: Path | None) -> Config:
    """As much of the configuration as it takes to write to the office's people, for when the rest is refused.

    Raises:
        ConfigError: that part is refused as well.
    """
    found = find_config(path)
    document = read_toml(found)
    wanted = {name: value for name, value in document.items() if name in _LETTERBOX}
    try:
        return _config(found, ConfigTable.model_validate(wanted))
    except ValidationError as error:
        raise ConfigError(problems_of(found, wanted, error)) from None


def rules_folder(path: Path | None) -> Path:
    """Where the rules are, as far as a configuration that may be refused tells; else where they are by default."""
    found = find_config(path)
    try:
        written = read_toml(found).get("rules_dir")
    except ConfigError:
        written = None
    default = ConfigTable.model_fields["rules_dir"].default
    return found.parent.absolute() / (written if isinstance(written, str) else default)


def _read(secret: Secret, file: Path, place: Place) -> str:
    try:
        return secret.read()
    except UnreadableSecretError as error:
        raise ConfigError([problem_at(file, place, str(error))]) from None


def _config(file: Path, table: ConfigTable) -> Config:
    folder = file.parent.absolute()
    state_dir = folder / table.state_dir
    host, _, port = table.serve.listen.rpartition(":")
    return Config(
        path=file,
        state_dir=state_dir,
        database=_absolute_database(table.database, state_dir),
        rules_dir=folder / table.rules_dir,
        poll_interval_s=table.poll_interval_s,
        mode=table.mode,
        limits=Limits(**dict(table.limits)),
        connections={name: _connection(name, below, file, table) for name, below in table.connections.items()},
        email=EmailConfig(table.email, file) if table.email else None,
        serve=ServeConfig(host.strip("[]"), int(port), table.serve.enabled, _below(folder, table.serve.token_file)),
        secrets_key_file=credential_path(KEY_CREDENTIAL) or _below(folder, table.secrets_key_file),
        templates_dir=_below(folder, table.templates_dir),
        watch=_watch(table.watch, state_dir),
    )


def _connection(name: str, table: ConnectionTable, file: Path, whole: ConfigTable) -> ConnectionConfig:
    own = getattr(table, "poll_interval_s", None)
    return ConnectionConfig(name, table, file, own or whole.poll_interval_s)


def _watch(table: WatchTable, state_dir: Path) -> WatchConfig:
    digest = DigestConfig(tuple(table.digest_to), table.digest_day, table.digest_at)
    return WatchConfig(table.ping_url, digest, _below(state_dir, table.metrics_file))


def _below(folder: Path, name: str | None) -> Path | None:
    return None if name is None else folder / name


def _absolute_database(url: str, state_dir: Path) -> str:
    scheme, _, name = url.partition(":///")
    return f"{scheme}:///{state_dir / name}" if scheme == "sqlite" else url
