"""The words of config.toml: one model a table, one documented field a key. The reference page is made from these.

They say what may be written, nothing about where files are found: `syncd.config` turns tables into a configuration.
Defaults stand here as a person would write them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator

from syncd.config.companies import ConnectionTable
from syncd.config.table import Table
from syncd.config.values import (
    Amount,
    DatabaseUrl,
    DurationS,
    Listen,
    MailAddress,
    PingUrl,
    PortNumber,
    Share,
    TimeOfDay,
    WholeFromZero,
    is_loopback,
)


def _written(text: str) -> Any:
    """A default as a person would write it; the field's own reader makes the value of it."""
    return text


class LimitsTable(Table):
    """The brake: past any of these a plan is held for a person."""

    max_actions_per_cycle: WholeFromZero = Field(
        default=50, description="The most actions one pass of one connection may carry out."
    )
    max_charges_per_cycle: Amount = Field(
        default=_written("2000.00"),
        description="The most finance charges one pass of one connection may bill, in all. Without a currency it is in "
        "the company's base currency.",
    )
    first_plan: Literal["hold", "few", "go"] = Field(
        default="few",
        description="Whether a first plan is held in `auto` mode: always, past `max_actions_of_new_rules`, or as any.",
    )
    max_actions_of_new_rules: WholeFromZero = Field(
        default=20, description="The most actions rules may cause in the pass that first uses them, after a change."
    )
    max_vanished_share: Share = Field(
        default=_written("0.2"),
        description="The share of open invoices that may be gone after one pull; 0.2 is one in five.",
    )
    max_pull_age_s: DurationS = Field(
        default=_written("1h"),
        alias="max_pull_age",
        description="Nothing is written when the last good pull is older than this.",
    )


class EmailTable(Table):
    """Our own SMTP. Without this table, reminders by email are shown as held."""

    host: str = Field(examples=["smtp.example.com"], min_length=1, description="The mail server.")
    port: PortNumber = Field(default=587, description="Its port.")
    security: Literal["starttls", "tls", "none"] = Field(
        default="starttls", description="How the line is encrypted; `none` only to this very machine."
    )
    username: str | None = Field(
        examples=["ar@example.com"], default=None, description="The name to log in with; absent, no login."
    )
    password_file: str | None = Field(
        examples=["smtp-password"],
        default=None,
        description="The file with the password, or the name of a systemd credential. Absent, the credential "
        "`email.password` is read.",
    )
    from_: MailAddress = Field(
        examples=["Accounts <ar@example.com>"], alias="from", description="Who the reminders come from."
    )
    reply_to: MailAddress | None = Field(
        examples=["dana@example.com"], default=None, description="Where answers go; absent, to `from`."
    )
    bcc: list[MailAddress] = Field(
        examples=[["archive@example.com"]], default=[], description="Who gets a blind copy of every reminder."
    )

    @field_validator("security")
    @classmethod
    def _encrypted(cls, security: str, info: ValidationInfo) -> str:
        host = info.data.get("host", "")
        if security == "none" and host and not is_loopback(host):
            raise ValueError(f'"none" is accepted for loopback addresses only, and "{host}" is not one')
        return security


class WatchTable(Table):
    """Who is told how it goes: a monitoring service by a ping, people by a weekly letter."""

    ping_url: PingUrl | None = Field(
        examples=["https://hc-ping.com/00000000-0000-4000-8000-000000000000"],
        default=None,
        description="A dead man's switch: told `/start` at the start, then every minute or so that all is well, or "
        "`/fail` where a connection cannot do its work. Nothing else is sent.",
    )
    metrics_file: str | None = Field(
        examples=["/run/syncd/syncd.prom"],
        default=None,
        description="Where the figures of `/metrics` are written every minute or so, for node_exporter's textfile "
        "collector on a machine with no port open. The unit may write to `/run/syncd` and `state_dir` only.",
    )
    digest_to: list[MailAddress] = Field(
        examples=[["dana@example.com"]], default=[], description="Who gets the weekly letter; it needs `[email]`."
    )
    digest_day: Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"] = Field(
        default="mon", description="The day it is sent on."
    )
    digest_at: TimeOfDay = Field(
        default="08:00", description="The time it is sent at, in the first connection's timezone."
    )


class ServeTable(Table):
    """The one HTTP port: console, health, metrics, stop-sell, webhooks."""

    enabled: bool = Field(default=False, description="Whether `syncd run` serves it too; `syncd serve` does always.")
    listen: Listen = Field(default="127.0.0.1:8600", description="Host and port of the console, health and metrics.")
    token_file: str | None = Field(
        examples=["console.token"],
        default=None,
        description="The file with the token that opens everything but `/healthz` and signed webhooks; the systemd "
        "credential `console.token` comes first. Absent, one is made in `state_dir`, readable by its owner alone.",
    )


TABLES: Mapping[str, type[Table]] = {
    "limits": LimitsTable,
    "email": EmailTable,
    "watch": WatchTable,
    "serve": ServeTable,
}


def _connection_name(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}", value):
        raise ValueError("a connection's name has letters, digits, point, hyphen and underscore only")
    return value


class ConfigTable(Table):
    """The whole file."""

    state_dir: str = Field(
        default="/var/lib/syncd",
        description="Database, stop-sell feed, exports. Nobody edits it. Relative to this file.",
    )
    database: DatabaseUrl = Field(
        default="sqlite:///syncd.db",
        description="SQLite, relative to `state_dir`, or PostgreSQL as `postgresql+psycopg://…`.",
    )
    rules_dir: str = Field(
        default="rules.d", description="The rules files: every `*.toml` in it, in name order. Relative to this file."
    )
    templates_dir: str | None = Field(
        examples=["templates"],
        default=None,
        description="Your own wording of reminders, beside the shipped ones. Relative to this file.",
    )
    secrets_key_file: str | None = Field(
        examples=["syncd.key"],
        default=None,
        description="The key that seals the stored tokens; the systemd credential `syncd.key` comes first. Relative to "
        "this file.",
    )
    poll_interval_s: DurationS = Field(
        default=_written("5m"), alias="poll_interval", description="How often `syncd run` makes a pass."
    )
    mode: Literal["review", "auto"] = Field(
        default="review",
        description="`review`: every plan waits for `syncd approve`; `auto`: act at once within `[limits]`.",
    )
    limits: LimitsTable = Field(default_factory=lambda: LimitsTable.model_validate({}), description="The brake.")
    connections: dict[Annotated[str, BeforeValidator(_connection_name)], ConnectionTable] = Field(
        default={}, description="One table a company; the name is yours and appears everywhere."
    )
    email: EmailTable | None = Field(default=None, description="Our own SMTP.")
    watch: WatchTable = Field(
        default_factory=lambda: WatchTable.model_validate({}), description="Who is told how it goes."
    )
    serve: ServeTable = Field(default_factory=lambda: ServeTable.model_validate({}), description="The console.")
