"""Reading rules files: everything wrong is said at once and in place; what is right is laid over what it extends."""

from __future__ import annotations

import json
from datetime import date

import pytest
from jsonschema import Draft202012Validator

from rules.domain.facts import Customer, Invoice
from rules.domain.money import Money
from rules.policy import Policies, PolicyRefused, load_policies, pack_names, schema
from rules.policy.documents import parse


def load(text: str, *more: str) -> Policies:
    return load_policies([(f"{number}.toml", part) for number, part in enumerate((text, *more), 1)])


def problems(text: str, *more: str) -> tuple[str, ...]:
    with pytest.raises(PolicyRefused) as refused:
        load(text, *more)
    return refused.value.problems


def customer(ref: str = "C-1", *groups: str) -> Customer:
    return Customer(ref, f"Customer {ref}", groups=groups)


def invoice(ref: str) -> Invoice:
    some = Money.parse("100.00 USD")
    return Invoice(ref, f"N-{ref}", "C-1", date(2025, 1, 1), date(2025, 1, 31), some, some)


def test_every_problem_of_every_file_is_listed_with_its_place() -> None:
    found = problems(
        "[policies.p.overdue]\ngraze_days = 3\n[policies.p.remindres]\n",
        '[policies.q.credit_hold]\nhold = { any = { days_past_du = 30 } }\n[select]\ndefault = "standrd"\n',
    )
    assert found == (
        '1.toml: [policies.p.overdue] graze_days: unknown key; did you mean "grace_days"?',
        '1.toml: [policies.p] remindres: unknown rule; did you mean "reminders"?',
        '2.toml: [policies.q.credit_hold.hold.any] days_past_du: unknown key; did you mean "days_past_due"?',
        '2.toml: [select] default: no policy or pack "standrd"; did you mean "standard"?',
    )


def test_a_bare_fraction_is_refused_with_the_right_spelling() -> None:
    assert problems("[policies.p.overdue]\ntolerance = 0.10\n") == (
        '1.toml: [policies.p.overdue] tolerance: write 0.10 as a string, "0.10": a bare fraction is not exact',
    )


def test_a_bare_fraction_in_a_list_names_the_entry() -> None:
    (found,) = problems(
        '[policies.p.reminders]\nlevels = [{ at_days = 1, template = "a" }, { at_days = 5, template = "b", fee = 7.5 }]'
    )
    assert found.startswith('1.toml: [policies.p.reminders] levels[2].fee: write 7.5 as a string, "7.5"')


TWO_CURRENCIES = """
[policies.p.finance_charges]
tiers = [{ up_to_amount = "5.00 USD", pct = "1" }, { up_to_amount = "9.00 EUR", pct = "2" }, { pct = "3" }]
"""


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "[policies.p.reminders]\nlevels = [{ at_days = 5, template = 'x', fee = ['1.00', '2.00'] }]",
            "[policies.p.reminders] levels[1].fee: two amounts without a currency: which one is meant?",
        ),
        (
            "[policies.p.reminders]\nlevels = [{ at_days = 5, template = 'x', fee = '1.00 XXQ' }]",
            '[policies.p.reminders] levels[1].fee[1]: "XXQ" is not a currency code; write an ISO 4217 code such as USD',
        ),
        (
            "[policies.p.credit_hold]\nhold = { any = { overdue = ['1.00 USD', '2.00 USD'] } }",
            "[policies.p.credit_hold.hold.any] overdue: two amounts in USD: which one is meant?",
        ),
        (
            "[policies.p.finance_charges]\nannual_pct = '9'\nminimum = ['5.00', '6.00 EUR', '7.00 EUR']",
            "[policies.p.finance_charges] minimum: two amounts in EUR: which one is meant?",
        ),
        (
            "[policies.p.finance_charges]\nannual_pct = '9'\nfixed_sum = [{ from = '5.00' }, { from = '5.00' }]",
            "[policies.p] finance_charges: two bands of fixed_sum begin at 5.00: which one is meant?",
        ),
        (
            "references.x.rates = [{ from = 2020-01-01, pct = '5' }, { from = 2020-01-01, pct = '6' }]",
            "[references] x: two rates from 2020-01-01: which one holds?",
        ),
        (
            "[policies.p.reminders]\nlevels = [{ at_days = '14', template = 'x' }]",
            '[policies.p.reminders] levels[1].at_days: write a whole number such as 14, without quotes, not "14"',
        ),
        (
            "[policies.p.overdue]\ngrace_days = -7",
            "[policies.p.overdue] grace_days: write 0 or more, not -7",
        ),
        (
            "[policies.p.overdue]\nbusiness_days = 'yes'",
            '[policies.p.overdue] business_days: write true or false, without quotes, not "yes"',
        ),
        (
            "[policies.p.overdue]\nholidays = 'ZZ'",
            (
                '[policies.p.overdue] holidays: no public holidays are known for "ZZ"; '
                'write a country such as "US" or "US-NV"'
            ),
        ),
        (
            TWO_CURRENCIES,
            "[policies.p] finance_charges: tiers in EUR and USD: a debt is in one currency, and none could be charged",
        ),
        (
            "[policies.p.finance_charges]\nannual_pct = '9'\nfixed_sum = [{ from = '0.00 USD', amount = '4.00 EUR' }]",
            "[policies.p] finance_charges: fixed_sum in EUR and USD: a debt is in one currency, and none would bear it",
        ),
        (
            "[policies.p.escalation]\nsteps = [{ step = 'call', at_days = 9, min_amount = '9.01', max_amount = '9' }]",
            "[policies.p.escalation] steps[1]: min_amount is above max_amount: the step would never be reached",
        ),
        (
            "[policies.p.credit_review]\nbetter = {}\nhighest_limit = '9.00'\nlowest_limit = '9.01'",
            "[policies.p] credit_review: lowest_limit is above highest_limit: no limit lies between them",
        ),
        (
            "[policies.p.finance_charges]\nannual_pct = '9'\nminimum = ['9', '5.01 USD']\nmaximum = ['9', '5 USD']",
            (
                "[policies.p] finance_charges: minimum of 5.01 USD is above the maximum of 5 USD: "
                "no charge lies between them"
            ),
        ),
        (
            "[policies.p.finance_charges]\nreference = 'bo'\nreference_mode = 'piecewise'",
            '[policies.p.finance_charges] reference: no reference rate "bo"; did you mean "boe"?',
        ),
        (
            "references.pl.rates = [{ from = 2020-01-01, pct = '5' }]\n[policies.p.finance_charges]\nreference = 'nbp'",
            (
                '[policies.p.finance_charges] reference: no reference rate "nbp"; '
                "known are boe, bundesbank, ecb, pl, us-treasury"
            ),
        ),
        (
            "[policies.p.payer]\nchronic = { late_share_pct = '100.1' }",
            "[policies.p.payer.chronic] late_share_pct: a share above 100 % is never reached",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused_once_by_its_name(text: str, problem: str) -> None:
    with pytest.raises(PolicyRefused) as refused:
        load_policies([("p.toml", text)])
    assert refused.value.problems == (f"p.toml: {problem}",)


def test_a_whole_number_for_money_is_refused_with_the_right_spelling() -> None:
    (found,) = problems("[policies.p.credit_hold]\nhold = { any = { overdue = 1000 } }\n")
    assert "[policies.p.credit_hold.hold.any] overdue" in found
    assert '"1000"' in found


@pytest.mark.parametrize(
    ("line", "example"),
    [
        ('payer.prompt.late_share_pct = "30%"', "18"),
        ('finance_charges.annual_pct = "18 %"', "18"),
        ('finance_charges.cap = "10%"', "18"),
        ('finance_charges.margin_pct = "8,5"', "6.5"),
        ('credit_hold.hold.any.limit_used_pct = "80%"', "18"),
        ('credit_hold.hold.any.overdue = "1,000"', "1250.00"),
        ('overdue.tolerance = "some"', "1250.00"),
    ],
)
def test_what_is_no_number_is_refused_with_one_of_its_own_kind(line: str, example: str) -> None:
    refused = problems(f"[policies.p]\n{line}\n")[0]
    assert f"is not a decimal number; write digits and a point only, such as {example}" in refused + ";"
    assert refused.split("such as ")[1].split(";")[0] == example


def test_a_reference_rate_is_refused_with_a_rate_for_example() -> None:
    (refused,) = problems('references.pl.rates = [{ from = 2016-01-01, pct = "7%" }]\n')
    assert refused.endswith(' rates[1].pct: "7%" is not a decimal number; write digits and a point only, such as 6.5')


def test_text_for_a_whole_number_is_refused() -> None:
    (found,) = problems('[policies.p.overdue]\ngrace_days = "3"\n')
    assert found.startswith("1.toml: [policies.p.overdue] grace_days: ")


def test_what_is_no_toml_is_named_by_file_and_line() -> None:
    (found,) = problems("[policies.p\n")
    assert found.startswith("1.toml: ")
    assert "line 1" in found


def test_a_key_set_in_two_files_is_a_problem_of_the_second() -> None:
    assert problems("[policies.p.overdue]\ngrace_days = 3\n", "[policies.p.overdue]\ngrace_days = 4\n") == (
        "2.toml: [policies.p.overdue] grace_days: already set in 1.toml; set it once",
    )


def test_a_policy_may_be_spread_over_files() -> None:
    found = load("[policies.p.overdue]\ngrace_days = 3\n", "[policies.p.promises]\ntolerance_days = 1\n")
    assert set(found.rule_settings("p")) == {"overdue", "promises"}


def test_a_mistake_in_an_inherited_table_is_told_once_where_it_stands() -> None:
    assert problems('[policies.p.overdue]\ngrace_dayz = 3\n[policies.q]\nextends = "p"\n') == (
        '1.toml: [policies.p.overdue] grace_dayz: unknown key; did you mean "grace_days"?',
    )


def test_extends_in_a_circle_is_refused() -> None:
    found = problems('[policies.p]\nextends = "q"\n[policies.q]\nextends = "p"\n')
    assert any("[policies.p] extends: goes round in a circle" in problem for problem in found)


def test_extends_of_nothing_known_names_what_was_meant() -> None:
    assert problems('[policies.p]\nextends = "gentel"\n') == (
        '1.toml: [policies.p] extends: no policy or pack "gentel"; did you mean "gentle"?',
    )


def test_an_override_changes_single_keys_however_deep() -> None:
    found = load(
        """
        [policies.base.overdue]
        grace_days = 3
        tolerance = "0.10"
        [policies.base.credit_hold]
        hold = { any = { days_past_due = 30, overdue = "1000.00" } }
        [policies.strict]
        extends = "base"
        [policies.strict.credit_hold]
        hold = { any = { days_past_due = 10 } }
        """
    ).resolved("strict")
    assert found == {
        "overdue": {"grace_days": 3, "tolerance": "0.10"},
        "credit_hold": {"hold": {"any": {"days_past_due": 10, "overdue": "1000.00"}}},
    }


def test_an_override_that_joins_a_condition_the_other_way_replaces_it() -> None:
    found = load(
        """
        [policies.base.credit_hold]
        watch = { limit_used_pct = "80" }
        hold = { any = { days_past_due = 30 } }
        stop = { all = { days_past_due = 60, overdue = "500.00" } }
        [policies.strict]
        extends = "base"
        [policies.strict.credit_hold]
        watch = { all = { days_past_due = 5, overdue = "1.00" } }
        hold = { all = { days_past_due = 10, overdue = "1.00" } }
        stop = { any = { days_past_due = 40 } }
        """
    ).resolved("strict")
    assert found["credit_hold"] == {
        "watch": {"all": {"days_past_due": 5, "overdue": "1.00"}},
        "hold": {"all": {"days_past_due": 10, "overdue": "1.00"}},
        "stop": {"any": {"days_past_due": 40}},
    }


def test_a_policy_may_leave_out_what_it_inherits() -> None:
    found = load('[policies.p]\nextends = "firm"\nwithout = ["finance_charges", "credit_hold", "credit_review"]\n')
    assert set(found.rule_settings("p")) == {"overdue", "promises", "payer", "reminders", "escalation"}


def test_leaving_out_what_is_not_inherited_is_a_problem() -> None:
    (found,) = problems('[policies.p]\nextends = "gentle"\nwithout = ["finance_charges"]\n')
    assert found.startswith(
        '1.toml: [policies.p] without: "finance_charges" is not inherited; credit_hold, escalation,'
    )


def test_a_list_is_replaced_whole() -> None:
    text = """
        [policies.strict]
        extends = "standard"
        [policies.strict.reminders]
        levels = [{ at_days = 2, template = "firm" }]
        """
    assert load(text).resolved("strict")["reminders"]["levels"] == [{"at_days": 2, "template": "firm"}]


def test_a_policy_may_carry_the_name_of_the_pack_it_extends() -> None:
    found = load('[policies.standard]\nextends = "standard"\n[policies.standard.overdue]\ngrace_days = 9\n')
    assert found.resolved("standard")["overdue"] == {"tolerance": "0.10", "grace_days": 9}
    assert "reminders" in found.rule_settings("standard")


@pytest.mark.parametrize("name", pack_names())
def test_every_pack_is_good_enough_to_use_unchanged(name: str) -> None:
    found = load(f'[policies.mine]\nextends = "{name}"\n')
    assert {"overdue", "promises", "payer", "reminders", "credit_hold"} <= set(found.rule_settings("mine"))


def test_the_packs_of_the_contract_ship() -> None:
    assert set(pack_names()) >= {"gentle", "standard", "firm", "uk-statutory", "eu-statutory", "us-prompt-payment"}


SELECT = """
[select]
default = "d"
groups.trade = "g"
groups.vip = "v"
customers."C-77" = "c"
invoices."I-5" = "i"
[policies.d.payer]
[policies.g.payer]
[policies.v.payer]
[policies.c.payer]
[policies.i.payer]
"""


@pytest.mark.parametrize(
    ("who", "what", "policy"),
    [
        (customer("C-77", "trade"), invoice("I-5"), "i"),
        (customer("C-77", "trade"), invoice("I-6"), "c"),
        (customer("C-77", "trade"), None, "c"),
        (customer("C-1", "trade"), None, "g"),
        (customer("C-1", "vip", "trade"), None, "g"),
        (customer("C-1", "vip"), None, "v"),
        (customer("C-1", "other"), None, "d"),
        (customer("C-1"), invoice("I-6"), "d"),
    ],
)
def test_invoice_goes_over_customer_over_group_over_default(who: Customer, what: Invoice | None, policy: str) -> None:
    assert load(SELECT).select(who, what) == policy


def test_a_default_asked_for_stands_for_the_files_default_only() -> None:
    found = load(SELECT).with_default("v")
    assert found.select(customer("C-1")) == "v"
    assert found.select(customer("C-1", "trade")) == "g"


def test_what_a_connection_falls_back_on_counts_before_the_default_and_after_all_else() -> None:
    found = load(SELECT).serving({"acme": "v"})
    assert found.select(customer("C-1"), connection="acme") == "v"
    assert found.select(customer("C-1"), connection="other") == "d"
    assert found.select(customer("C-1", "trade"), connection="acme") == "g"
    assert found.version == load(SELECT).version


def test_what_select_says_of_a_connection_counts_before_what_it_falls_back_on() -> None:
    found = load(SELECT.replace("[select]", "[select]\nconnections.acme = 'g'")).serving({"acme": "v"})
    assert found.select(customer("C-1"), connection="acme") == "g"


@pytest.mark.parametrize(
    ("text", "default", "minds"),
    [
        ("select.default = 'uk-statutory'", None, True),
        ("select.countries.GB = 'uk-statutory'\nselect.default = 'standard'", None, True),
        ("", "uk-statutory", True),
        ("policies.p.extends = 'uk-statutory'", None, True),
        ("select.default = 'standard'", "standard", False),
    ],
)
def test_a_pack_that_governs_as_it_is_has_its_say_on_whoever_paid_late(
    text: str, default: str | None, *, minds: bool
) -> None:
    policies = load_policies([("p.toml", text)])
    assert (policies.with_default(default) if default else policies).minds_paid_up() is minds


def test_the_only_policy_governs_where_nothing_is_selected() -> None:
    assert load("[policies.only.payer]\n").select(customer()) == "only"
    assert load("[policies.one.payer]\n[policies.two.payer]\n").select(customer()) is None


def test_the_version_changes_with_the_rules_and_not_with_their_spelling() -> None:
    first = load("[policies.p.overdue]\ngrace_days = 3\nbusiness_days = true\n").version
    assert first.startswith("sha256:")
    assert load("# same\n[policies.p.overdue]\nbusiness_days = true\ngrace_days = 3\n").version == first
    assert load("[policies.p.overdue]\ngrace_days = 4\nbusiness_days = true\n").version != first


def test_the_version_changes_with_limits_references_and_the_order_of_groups() -> None:
    one = load('[policies.p.payer]\n[credit_limits]\ngroups.a = "1.00 USD"\ngroups.b = "2.00 USD"\n').version
    other = load('[policies.p.payer]\n[credit_limits]\ngroups.b = "2.00 USD"\ngroups.a = "1.00 USD"\n').version
    dated = load('[policies.p.payer]\n[references.pl]\nrates = [{ from = 2016-01-01, pct = "7" }]\n').version
    assert len({one, other, dated}) == 3


def test_the_schema_takes_the_contracts_rules_and_refuses_a_mistyped_key() -> None:
    judge = Draft202012Validator(schema())
    good = parse(
        """
        [select]
        default = "p"
        [policies.p]
        extends = "standard"
        [policies.p.credit_hold]
        watch = { limit_used_pct = "80" }
        hold = { any = { overdue = ["1.00 USD", "2.00"] } }
        [policies.p.reminders.send_window]
        from = "08:00"
        [credit_limits]
        groups.trade = "5000.00 USD"
        """
    )
    assert list(judge.iter_errors(json.loads(json.dumps(good)))) == []
    assert list(judge.iter_errors({"policies": {"p": {"overdue": {"graze_days": 3}}}}))
    assert list(judge.iter_errors({"policies": {"p": {"overdue": {"tolerance": 1}}}}))
