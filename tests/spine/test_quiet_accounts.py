"""Accounts in which nothing is open and nothing changes are looked at all the same where a day alone can matter."""

from __future__ import annotations

from datetime import date, timedelta

from rules.domain.facts import Application, Payment, Promise
from syncd.cycle import run_pass
from tests.spine.conftest import usd

HOLD = """
[select]
default = "standard"
[policies.standard.credit_hold]
hold = { any = { broken_promises = 1 } }
broken_promises_within_days = 30
"""

LATE = """
[select]
default = "standard"
[policies.standard.finance_charges]
kind = "interest"
annual_pct = "18"
requires_terms = false
paid_late = "charge"
assess_on = { day_of_month = 1 }
"""


def days(desk, count):
    for _ in range(count):
        run_pass(desk.ledger, desk.ground)
        desk.clock.advance(timedelta(days=1))


def test_a_hold_ends_when_its_cause_has_aged_out_though_everything_is_paid(folder, open_desk):
    (folder / "rules.d" / "10.toml").write_text(HOLD)
    desk = open_desk()
    desk.books.customer("C-1")
    desk.books.invoice("I-1", "C-1", date(2025, 2, 20))
    promise = Promise("PR-1", "C-1", ("I-1",), date(2025, 2, 20), date(2025, 3, 1), usd("100.00"))
    desk.ledger.desk.put(promise, ref="PR-1", customer="C-1", who="dana", now=desk.clock.now())
    days(desk, 3)
    assert desk.states() == {"credit_hold/C-1/hold/1": "done"}

    desk.books.pay("I-1")
    days(desk, 40)
    assert desk.states()["credit_hold/C-1/good/2"] == "done"


def test_lateness_of_a_paid_invoice_is_charged_on_the_assessment_day(folder, open_desk):
    (folder / "rules.d" / "10.toml").write_text(LATE)
    desk = open_desk()
    desk.books.customer("C-1")
    desk.books.invoice("I-1", "C-1", date(2025, 3, 2), "1000.00")
    days(desk, 15)
    desk.books.pay("I-1")
    desk.books.put(Payment("P-1", "C-1", date(2025, 3, 18), usd("1000.00"), (Application("I-1", usd("1000.00")),)))
    days(desk, 20)
    assert desk.states() == {"finance_charges/I-1/2025-03-03": "done"}
