"""The organisation itself: who it is, its chart of accounts, taxes, lock dates and what its subscription allows."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

from connectors.simulator.xero.records import Account

_NAMESPACE = uuid.UUID("6f1d7c1e-4c0e-5d8a-9d0b-3c5a6f1b7e21")

TAX_PERCENT = {"NONE": Decimal(0), "ZERORATEDOUTPUT": Decimal(0), "OUTPUT": Decimal(10), "OUTPUT2": Decimal(15)}

WINDOWS_NAMES = {
    "Pacific/Auckland": "NEWZEALANDSTANDARDTIME",
    "Australia/Sydney": "AUSEASTERNSTANDARDTIME",
    "Europe/London": "GMTSTANDARDTIME",
    "America/New_York": "EASTERNSTANDARDTIME",
    "America/Los_Angeles": "PACIFICSTANDARDTIME",
    "Etc/GMT-12": "UTC+12",
    "UTC": "UTC",
}
_COUNTRIES = {"NZD": "NZ", "AUD": "AU", "GBP": "GB", "USD": "US"}
_EDITIONS = {"NZ": "NZ", "AU": "AU", "GB": "UK", "US": "US"}
_EMAILS_PER_DAY = {"DEMO": 0, "TRIAL": 20}

ACTIONS = (
    "CreateApprovedInvoice",
    "CreateDraftInvoice",
    "CreateInvoicePayment",
    "AttachFilesIntoInvoice",
    "UseMulticurrency",
)


def guid(*parts: object) -> str:
    """A stable GUID for these parts: the same history of a company always has the same ids."""
    return str(uuid.uuid5(_NAMESPACE, "/".join(map(str, parts))))


def _chart(tenant: str) -> tuple[Account, ...]:
    rows = (
        ("090", "Business Bank Account", "BANK", "NONE", "ASSET", False),
        ("200", "Sales", "REVENUE", "OUTPUT2", "REVENUE", False),
        ("260", "Other Revenue", "REVENUE", "OUTPUT2", "REVENUE", False),
        ("270", "Interest Income", "REVENUE", "NONE", "REVENUE", False),
        ("400", "Advertising", "OVERHEADS", "INPUT2", "EXPENSE", False),
        ("610", "Accounts Receivable", "CURRENT", "NONE", "ASSET", False),
        ("970", "Owner A Funds Introduced", "EQUITY", "NONE", "EQUITY", True),
    )
    return tuple(
        Account(guid(tenant, "account", code), code, name, kind, tax, class_, takes)
        for code, name, kind, tax, class_, takes in rows
    )


@dataclass(slots=True)
class Organisation:
    """Settings of one organisation. `class_` decides e-mails a day: DEMO none, TRIAL 20, others 1,000."""

    tenant: str
    name: str
    currency: str
    timezone: str
    class_: str = "STANDARD"
    edition: str = "BUSINESS"
    period_lock_on: date | None = None
    year_end_lock_on: date | None = None
    reminders_enabled: bool = False
    refused_actions: frozenset[str] = frozenset()
    currencies: set[str] = field(default_factory=set)
    accounts: tuple[Account, ...] = ()
    branding: str = ""  # the id of the standard branding theme
    emails_by_day: dict[date, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.accounts = self.accounts or _chart(self.tenant)
        self.branding = guid(self.tenant, "branding", "Standard")
        self.currencies.add(self.currency)

    @property
    def zone(self) -> ZoneInfo:
        """The organisation's own time zone."""
        return ZoneInfo(self.timezone)

    @property
    def windows_timezone(self) -> str:
        """The time zone as Xero names it; unlisted ones are shown as UTC."""
        return WINDOWS_NAMES.get(self.timezone, "UTC")

    @property
    def country(self) -> str:
        """Two letters, guessed from the base currency."""
        return _COUNTRIES.get(self.currency, "NZ")

    @property
    def version(self) -> str:
        """Which national edition."""
        return _EDITIONS[self.country]

    @property
    def emails_per_day(self) -> int:
        """How many e-mails a day this subscription may send, from the screen and the API together."""
        return _EMAILS_PER_DAY.get(self.class_, 1000)

    def account(self, reference: str) -> Account | None:
        """The active account of this code or id."""
        for found in self.accounts:
            if reference in (found.code, found.id) and found.status == "ACTIVE":
                return found
        return None

    def locked_through(self) -> date | None:
        """The last day of the locked period."""
        locks = [lock for lock in (self.period_lock_on, self.year_end_lock_on) if lock]
        return max(locks, default=None)
