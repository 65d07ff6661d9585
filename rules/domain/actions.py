"""What can be done to the books: a closed union of verbs every source understands. Values; doing is for connectors.

An operation is frozen when it is planned: the same bytes go out on every try. It never holds a template's text, only
what the text is made from.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from rules.domain.facts import CreditStanding
from rules.domain.money import Money

Tone = Literal["upcoming", "friendly", "firm", "final", "notice", "demand", "statement", "discount"]
TargetKind = Literal["invoice", "customer"]


@dataclass(frozen=True, slots=True)
class DueLine:
    """One row of a reminder's table: an invoice and what we ask for of it."""

    invoice: str
    number: str
    issued_on: date
    due_on: date
    days_past_due: int
    asked: Money
    balance: Money
    pay_link: str | None = None


@dataclass(frozen=True, slots=True)
class OpenDays:
    """By whose clock a message's hours are read, and on which weekdays there but no holidays of which calendars."""

    timezone: str
    days: tuple[str, ...]
    holidays: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SendMessage:
    """A message of our own by SMTP (`channel` "email") or for printing ("letter")."""

    customer: str
    to: str
    name: str
    template: str
    level: int
    channel: Literal["email", "letter"]
    lines: tuple[DueLine, ...]
    as_of: date
    fee: Money | None = None
    copy_to: str | None = None
    company: str = ""  # who writes, as the customer knows us
    replies_to: tuple[str, ...] = ()  # keys of earlier messages on the same matter, oldest first, for mail threading
    hours: tuple[str, str] | None = None  # "08:00", "18:00": the hours in which it may go out
    open_days: OpenDays | None = None  # on which days, and whose hours; None: any day, the company's
    answer_by: date | None = None  # the last day of an answer, or of a discount, that the text speaks of
    verb: Literal["send_message"] = "send_message"


@dataclass(frozen=True, slots=True)
class EmailInvoice:
    """The provider mails the invoice itself, in its own words."""

    customer: str
    invoice: str
    to: str
    balance: Money
    hours: tuple[str, str] | None = None
    open_days: OpenDays | None = None
    reached_on: date | None = None  # the first day on which it could go out: a mail from before was another one
    verb: Literal["email_invoice"] = "email_invoice"


@dataclass(frozen=True, slots=True)
class AddNote:
    """A memo on an invoice or customer, worded so that the customer may read it."""

    customer: str
    target: TargetKind
    ref: str
    text: str
    verb: Literal["add_note"] = "add_note"


@dataclass(frozen=True, slots=True)
class SetStopSell:
    """Raise or lift the stop-sell flag of a customer."""

    customer: str
    on: bool
    state: CreditStanding
    since: date
    why: str
    verb: Literal["set_stop_sell"] = "set_stop_sell"


@dataclass(frozen=True, slots=True)
class ChargeLine:
    """One line of a finance-charge document; `tax_code` None leaves the connection's own."""

    description: str
    amount: Money
    kind: Literal["interest", "fixed_sum", "fee"]
    tax_code: str | None = None


@dataclass(frozen=True, slots=True)
class CreateInvoice:
    """A finance-charge invoice about `invoice`. The connector makes its number from the key."""

    customer: str
    invoice: str
    invoice_number: str
    issued_on: date
    due_on: date
    lines: tuple[ChargeLine, ...]
    note: str
    annual_pct: Decimal | None = None
    verb: Literal["create_invoice"] = "create_invoice"


@dataclass(frozen=True, slots=True)
class CreateCreditNote:
    """A credit of `amount` against our own charge invoice `charge`."""

    customer: str
    invoice: str
    charge: str
    issued_on: date
    amount: Money
    note: str
    tax_code: str | None = None
    verb: Literal["create_credit_note"] = "create_credit_note"


@dataclass(frozen=True, slots=True)
class SetPromiseDate:
    """Write the day a customer promised to pay into the invoice, where the provider has a place for it."""

    customer: str
    invoice: str
    promised_on: date
    verb: Literal["set_promise_date"] = "set_promise_date"


Operation: TypeAlias = Annotated[
    SendMessage | EmailInvoice | AddNote | SetStopSell | CreateInvoice | CreateCreditNote | SetPromiseDate,
    Field(discriminator="verb"),  # whoever reads one back looks at its verb, and does not try them all
]
