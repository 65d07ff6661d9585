"""People's records and the passes that follow them, over books in memory and a real database."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from connectors.errors import Conflict
from rules.domain.actions import CreateCreditNote, EmailInvoice, SetStopSell
from rules.domain.facts import Application, Payment
from syncd.cycle import due_accounts, run_pass
from syncd.errors import Usage
from syncd.people import disputes, holds, plans, promises, silences, waivers
from syncd.people.clerk import Clerk
from syncd.recover import recover
from syncd.store import journal
from tests.spine.conftest import usd

RULES = """
[select]
default = "standard"
[policies.standard.overdue]
[policies.standard.reminders]
levels = [
  { at_days = 1, template = "friendly", channel = "provider" },
  { at_days = 8, template = "firm", channel = "provider" },
]
[policies.standard.credit_hold]
hold = { any = { days_past_due = 30 } }
[policies.standard.finance_charges]
kind = "interest"
annual_pct = "36.5"
requires_terms = false
assess_on = { day_of_month = 3 }
"""


@pytest.fixture
def desk(folder, open_desk):
    (folder / "rules.d" / "10.toml").write_text(RULES)
    found = open_desk()
    found.books.customer("C-1")
    return found


def clerk(desk) -> Clerk:
    return Clerk([desk.ledger], desk.office.policies, "dana")


def pass_on(desk, days: int = 0):
    desk.clock.advance(timedelta(days=days))
    return run_pass(desk.ledger, desk.ground)


def mailed(desk) -> list[str]:
    return [
        str(operation.balance)
        for _, operation in desk.books.done
        if isinstance(operation, EmailInvoice) and operation.invoice == "I-1"
    ]


def flags(desk) -> list[bool]:
    return [operation.on for _, operation in desk.books.done if isinstance(operation, SetStopSell)]


def test_a_promise_over_everything_pauses_reminders_and_a_broken_one_lets_them_go_on(desk):
    desk.books.invoice("I-1", "C-1", date(2025, 3, 1))
    run_pass(desk.ledger, desk.ground)
    assert len(mailed(desk)) == 1

    promises.add(clerk(desk), ["NI-1"], date(2025, 3, 14))
    for _ in range(11):  # through the promised day
        pass_on(desk, 1)
    assert len(mailed(desk)) == 1

    pass_on(desk, 1)
    assert len(mailed(desk)) == 2
    assert promises.states(clerk(desk), desk.ledger, "C-1") == {"promise-1": "broken"}


def test_the_next_promise_after_a_broken_one_is_a_level_higher(desk):
    desk.books.invoice("I-1", "C-1", date(2025, 3, 1))
    run_pass(desk.ledger, desk.ground)
    promises.add(clerk(desk), ["NI-1"], date(2025, 3, 4))
    pass_on(desk, 3)
    promises.add(clerk(desk), ["NI-1"], date(2025, 3, 20))
    account = clerk(desk).account(desk.ledger, "C-1")
    found = clerk(desk).evaluated(desk.ledger, account).promises
    assert [(one.state, one.level) for one in found] == [("broken", 1), ("open", 2)]


def test_a_dispute_keeps_an_invoice_from_being_chased_until_it_is_closed(desk):
    desk.books.invoice("I-1", "C-1", date(2025, 3, 1))
    run_pass(desk.ledger, desk.ground)
    disputes.add(clerk(desk), "NI-1", reason="wrong price")
    pass_on(desk, 10)
    assert len(mailed(desk)) == 1

    disputes.close(clerk(desk), "NI-1")
    pass_on(desk, 1)
    assert len(mailed(desk)) == 2


def test_a_kept_plan_speaks_at_its_own_dates_and_a_broken_one_brings_the_old_dates_back(desk):
    desk.books.invoice("I-1", "C-1", date(2025, 3, 1))
    run_pass(desk.ledger, desk.ground)
    noted = plans.add(clerk(desk), ["NI-1"], [(date(2025, 3, 12), "50"), (date(2025, 4, 12), "50")])
    pass_on(desk, 9)  # the day the first part is due
    assert len(mailed(desk)) == 1
    assert plans.state_of(clerk(desk), desk.ledger, noted.filed) == "kept"

    pass_on(desk, 1)
    assert plans.state_of(clerk(desk), desk.ledger, noted.filed) == "broken"
    assert len(mailed(desk)) == 2


def test_a_plan_is_judged_by_the_working_days_of_the_policy_in_force(desk, folder):
    desk.books.invoice("I-1", "C-1", date(2025, 3, 1))
    pass_on(desk)
    noted = plans.add(clerk(desk), ["NI-1"], [(date(2025, 3, 15), "50"), (date(2025, 4, 12), "50")])  # a Saturday
    desk.clock.advance(timedelta(days=14))  # Monday
    assert plans.state_of(clerk(desk), desk.ledger, noted.filed) == "broken"
    (folder / "rules.d" / "10.toml").write_text(RULES.replace("overdue]", "overdue]\nbusiness_days = true"))
    desk.office.rulebook.reload()
    assert plans.state_of(clerk(desk), desk.ledger, noted.filed) == "kept"
    desk.clock.advance(timedelta(days=1))
    assert plans.state_of(clerk(desk), desk.ledger, noted.filed) == "broken"


def test_a_plan_that_was_paid_is_over(desk):
    desk.books.invoice("I-1", "C-1", date(2025, 3, 1))
    run_pass(desk.ledger, desk.ground)
    noted = plans.add(clerk(desk), ["NI-1"], [(date(2025, 3, 12), "100")])
    desk.books.pay("I-1")
    pass_on(desk, 1)
    assert plans.state_of(clerk(desk), desk.ledger, noted.filed) == "paid"


def charged(desk):
    desk.books.invoice("I-1", "C-1", date(2025, 2, 1))
    run_pass(desk.ledger, desk.ground)
    run_pass(desk.ledger, desk.ground)  # takes in what the first wrote
    return [key for key in desk.states() if key.startswith("finance_charges/")]


def given(desk) -> list[str]:
    return [str(operation.amount) for _, operation in desk.books.done if isinstance(operation, CreateCreditNote)]


def test_a_waiver_goes_out_once_under_its_own_key_also_where_plans_are_reviewed(desk, open_desk):
    assert len(charged(desk)) == 1
    waivers.add(clerk(desk), "NI-1", amount="1.00", reason="goodwill")
    desk = open_desk(desk.books, mode="review")
    for _ in range(3):
        run_pass(desk.ledger, desk.ground)
    (key,) = [key for key in desk.states() if key.startswith("waive/")]
    assert key.startswith("waive/R-")
    assert desk.states()[key] == "done"
    assert given(desk) == ["1.00 USD"]
    told = {entry.event: entry.who for entry in journal.read(desk.ledger.store, "acme", key=key)}
    assert told["charge.waived"] == "dana"


def test_what_is_waived_is_never_billed_again_and_what_is_paid_late_never_given_back_twice(desk):
    charged(desk)
    before = [action for action in desk.states() if action.startswith("finance_charges/")]
    waivers.add(clerk(desk), "NI-1")
    pass_on(desk)
    pass_on(desk, 5)
    assert [action for action in desk.states() if action.startswith("finance_charges/")] == before

    desk.books.put(
        Payment("P-1", "C-1", date(2025, 2, 1), usd("100.00"), (Application("I-1", usd("100.00")),), date(2025, 3, 9))
    )
    desk.books.pay("I-1")
    pass_on(desk)
    assert given(desk) == ["3.00 USD"]


def test_two_waivers_of_one_charge_have_two_keys_and_never_more_than_it_stands_at(desk):
    charged(desk)
    waivers.add(clerk(desk), "NI-1", amount="1")
    waivers.add(clerk(desk), "NI-1", amount="2")
    with pytest.raises(Usage, match="no charge of ours stands"):
        waivers.add(clerk(desk), "NI-1")
    pass_on(desk)
    assert sorted(given(desk)) == ["1.00 USD", "2.00 USD"]


def test_a_waiver_whose_credit_met_moved_books_is_planned_again(desk):
    charged(desk)
    waivers.add(clerk(desk), "NI-1")
    desk.books.fail_writes = Conflict("the record moved")
    pass_on(desk)
    assert given(desk) == []
    desk.books.fail_writes = None
    pass_on(desk)
    assert given(desk) == ["3.00 USD"]


def test_a_waiver_taken_back_before_it_was_sent_gives_nothing(desk, open_desk):
    charged(desk)
    noted = waivers.add(clerk(desk), "NI-1")
    waivers.withdraw(clerk(desk), noted.filed.ref)
    pass_on(desk)
    assert given(desk) == []
    again = waivers.add(clerk(desk), "NI-1")
    pass_on(desk)
    assert given(desk) == ["3.00 USD"]
    with pytest.raises(Usage, match="was given"):
        waivers.withdraw(clerk(desk), again.filed.ref)


def test_a_persons_hold_is_raised_in_the_books_and_never_lowered_by_the_rule(desk):
    desk.books.customer("C-1", stop_sell=False)
    desk.books.invoice("I-1", "C-1", date(2025, 4, 1))
    run_pass(desk.ledger, desk.ground)
    holds.add(clerk(desk), "Customer C-1", "hold", reason="cheque bounced")
    pass_on(desk)
    assert flags(desk) == [True]

    for _ in range(3):
        pass_on(desk, 1)
    desk.books.pay("I-1")
    pass_on(desk, 1)
    assert flags(desk) == [True]


def test_the_end_of_a_persons_hold_lowers_the_flag_the_same_day_and_for_good(desk):
    desk.books.customer("C-1", stop_sell=False)
    run_pass(desk.ledger, desk.ground)
    holds.add(clerk(desk), "C-1", "hold")
    pass_on(desk)
    holds.release(clerk(desk), "C-1")
    pass_on(desk)
    assert flags(desk) == [True, False]
    for _ in range(3):
        pass_on(desk, 1)
    assert flags(desk) == [True, False]


def test_a_persons_hold_that_runs_out_lowers_the_flag_the_day_after(desk):
    desk.books.customer("C-1", stop_sell=False)
    run_pass(desk.ledger, desk.ground)
    holds.add(clerk(desk), "C-1", "hold", until=date(2025, 3, 5))
    pass_on(desk)
    pass_on(desk, 2)
    assert flags(desk) == [True]
    pass_on(desk, 1)
    assert flags(desk) == [True, False]


def test_a_release_lowers_our_own_hold_and_it_stays_released_while_the_same_facts_stand(desk):
    desk.books.customer("C-1", stop_sell=False)
    desk.books.invoice("I-1", "C-1", date(2025, 1, 10))
    run_pass(desk.ledger, desk.ground)
    run_pass(desk.ledger, desk.ground)
    assert flags(desk) == [True]

    holds.release(clerk(desk), "C-1", reason="agreed with the owner")
    for _ in range(4):
        pass_on(desk, 1)
    pass_on(desk, 60)
    assert flags(desk) == [True, False]


def test_something_new_holds_a_released_customer_again(desk):
    desk.books.customer("C-1", stop_sell=False)
    desk.books.invoice("I-1", "C-1", date(2025, 1, 10))
    run_pass(desk.ledger, desk.ground)
    holds.release(clerk(desk), "C-1")
    pass_on(desk)
    desk.books.invoice("I-2", "C-1", date(2025, 3, 10))
    pass_on(desk, 36)  # I-2 is 29 days past due
    assert flags(desk) == [True, False]
    pass_on(desk, 1)
    assert flags(desk) == [True, False, True]


def test_a_release_with_an_end_lets_everything_count_again_after_it(desk):
    desk.books.customer("C-1", stop_sell=False)
    desk.books.invoice("I-1", "C-1", date(2025, 1, 10))
    run_pass(desk.ledger, desk.ground)
    holds.release(clerk(desk), "C-1", until=date(2025, 3, 10))
    pass_on(desk)
    pass_on(desk, 7)
    assert flags(desk) == [True, False]
    pass_on(desk, 1)
    assert flags(desk) == [True, False, True]


def test_a_customer_held_through_its_billing_parent_is_released_there(desk):
    desk.books.customer("C-2", parent="C-1")
    run_pass(desk.ledger, desk.ground)
    holds.add(clerk(desk), "C-1", "hold")
    with pytest.raises(Usage, match="held through its billing parent; release Customer C-1"):
        holds.release(clerk(desk), "C-2")


def test_what_is_said_while_a_pass_decides_is_looked_at_in_the_next_one(desk):
    desk.books.invoice("I-1", "C-1", date(2025, 3, 1))
    run_pass(desk.ledger, desk.ground)
    pass_on(desk, 6)

    def spoken_meanwhile(_operation):
        del desk.books.unsupported
        disputes.add(clerk(desk), "NI-1")

    desk.books.customer("C-2")
    desk.books.invoice("I-2", "C-2", date(2025, 3, 8))
    desk.books.unsupported = spoken_meanwhile
    pass_on(desk)
    assert len(desk.ledger.desk.filed("dispute")) == 1
    assert due_accounts(desk.ledger, desk.ground, desk.ledger.today()) == ["C-1"]
    pass_on(desk)
    assert due_accounts(desk.ledger, desk.ground, desk.ledger.today()) == []


def held_for_approval(desk):
    """A reminder that waits; rules and books as ever, but nothing goes out by itself."""
    desk.books.customer("C-2", groups=("trade",))
    desk.books.invoice("I-1", "C-2", date(2025, 2, 20))
    run_pass(desk.ledger, replace(desk.ground, mode="review"))
    (waiting,) = (one for one in desk.ledger.intents.actions(("held",)) if one.decision.kind == "reminder")
    desk.ledger.intents.approve(waiting, "dana", desk.clock.now())
    return waiting


@pytest.mark.parametrize("about", [{"text": "C-2"}, {"text": "NI-1"}, {"text": None, "group": "trade"}])
def test_a_silence_takes_back_a_reminder_that_was_approved_and_not_sent_yet(desk, about):
    waiting = held_for_approval(desk)
    silences.add(clerk(desk), **about)
    pass_on(desk)
    assert mailed(desk) == []
    assert desk.states()[waiting.key] == "stale"


def test_after_a_silence_one_level_follows_a_day_and_no_more(desk):
    desk.books.invoice("I-1", "C-1", date(2025, 2, 20))
    desk.books.invoice("I-2", "C-1", date(2025, 3, 28))
    pass_on(desk)
    assert len(mailed(desk)) == 1
    silences.add(clerk(desk), "C-1", until=date(2025, 3, 20))
    pass_on(desk, 17)
    assert len(mailed(desk)) == 1
    pass_on(desk, 1)
    pass_on(desk)
    assert len(mailed(desk)) == 2


def test_a_silence_survives_a_recovery(desk):
    desk.books.invoice("I-1", "C-1", date(2025, 2, 20))
    pass_on(desk)
    silences.add(clerk(desk), "C-1", reason="audit")
    before = silences.in_force(desk.ledger)
    recover(desk.office)
    assert silences.in_force(desk.ledger) == before
    assert len(before) == 1
