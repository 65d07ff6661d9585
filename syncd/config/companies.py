"""The words of a connection's table in config.toml: one model for each place where books are kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from syncd.config.table import Table
from syncd.config.values import DurationS, ProviderUrl, Timezone, WholeFromOne

ClientSecretFile: TypeAlias = Annotated[
    str | None,
    Field(
        examples=["client-secret"],
        description="The file with the app's client secret, or the name of a systemd credential. Absent, the "
        "credential `NAME.client_secret` is read.",
    ),
]
PolicyName: TypeAlias = Annotated[
    str | None,
    Field(
        examples=["standard"],
        description="The policy for customers and invoices that `[select]` of the rules does not place.",
    ),
]
ApiUrl: TypeAlias = Annotated[
    ProviderUrl | None,
    Field(
        examples=["http://127.0.0.1:8400"],
        description="Where the API lives; only for a simulator or proxy.",
    ),
]
AuthUrl: TypeAlias = Annotated[
    ProviderUrl | None,
    Field(
        examples=["http://127.0.0.1:8400"],
        description="Where consent lives; only for a simulator or proxy.",
    ),
]


OwnPollIntervalS: TypeAlias = Annotated[
    DurationS | None,
    Field(
        alias="poll_interval",
        examples=["30m"],
        description="How often a pass is made of this company, instead of the common `poll_interval`; seldom is enough "
        "where webhooks tell of changes.",
    ),
]


class QuickBooksTable(Table):
    """A QuickBooks Online company."""

    kind: Literal["quickbooks"] = Field(examples=["quickbooks"], description="Where the books are kept.")
    realm_id: str = Field(
        examples=["1234567890"],
        default="",
        description="The company's id. Absent, the first `syncd connect` takes the company that consents; present, any "
        "other company is refused.",
    )
    client_id: str = Field(
        examples=["ABc…"], min_length=1, description="The client id of your app at developer.intuit.com."
    )
    client_secret_file: ClientSecretFile = None
    environment: Literal["production", "sandbox"] = Field(
        default="production", description="Which of Intuit's two worlds the company lives in."
    )
    timezone: Timezone = Field(
        examples=["America/New_York"], description="The company's timezone; its local day is the day the rules see."
    )
    policy: PolicyName = None
    finance_charge_item: str = Field(
        default="Finance charge",
        description="The Service item that finance charges are billed with; created if absent.",
    )
    finance_charge_account: str | None = Field(
        examples=["Late fee income"],
        default=None,
        description="The income account a created item posts to. Absent, the first income account.",
    )
    hold_customer_type: str | None = Field(
        examples=["Stop sell"],
        default=None,
        description="The CustomerType that marks a stop-sell. It must exist: QuickBooks lets no program create one. "
        "Absent, only a block in the customer's notes marks it.",
    )
    webhook_key_file: str | None = Field(
        examples=["acme.webhook_key"],
        default=None,
        description="The file with the app's verifier token for webhooks, or the name of a systemd "
        "credential; else the credential `NAME.webhook_key`. Absent, webhooks of this company are refused.",
    )
    poll_interval_s: OwnPollIntervalS = None
    api_url: ApiUrl = None
    auth_url: AuthUrl = None


class XeroTable(Table):
    """A Xero organisation."""

    kind: Literal["xero"] = Field(examples=["xero"], description="Where the books are kept.")
    tenant_id: str = Field(
        examples=["7c8f9a52-0000-4000-8000-000000000000"],
        default="",
        description="The organisation's id. Absent, the first `syncd connect` takes the organisation that consents; "
        "present, any other is refused.",
    )
    client_id: str = Field(
        examples=["ABc…"], min_length=1, description="The client id of your app at developer.xero.com."
    )
    app: Literal["standard", "custom"] = Field(
        default="standard",
        description="A standard app asks a person for consent; a custom connection was authorised at Xero already, and "
        "`syncd connect` needs no browser.",
    )
    client_secret_file: ClientSecretFile = None
    timezone: Timezone = Field(
        examples=["Pacific/Auckland"],
        description="The organisation's timezone; its local day is the day the rules see.",
    )
    policy: PolicyName = None
    finance_charge_account: str | None = Field(
        examples=["260"], default=None, description="The code of the revenue account that finance charges post to."
    )
    finance_charge_status: Literal["DRAFT", "AUTHORISED"] = Field(
        default="DRAFT", description="Whether a finance charge waits in Xero for approval there or counts at once."
    )
    own_reminders: Literal["refuse", "accept"] = Field(
        default="refuse",
        description="What to do while Xero's own invoice reminders are on: `refuse` holds ours, so that nobody is "
        "reminded twice; `accept` sends both.",
    )
    stop_sell_group: str = Field(
        default="Stop sell", description="The contact group that marks a stop-sell; created if absent."
    )
    day_limit: WholeFromOne | None = Field(
        examples=[5000],
        default=None,
        description="How many calls a day your Xero plan allows, where it is not 1000. A fifth is left to the daemon.",
    )
    webhook_key_file: str | None = Field(
        examples=["kiwi.webhook_key"],
        default=None,
        description="The file with the app's webhook key, or the name of a systemd "
        "credential; else the credential `NAME.webhook_key`. Absent, webhooks of this company are refused.",
    )
    poll_interval_s: OwnPollIntervalS = None
    api_url: ApiUrl = None
    auth_url: AuthUrl = None


class FileTable(Table):
    """A folder of book files or CSV exports; what would be written back becomes an outbox file there."""

    kind: Literal["file"] = Field(examples=["file"], description="Where the books are kept.")
    path: str = Field(examples=["exports"], min_length=1, description="The folder; relative to this file.")
    timezone: Timezone = Field(default="UTC", description="The company's timezone, where the book names none.")
    policy: PolicyName = None


ConnectionTable: TypeAlias = Annotated[QuickBooksTable | XeroTable | FileTable, Field(discriminator="kind")]
KIND_TABLES: Mapping[str, type[Table]] = {"quickbooks": QuickBooksTable, "xero": XeroTable, "file": FileTable}
