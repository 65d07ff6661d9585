"""The book file as tables: which key stands for which part of which fact (contract, section 3). Data, no logic.

Keys beyond the contract's example carry what the facts hold besides (versions, pay links, withdrawn promises), so that
nothing is lost on the way out and in again.
"""

from __future__ import annotations

from typing import Any, get_args

from connectors.file.fields import (
    COUNT,
    CURRENCY,
    DAY,
    DECIMAL,
    FLAG,
    MONEY,
    NAME,
    TEXT,
    ZONE,
    Field,
    Kind,
    Shape,
    choice,
    list_of,
    table_of,
)
from rules.domain.facts import (
    Application,
    ChargeBilled,
    ChargeReversed,
    ChargeWaived,
    Company,
    Contacted,
    CreditNote,
    CreditStanding,
    Customer,
    DebtorKind,
    Discount,
    Dispute,
    Hold,
    Installment,
    InstallmentPlan,
    Invoice,
    InvoiceStatus,
    Payment,
    Promise,
    Rate,
    ReminderSent,
    Silence,
    StandingChanged,
    TaskDone,
    TaskOutcome,
)

STANDING = choice(*get_args(CreditStanding))
VERSION = Field("version", TEXT, shown=False)


def _must(key: str, kind: Kind = NAME, attribute: str = "") -> Field:
    return Field(key, kind, attribute, required=True)


COMPANY = Shape(
    Company,
    (
        Field("name", TEXT),
        _must("currency", CURRENCY),
        Field("timezone", ZONE),
        Field("country", NAME),
        Field("region", NAME),
        Field("connection", NAME, shown=False),
    ),
    fill=lambda parts: parts.setdefault("name", ""),
)

RATE = Shape(
    Rate, (_must("from", CURRENCY, "source"), _must("to", CURRENCY, "target"), _must("on", DAY), _must("rate", DECIMAL))
)

CUSTOMER = Shape(
    Customer,
    (
        _must("ref"),
        _must("name"),
        Field("parent", NAME),
        Field("email", TEXT),
        Field("groups", list_of(NAME)),
        Field("country", TEXT),
        Field("region", TEXT, shown=False),
        Field("timezone", ZONE, shown=False),
        Field("credit_limit", MONEY),
        Field("kind", choice(*get_args(DebtorKind))),
        Field("collector", TEXT),
        Field("since", DAY),
        Field("terms_accepted_on", DAY),
        Field("do_not_contact", FLAG),
        Field("active", FLAG),
        Field("stop_sell", FLAG, shown=False),
        Field("phone", TEXT, shown=False),
        VERSION,
    ),
)

INSTALLMENTS = list_of(table_of(Shape(Installment, (_must("due_on", DAY), _must("amount", MONEY)))))


def _fill_invoice(parts: dict[str, Any]) -> None:
    """Without a number the ref is its number; without a balance it starts with the total, and `mapping` derives it."""
    parts.setdefault("number", parts["ref"])
    parts.setdefault("due_on", None)
    parts.setdefault("balance", parts["total"])


INVOICE = Shape(
    Invoice,
    (
        _must("ref"),
        Field("number", TEXT),
        _must("customer"),
        _must("issued_on", DAY),
        Field("due_on", DAY),
        _must("total", MONEY),
        Field("tax", MONEY),
        Field("balance", MONEY),
        Field("status", choice(*get_args(InvoiceStatus))),
        Field("origin", TEXT),
        Field("discount", table_of(Shape(Discount, (_must("pct", DECIMAL), _must("until", DAY))))),
        Field("installments", INSTALLMENTS),
        Field("note", TEXT, shown=False),
        Field("pay_link", TEXT, shown=False),
        VERSION,
    ),
    fill=_fill_invoice,
)

APPLIED = list_of(
    table_of(Shape(Application, (_must("invoice"), _must("amount", MONEY), Field("on", DAY, shown=False))))
)

PAYMENT = Shape(
    Payment,
    (
        _must("ref"),
        _must("customer"),
        _must("received_on", DAY),
        Field("entered_on", DAY),
        _must("amount", MONEY),
        Field("applied", APPLIED),
        Field("reversed_on", DAY),
        VERSION,
    ),
)

CREDIT_NOTE = Shape(
    CreditNote,
    (
        _must("ref"),
        Field("number", TEXT, shown=False),
        _must("customer"),
        _must("issued_on", DAY),
        _must("amount", MONEY),
        Field("applied", APPLIED),
        Field("origin", TEXT, shown=False),
        Field("voided", FLAG, shown=False),
        VERSION,
    ),
)

PROMISE = Shape(
    Promise,
    (
        _must("ref"),
        _must("customer"),
        _must("invoices", list_of(NAME)),
        _must("made_on", DAY),
        _must("promised_on", DAY),
        Field("amount", MONEY),
        Field("withdrawn_on", DAY),
    ),
)

DISPUTE = Shape(
    Dispute,
    (
        _must("ref"),
        _must("invoice"),
        _must("opened_on", DAY),
        Field("amount", MONEY),
        Field("code", TEXT, shown=False),
        Field("reason", TEXT),
        Field("closed_on", DAY),
    ),
)

PLAN = Shape(
    InstallmentPlan,
    (
        _must("ref"),
        _must("customer"),
        _must("invoices", list_of(NAME)),
        _must("made_on", DAY),
        _must("schedule", INSTALLMENTS),
    ),
)

HOLD = Shape(
    Hold,
    (
        _must("customer"),
        _must("state", STANDING),
        _must("since", DAY),
        Field("origin", NAME),
        Field("expires_on", DAY),
        Field("reason", TEXT, shown=False),
    ),
)

SILENCE = Shape(
    Silence,
    (
        _must("ref"),
        Field("customer", NAME, shown=False),
        Field("invoice", NAME, shown=False),
        Field("group", NAME, shown=False),
        _must("since", DAY),
        Field("until", DAY),
        Field("reason", TEXT, shown=False),
    ),
)

_ABOUT = (_must("customer"), _must("invoice"))
_CREDITED = (*_ABOUT, _must("charge"), _must("on", DAY), _must("amount", MONEY))
HISTORY = (
    Shape(
        ReminderSent,
        (
            *_ABOUT,
            _must("level", COUNT),
            _must("on", DAY),
            Field("fee", MONEY, shown=False),
            Field("outcome", choice(*get_args(TaskOutcome)), shown=False),
            Field("key", TEXT, shown=False),
        ),
        tag="reminder",
    ),
    Shape(
        ChargeBilled,
        (
            *_ABOUT,
            _must("charge"),
            _must("from", DAY, "first_on"),
            _must("to", DAY, "last_on"),
            _must("amount", MONEY),
            _must("interest", MONEY),
            _must("computed", MONEY),
        ),
        tag="finance_charge",
    ),
    Shape(ChargeReversed, _CREDITED, tag="charge_reversal"),
    Shape(ChargeWaived, _CREDITED, tag="waiver"),
    Shape(
        Contacted,
        (
            _must("customer"),
            Field("invoice", NAME, shown=False),
            _must("channel"),
            _must("on", DAY),
            Field("outcome", TEXT),
        ),
        tag="contact",
    ),
    Shape(
        StandingChanged,
        (
            _must("customer"),
            _must("from", STANDING, "before"),
            _must("to", STANDING, "after"),
            _must("on", DAY),
        ),
        tag="credit_state",
    ),
    Shape(
        TaskDone,
        (
            _must("customer"),
            _must("rule"),
            _must("what", TEXT),
            _must("on", DAY),
            Field("invoices", list_of(NAME), shown=False),
            Field("outcome", choice(*get_args(TaskOutcome)), shown=False),
            Field("key", TEXT, shown=False),
        ),
        tag="task",
    ),
)

# Lists that older readers do not know: written only where there is something in them.
LATER_LISTS = frozenset({"silences"})

# The lists of a book, in the order they are written.
LISTS: dict[str, Shape] = {
    "rates": RATE,
    "customers": CUSTOMER,
    "invoices": INVOICE,
    "payments": PAYMENT,
    "credit_notes": CREDIT_NOTE,
    "promises": PROMISE,
    "disputes": DISPUTE,
    "installment_plans": PLAN,
    "holds": HOLD,
    "silences": SILENCE,
}
