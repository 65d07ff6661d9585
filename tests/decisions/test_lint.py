"""Lint says what is allowed and hardly meant; what ships is free of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

import rules
from rules.domain.facts import Book, Company, Customer
from rules.domain.references import rate_table
from rules.policy import lint, load_policies, pack_names

PACKS = Path(rules.__file__).parent / "packs"
DAY = date(2026, 3, 31)
LEVELS = "[policies.p.reminders]\nlevels = "
ONE = "[policies.p.reminders]\nlevels = [{ at_days = 5, template = 'a' }"
CHARGES = "[policies.p.finance_charges]\n"
SAME_DAY = """
[policies.p.reminders]
first_contact = "matching_level"
levels = [{ at_days = 5, template = "a" }, { at_days = 5, template = "b" }]
"""
BOOK = Book(as_of=DAY, company=Company("Acme", "USD"), customers=(Customer("C-1", "Oak", groups=("trade",)),))


def warnings(text: str, book: Book | None = None) -> tuple[str, ...]:
    return lint(load_policies([("p.toml", text)]), book, DAY)


def test_what_is_sound_gives_no_warning() -> None:
    assert warnings('[policies.p]\nextends = "gentle"\n[policies.p.overdue]\nbuckets = [15, 45]\n') == ()


def test_a_connection_that_the_configuration_does_not_have_is_named_with_the_one_that_was_meant() -> None:
    text = '[select]\ndefault = "p"\nconnections.acm = "p"\nconnections.kiwi = "p"\n[policies.p.payer]\n'
    found = lint(load_policies([("p.toml", text)]), None, DAY, ["acme", "kiwi"])
    assert found == (
        'p.toml: [select.connections] acm: the configuration has no connection of that name; did you mean "acme"?',
    )
    assert lint(load_policies([("p.toml", text)]), None, DAY) == ()


def test_a_message_whose_text_nobody_wrote_is_named_whatever_rule_sends_it() -> None:
    text = """
    [policies.p.reminders]
    levels = [
      { at_days = 1, template = "frim" },
      { at_days = 9, template = "ours", channel = "letter" },
      { at_days = 20, template = "anything", channel = "call" },
      { at_days = 30, template = "anything", channel = "provider" },
    ]
    [policies.p.escalation]
    steps = [
      { step = "statement", at_days = 35, channel = "email", template = "demnd" },
      { step = "final_demand", at_days = 40 },
    ]
    [policies.p.discounts]
    remind_days_before = 3
    template = "lapse"
    """
    texts = ["demand", "discount", "firm", "ours", "statement"]
    assert lint(load_policies([("p.toml", text)]), None, DAY, None, texts) == (
        'p.toml: [policies.p.reminders] levels[1].template: there is no text called "frim"; did you mean "firm"?',
        'p.toml: [policies.p.escalation] steps[1].template: there is no text called "demnd"; did you mean "demand"?',
        'p.toml: [policies.p.discounts] template: there is no text called "lapse"',
    )


@pytest.mark.parametrize("name", pack_names())
def test_what_ships_gives_no_warning_as_a_file_of_ones_own(name: str) -> None:
    text = (PACKS / f"{name}.toml").read_text("utf-8")
    assert lint(load_policies([(f"{name}.toml", text)]), None, date(2025, 3, 31)) == ()


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        (
            SAME_DAY,
            "[policies.p.reminders] levels[2].at_days: level 1 is never sent: level 2 is reached on the same day",
        ),
        (
            f"{LEVELS}[{{ at_days = 5, template = 'a' }}, {{ at_days = 9, template = 'b' }}]\nmin_gap_days = 10",
            "levels[2].at_days: comes 4 days after level 1, but min_gap_days keeps 10 apart",
        ),
        (
            "[policies.p.reminders]\nlevels = [{ at_days = 5, template = 'a' }, { at_days = 95, template = 'b' }]",
            "levels[2].at_days: leaves 90 days of silence after level 1",
        ),
        (
            f"{LEVELS}[{{ at_days = -1, template = 'a', fee = '5.00' }}]",
            "[policies.p.reminders] levels[1].fee: falls before the invoice is due: nothing is late yet",
        ),
        (
            "[policies.p.credit_hold]\nhold.overdue = '50'\nrelease_when = 'person'\nstay_while.overdue = '9'",
            '[policies.p.credit_hold] stay_while: has no effect beside release_when = "person"',
        ),
        (
            f"{CHARGES}annual_pct = '12'\nminimum = '5.00'\nminimum_per = 'charge'",
            "[policies.p.finance_charges] minimum_per: each day's interest is raised to the minimum: say assess_on",
        ),
        (
            "[policies.p.reminders]\nlevels = [{ at_days = 5, template = ' ' }]",
            "[policies.p.reminders] levels[1].template: is blank: there is nothing to send",
        ),
        (
            "[policies.p.overdue]\ngrace_days = 5\n[policies.p.reminders]\nlevels = [{ at_days = 5, template = 'a' }]",
            "levels[1].at_days: is sent while the invoice still counts as current: overdue.grace_days = 5",
        ),
        (
            "[policies.p.credit_hold]\nwatch = { days_past_due = 30 }\nhold = { days_past_due = 30 }",
            "[policies.p.credit_hold] watch: never seen for days_past_due: hold is reached at 30 already",
        ),
        (
            "[policies.p.credit_hold]\nhold = { any = { broken_promises = 2 } }",
            "[policies.p.credit_hold] hold: never ends by itself once reached for broken_promises",
        ),
        (
            "[policies.p.credit_hold]\nhold = { days_past_due = 30 }\nstay_while = { broken_promises = 1 }",
            "[policies.p.credit_hold] stay_while: never ends by itself once reached for broken_promises",
        ),
        (
            "[policies.p.credit_hold]\nhold = { limit_used_pct = '100' }\nstay_while = { limit_used_pct = '100' }",
            "stay_while: keeps nobody by limit_used_pct = 100: at 100 the thresholds hold by themselves",
        ),
        (
            f"{CHARGES}tiers = [{{ up_to_days = 30, pct = '1' }}, {{ pct = '2' }}]\nper_days = 30\ncap = '18'",
            "[policies.p.finance_charges] tiers: 24.33 % is above the cap of 18 %: every charge is cut",
        ),
        (
            f"{ONE}]\n[policies.p.credit_hold]\nhold = {{ reminder_level = 2 }}",
            "[policies.p.credit_hold] hold: waits for reminder level 2, but the last level is 1",
        ),
        (
            "[policies.p.escalation]\nsteps = [{ step = 'call', after_level = 1 }]",
            "escalation] steps[1].after_level: waits for reminder level 1, but no reminders are sent",
        ),
        (
            "[policies.p.credit_hold]\nwatch = { days_past_due = 30 }\nstop_sell_from = 'stop'",
            "[policies.p.credit_hold] stop_sell_from: no condition ever reaches stop: no flag is raised",
        ),
        (
            "[policies.p.finance_charges]\nannual_pct = '24'\ncap = '18'",
            "[policies.p.finance_charges] annual_pct: 24 % is above the cap of 18 %: every charge is cut",
        ),
        (
            f"{CHARGES}kind = 'flat'\nflat = '5.00'\nannual_pct = '18'",
            "[policies.p.finance_charges] annual_pct: has no effect beside the other keys of this table",
        ),
        (
            f"{CHARGES}annual_pct = '18'\nreference_mode = 'piecewise'",
            "[policies.p.finance_charges] reference_mode: has no effect beside the other keys of this table",
        ),
        (
            "[policies.p.overdue]\nholidays = 'US'",
            "[policies.p.overdue] holidays: has no effect without business_days = true",
        ),
        (
            "[policies.p.finance_charges]\nannual_pct = '12'\nrequires_terms = false",
            "requires_terms: a rate of your own without agreed terms is owed by nobody",
        ),
        (
            "references.pl.rates = [{ from = 2020-01-01, pct = '5' }]\n[policies.p.finance_charges]\nreference = 'pl'",
            "reference: the last rate of pl is of 2020-01-01: check it still holds",
        ),
        (
            "[select]\ndefault = 'p'\n[policies.p.payer]\n[policies.q.payer]",
            "p.toml: [policies] q: no [select] rule chooses this policy and none extends it",
        ),
        (
            "select.groups.trade = 'p'\nselect.customers.C-1 = 'q'\n[policies.p.payer]\n[policies.q]\nextends = 'p'",
            "p.toml: [select] default: no default: whoever is not named below has no policy, and nothing is decided",
        ),
    ],
)
def test_what_is_hardly_meant_is_said_in_its_place(text: str, warning: str) -> None:
    assert any(warning in found for found in warnings(text)), warnings(text)


def test_a_table_that_ends_before_the_day_is_said() -> None:
    found = lint(
        load_policies([("p.toml", "[policies.p.finance_charges]\nreference = 'boe'\nrequires_terms = false")]),
        None,
        date(2031, 1, 1),
    )
    assert any("the rates of boe end on" in warning for warning in found)


def test_names_the_book_does_not_have_are_said_with_what_was_meant() -> None:
    text = "[select]\ndefault = 'p'\ngroups.trdae = 'p'\n[policies.p.payer]\n[credit_limits]\ngroups.vip = '1.00'"
    assert warnings(text, BOOK) == (
        'p.toml: [select.groups] trdae: the book has no group of that name; did you mean "trade"?',
        "p.toml: [credit_limits.groups] vip: the book has no group of that name",
    )


def test_a_statutory_policy_that_governs_consumers_is_said() -> None:
    consumer = replace(BOOK, customers=(Customer("C-9", "Ann", kind="consumer"),))
    (found,) = warnings(
        '[policies.p]\nextends = "uk-statutory"\n[policies.p.finance_charges]\nmargin_pct = "8"', consumer
    )
    assert "a statutory right between businesses, but it governs consumers: C-9" in found


def test_a_rate_above_the_law_where_the_debtor_is_is_said() -> None:
    alabama = replace(BOOK, company=Company("Acme", "USD", country="US", region="AL"))
    agreed = replace(alabama, customers=(replace(BOOK.customers[0], terms_accepted_on=DAY),))
    (found,) = warnings("[policies.p.finance_charges]\nannual_pct = '18'", agreed)
    assert found.endswith("annual_pct: 18 % is above the cap of 8 % in US-AL, which holds for C-1")


# --- each that goes by the day, the law or the book, on both sides of where it begins ---

AGREED = replace(BOOK.customers[0], terms_accepted_on=DAY, country="US")
CHARGING = "[policies.p.finance_charges]\nannual_pct = '12'\n"
UK = replace(BOOK, company=Company("Acme", "GBP", country="GB"))


def of(text: str, book: Book | None, day: date) -> tuple[str, ...]:
    return lint(load_policies([("p.toml", text)]), book, day)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("[policies.p]\nextends = 'uk-statutory'", "p.toml: [policies.p] extends"),
        ("[select]\ndefault = 'uk-statutory'", "p.toml: [select] default"),
        ("[select]\ndefault = 'gentle'\nkinds.business = 'uk-statutory'", "p.toml: [select.kinds] business"),
    ],
)
def test_a_pack_whose_rates_end_is_said_where_it_is_chosen_the_day_after_its_last(text: str, place: str) -> None:
    last_on = rate_table("boe").rows[-1].last_on  # type: ignore[union-attr]
    assert last_on is not None
    after = last_on + timedelta(days=1)
    told = f"{place}: the rates of boe end on {last_on}: {after} has none; add it under [references.boe]"
    assert of(text, None, after) == (told,)
    assert of(text, None, last_on) == ()


def test_a_pack_that_charges_businesses_says_so_where_it_governs_consumers() -> None:
    text = "[select]\ndefault = 'uk-statutory'"
    ann = replace(UK, customers=(Customer("C-9", "Ann", kind="consumer"),))
    (found,) = of(text, ann, DAY)
    assert found.startswith("p.toml: [select] default: a statutory right between businesses, but it governs consumers")
    assert of(text, UK, DAY) == ()


@pytest.mark.parametrize(("margin", "warned"), [("5", False), ("9", True)])
def test_the_german_rate_for_businesses_is_none_for_consumers(margin: str, *, warned: bool) -> None:
    ann = replace(BOOK, customers=(Customer("C-9", "Ann", kind="consumer"),))
    text = f"[policies.p.finance_charges]\nreference = 'bundesbank'\nmargin_pct = '{margin}'\nrequires_terms = false"
    assert any("governs consumers: C-9" in one for one in of(text, ann, DAY)) is warned


def test_a_legal_limit_not_looked_at_for_a_year_is_said_to_whom_it_binds() -> None:
    canada = replace(BOOK, customers=(replace(AGREED, country="CA"),))
    stale = f"known as of {date(2025, 1, 1)}: check that it still holds"
    assert any(stale in one for one in of(CHARGING, canada, date(2026, 1, 3)))
    assert of(CHARGING, canada, date(2026, 1, 2)) == ()
    nevada = replace(BOOK, customers=(AGREED,))
    assert of(CHARGING, nevada, date(2026, 1, 3)) == ()
    assert of(f"{CHARGING}cap = '20'", canada, date(2026, 1, 3)) == ()


def test_a_reference_with_its_margin_above_the_law_is_said() -> None:
    alabama = replace(BOOK, company=Company("Acme", "USD", country="US", region="AL"), customers=(AGREED,))
    text = f"[references.own]\nrates = [{{ from = 2026-01-01, pct = '4' }}]\n{CHARGES}reference = 'own'\n"
    (found,) = of(f"{text}margin_pct = '4.01'", alabama, DAY)
    assert found.endswith("reference: 8.01 % is above the cap of 8 % in US-AL, which holds for C-1")
    assert of(f"{text}margin_pct = '4'", alabama, DAY) == ()


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        (
            f"{ONE}]\nnever = {{ groups = ['trdae', 'trade'] }}",
            '[policies.p.reminders.never] groups: the book has no group "trdae"; did you mean "trade"?',
        ),
        (
            f"{ONE}]\nnever = {{ customers = ['C-7', 'Oak'] }}",
            '[policies.p.reminders.never] customers: the book has no customer "C-7"; did you mean "C-1"?',
        ),
        (
            f"{ONE}]\nnever = {{ invoices = ['1042'] }}",
            '[policies.p.reminders.never] invoices: the book has no invoice "1042"',
        ),
        (
            "[policies.p.escalation]\nsteps = [{ step = 'call', at_days = 9 }]\nprivate_groups = ['sole', 'trade']",
            '[policies.p.escalation] private_groups: the book has no group "sole"',
        ),
        (
            "[policies.p.credit_review]\nbetter = {}\nprepay_groups = ['cash', 'trade']",
            '[policies.p.credit_review] prepay_groups: the book has no group "cash"',
        ),
    ],
)
def test_a_name_in_a_rule_that_the_book_does_not_have_is_said_once(text: str, warning: str) -> None:
    (found,) = of(text, BOOK, DAY)
    assert warning in found


SOUND = [
    f"{ONE}]\n[policies.p.credit_hold]\nhold = {{ reminder_level = 1 }}",
    f"{ONE}]\n[policies.p.escalation]\nsteps = [{{ step = 'call', after_level = 1 }}]",
    "[policies.p.payer]\nchronic = { late_share_pct = '100' }",
    "[policies.p.escalation]\nsteps = [{ step = 'write_off', at_days = 9, min_amount = '9.00', max_amount = '9.00' }]",
    "[policies.p.escalation]\nsteps = [{ step = 'call', at_days = 9, min_amount = '9', max_amount = '8.00 EUR' }]",
    f"{LEVELS}[{{ at_days = 0, template = 'a', fee = '5.00' }}]",
    f"{CHARGES}annual_pct = '12'\nminimum = '5.00'\nminimum_per = 'charge'\nassess_on = {{ day_of_month = 1 }}",
    f"{CHARGES}annual_pct = '12'\nminimum = '5.00'\nminimum_per = 'charge'\nminimum_mode = 'suppress'",
    "[policies.p.overdue]\nbusiness_days = true\nholidays = 'US'",
    f"{CHARGES}kind = 'flat_then_percent'\nflat = '5.00'\npercent = '2'\nrepeat_every_days = 30",
    f"{ONE}, {{ at_days = 6, template = 'b' }}]\nfirst_contact = 'matching_level'",
    f"{ONE}, {{ at_days = 15, template = 'b' }}]\nmin_gap_days = 10",
    "[policies.p.reminders]\nlevels = [{ at_days = 5, template = 'a' }, { at_days = 65, template = 'b' }]",
    "[policies.p.overdue]\ngrace_days = 5\n[policies.p.reminders]\nlevels = [{ at_days = 6, template = 'a' }]",
    "[policies.p.credit_hold]\nwatch = { days_past_due = 29 }\nhold = { days_past_due = 30 }",
    "[policies.p.credit_hold]\nbroken_promises_within_days = 180\nhold = { any = { broken_promises = 2 } }",
    "[policies.p.credit_hold]\nrelease_when = 'person'\nhold = { any = { broken_promises = 2 } }",
    "[policies.p.credit_hold]\nhold = { limit_used_pct = '100' }\nstay_while = { limit_used_pct = '99' }",
    "[policies.p.credit_hold]\nstop = { days_past_due = 30 }\nstop_sell_from = 'stop'",
    "[policies.p.finance_charges]\nannual_pct = '18'\ncap = '18'",
    f"{CHARGES}tiers = [{{ up_to_days = 30, pct = '1' }}, {{ pct = '1.47' }}]\nper_days = 30\ncap = '18'",
    "[policies.p.finance_charges]\nannual_pct = '12'\nminimum = '5.00'\nmaximum = '5.00'",
]


@pytest.mark.parametrize("text", SOUND)
def test_on_the_other_side_of_each_boundary_nothing_is_said(text: str) -> None:
    assert warnings(text) == ()
