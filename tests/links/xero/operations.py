"""One of each operation the connector can do, about the same customer and invoice."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from rules.domain.actions import (
    AddNote,
    ChargeLine,
    CreateCreditNote,
    CreateInvoice,
    EmailInvoice,
    SetPromiseDate,
    SetStopSell,
)
from rules.domain.money import Money
from tests.links.xero.tiny import guid

CUSTOMER, INVOICE, CHARGE = guid(900), guid(1), guid(2)
AMOUNT = Money(Decimal("7.90"), "NZD")
TODAY = date(2026, 3, 2)

NOTE = AddNote(customer=CUSTOMER, target="invoice", ref=INVOICE, text="Reminder sent.")
CUSTOMER_NOTE = AddNote(customer=CUSTOMER, target="customer", ref=CUSTOMER, text="Called.")
STOP = SetStopSell(customer=CUSTOMER, on=True, state="hold", since=TODAY, why="31 days past due")
GO = SetStopSell(customer=CUSTOMER, on=False, state="good", since=TODAY, why="nothing overdue")
CHARGE_INVOICE = CreateInvoice(
    customer=CUSTOMER,
    invoice=INVOICE,
    invoice_number="INV-1",
    issued_on=TODAY,
    due_on=date(2026, 3, 16),
    lines=(ChargeLine("Interest 2 to 15 March on INV-1", AMOUNT, "interest", "none"),),
    note="16 days at 18 % on 1000.00 NZD",
)
REVERSAL = CreateCreditNote(
    customer=CUSTOMER,
    invoice=INVOICE,
    charge=CHARGE,
    issued_on=TODAY,
    amount=AMOUNT,
    note="Interest credited.",
    tax_code="none",
)
EMAIL = EmailInvoice(customer=CUSTOMER, invoice=INVOICE, to="ap@oak.example", balance=AMOUNT)
PROMISE = SetPromiseDate(customer=CUSTOMER, invoice=INVOICE, promised_on=date(2026, 3, 20))
EVERYTHING = (NOTE, CUSTOMER_NOTE, STOP, GO, CHARGE_INVOICE, REVERSAL, EMAIL, PROMISE)
