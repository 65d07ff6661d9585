"""What is written to the books: the charge invoice with its lines, the credit note of a reversal."""

from __future__ import annotations

from datetime import date

from rules.domain.actions import ChargeLine, CreateCreditNote, CreateInvoice
from rules.domain.decisions import ChargeReversal, FinanceCharge, Problem
from rules.domain.facts import ChargeBilled
from rules.domain.money import Money
from tests.decisions.charges.small import decisions, invoice, settings, usd

AS_OF = date(2025, 3, 31)


def test_a_charge_is_one_invoice_with_interest_and_fixed_sum_on_lines_of_their_own() -> None:
    rules = settings(
        fixed_sum=[{"from": "0.00", "amount": "40.00"}],
        tax_code={"interest": "EXEMPT", "fixed_sum": "OUTSIDE"},
        terms_days=14,
    )
    (charge,) = decisions(AS_OF, invoice(), rules=rules)
    assert isinstance(charge, FinanceCharge)
    (document,) = charge.operations
    assert isinstance(document, CreateInvoice)
    assert (document.customer, document.invoice, document.invoice_number) == ("C-1", "I-1", "1001")
    assert (document.issued_on, document.due_on) == (AS_OF, date(2025, 4, 14))
    assert document.note == "Charge for late payment of invoice 1001, 2025-03-02 to 2025-03-31"
    assert document.lines == (
        ChargeLine(
            "Interest on invoice 1001, 2025-03-02 to 2025-03-31: 10 % a year on 36,500.00 for 30 days "
            "(2025-03-02 to 2025-03-31, act/365) = 300.00 USD, plus a fixed sum of 40.00; 340.00 USD is charged.",
            usd("300.00"),
            "interest",
            "EXEMPT",
        ),
        ChargeLine("Fixed compensation for late payment of invoice 1001", usd("40.00"), "fixed_sum", "OUTSIDE"),
    )


def test_without_terms_days_a_charge_is_due_the_day_it_is_issued() -> None:
    (charge,) = decisions(AS_OF, invoice())
    assert isinstance(charge, FinanceCharge)
    (document,) = charge.operations
    assert isinstance(document, CreateInvoice)
    assert document.due_on == document.issued_on == AS_OF


def test_a_late_fee_is_a_fee_line() -> None:
    (charge,) = decisions(AS_OF, invoice(), rules=settings(kind="flat", flat="25.00"))
    assert isinstance(charge, FinanceCharge)
    (document,) = charge.operations
    assert isinstance(document, CreateInvoice)
    (line,) = document.lines
    assert line.kind == "fee"
    assert line.description.startswith("Late fee for invoice 1001, 2025-03-02 to 2025-03-31: A late fee of 25.00 on")
    assert charge.annual_pct is None
    assert charge.year_fraction is None


def test_a_reversal_is_a_credit_note_against_the_charge() -> None:
    billed = ChargeBilled("C-1", "I-1", "I-9", date(2025, 3, 2), AS_OF, usd("310.00"), usd("310.00"), usd("310.00"))
    (back,) = decisions(AS_OF, invoice(), history=(billed,))
    assert isinstance(back, ChargeReversal)
    assert back.operations == (
        CreateCreditNote(
            customer="C-1",
            invoice="I-1",
            charge="I-9",
            issued_on=AS_OF,
            amount=usd("10.00"),
            note="Part of the charge for late payment of invoice 1001 is given back",
            tax_code="none",
        ),
    )
    assert back.reason == (
        "10 % a year on 36,500.00 for 30 days (2025-03-02 to 2025-03-31, act/365) = 300.00 USD, "
        "less 310.00 billed; 10.00 USD of charge I-9 is given back."
    )


def test_a_charge_voided_in_the_books_cannot_be_given_back_and_is_not_billed_again() -> None:
    billed = ChargeBilled("C-1", "I-1", "I-9", date(2025, 3, 2), AS_OF, usd("310.00"), usd("310.00"), usd("310.00"))
    document = invoice("310.00", ref="I-9", status="voided", balance=usd("0.00"), origin="syncd:finance_charges")
    reasons = [one.reason for one in decisions(AS_OF, invoice(), document, history=(billed,))]
    assert reasons == [
        "Not charged: 10.00 USD too much was billed, but no charge of it still stands.",
        'Not charged: our own charge bears no interest (base = "principal_and_charges" would let it).',
    ]


def test_a_charge_in_another_currency_than_its_invoice_is_a_problem() -> None:
    euros = Money.parse("10.00 EUR")
    billed = ChargeBilled("C-1", "I-1", "I-9", date(2025, 3, 2), AS_OF, euros, euros, euros)
    found = decisions(AS_OF, invoice(), history=(billed,))
    assert found == [Problem("I-1", "charge I-9 is in EUR, its invoice in USD", "finance_charges")]
