"""Lint says what is allowed and hardly meant; what ships is free of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

import rules
from rules.domain.facts import Book, Company, Customer
from rules.policy import lint, load_policies, pack_names

PACKS = Path(rules.__file__).parent / "packs"
DAY = date(2026, 3, 31)
LEVELS = "[policies.p.reminders]\nlevels = "
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
            "[policies.p.credit_hold]\nwatch = { days_past_due = 30 }\nstop_sell_from = 'stop'",
            "[policies.p.credit_hold] stop_sell_from: no condition ever reaches stop: no flag is raised",
        ),
        (
            "[policies.p.finance_charges]\nannual_pct = '24'\ncap = '18'",
            "[policies.p.finance_charges] annual_pct: 24 % is above the cap of 18 %: every charge is cut",
        ),
        (
            "[policies.p.finance_charges]\nannual_pct = '12'\nminimum = '5.00'\nmaximum = '4.00'",
            "[policies.p.finance_charges] minimum: 5.00 is above the maximum of 4.00: no charge ever reaches it",
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
            "p.toml: [select] default: no default: whoever is not named below has no policy",
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


def test_a_reference_nobody_defined_is_said_with_what_was_meant() -> None:
    (found,) = warnings("[policies.p.finance_charges]\nreference = 'bo'")
    assert found == 'p.toml: [policies.p.finance_charges] reference: no reference rate "bo"; did you mean "boe"?'
