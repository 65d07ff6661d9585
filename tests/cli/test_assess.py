"""`syncd assess` and `syncd rules`, as a person and as a program call them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Syncd = Callable[..., Any]

BOOK: dict[str, Any] = {
    "as_of": "2025-03-31",
    "company": {"name": "Acme", "currency": "USD"},
    "customers": [{"ref": "C-1", "name": "Oak Ltd", "email": "ap@oak.example"}, {"ref": "C-2", "name": "Elm & Söhne"}],
    "invoices": [
        {
            "ref": "I-1",
            "number": "1001",
            "customer": "C-1",
            "issued_on": "2025-01-30",
            "due_on": "2025-03-01",
            "total": "1250.00 USD",
        }
    ],
    "payments": [
        {
            "ref": "P-1",
            "customer": "C-1",
            "received_on": "2025-03-10",
            "amount": "250.00 USD",
            "applied": [{"invoice": "I-1", "amount": "250.00 USD"}],
        }
    ],
}
RULES = """
[select]
default = "p"
[policies.p.overdue]
grace_days = 3
"""


@pytest.fixture
def book(tmp_path: Path) -> Path:
    path = tmp_path / "book.json"
    path.write_text(json.dumps(BOOK))
    return path


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    path = tmp_path / "rules.d" / "10.toml"
    path.parent.mkdir()
    path.write_text(RULES)
    return path


def test_a_person_reads_a_table_with_names_and_totals(syncd: Syncd, book: Path, rules: Path) -> None:
    ran = syncd("assess", "--book", book, "--rules", rules)
    assert (ran.code, ran.err) == (0, "")
    lines = [line.split() for line in ran.out.splitlines()]
    assert lines[0][:4] == ["Acme,", "as", "of", "2025-03-31,"]
    assert ["Oak", "Ltd", "good", "new", "0.00", "1,000.00", "0.00", "0.00", "0.00", "1,000.00", "0.00"] in lines
    assert ["total", "0.00", "1,000.00", "0.00", "0.00", "0.00", "1,000.00", "0.00"] in lines


def test_a_program_reads_json_that_is_the_same_on_every_run(syncd: Syncd, book: Path, rules: Path) -> None:
    first = syncd("assess", "--book", book, "--rules", rules.parent, "--json")
    assert first.out == syncd("assess", "--book", book, "--rules", rules, "--json").out
    assert list(json.loads(first.out)) == ["as_of", "policy_version", "customers", "promises", "decisions", "problems"]


def test_an_earlier_day_sees_the_balance_of_that_day(syncd: Syncd, book: Path, rules: Path) -> None:
    ran = syncd("assess", "--book", book, "--rules", rules, "--as-of", "2025-03-09", "--json")
    assert json.loads(ran.out)["customers"][0]["open"] == {"USD": "1250.00"}


def test_the_rules_of_the_configuration_serve_where_none_are_named(syncd: Syncd, book: Path, rules: Path) -> None:
    config = rules.parent.parent / "config.toml"
    config.write_text("")
    ran = syncd("assess", "--book", book, "--config", config, "--json")
    assert ran.code == 0
    assert syncd("--config", config, "assess", "--book", book, "--json").out == ran.out


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"customers": []}, 'no customer "C-1"'),
        ({"company": {"name": "Acme", "currency": "USD", "tax": 1}}, "tax"),
    ],
)
def test_a_book_that_does_not_hold_together_leaves_with_65(
    syncd: Syncd, book: Path, rules: Path, change: dict[str, Any], problem: str
) -> None:
    book.write_text(json.dumps(BOOK | change))
    ran = syncd("assess", "--book", book, "--rules", rules)
    assert (ran.code, ran.out) == (65, "")
    assert problem in ran.err


def test_rules_that_are_refused_leave_with_78_and_name_the_place(syncd: Syncd, book: Path, rules: Path) -> None:
    rules.write_text("[policies.p.overdue]\ngrace_day = 3\n")
    ran = syncd("assess", "--book", book, "--rules", rules)
    assert (ran.code, ran.out) == (78, "")
    assert ran.err.startswith(f"{rules}: [policies.p.overdue] grace_day: ")
    assert "grace_days" in ran.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["assess"], "--book"),
        (["assess", "--book", "nowhere.json"], "nowhere.json"),
        (["assess", "--as-of", "yesterday"], '"yesterday" is not a day such as 2025-03-31'),
        (["rules", "show"], "name a customer, or a policy with --policy"),
        (["rules", "shwo"], 'there is no command "shwo"; did you mean "show"?'),
        (["rules", "show", "--policy", "gentel"], 'there is no policy "gentel"; did you mean "gentle"?'),
    ],
)
def test_words_that_are_off_leave_with_2_and_say_which(
    syncd: Syncd, rules: Path, arguments: list[str], words: str
) -> None:
    given = [*arguments, "--rules", str(rules)] if "show" in arguments else arguments
    ran = syncd(*given)
    assert (ran.code, ran.out) == (2, "")
    assert words in ran.err


def test_a_policy_that_is_not_there_is_named(syncd: Syncd, book: Path, rules: Path) -> None:
    ran = syncd("assess", "--book", book, "--rules", rules, "--policy", "standart")
    assert (ran.code, ran.err) == (2, 'there is no policy "standart"; did you mean "standard"?\n')


@pytest.mark.parametrize("pack", ["standard", "gentle", "firm"])
def test_what_rules_show_prints_of_a_pack_is_a_rules_file(syncd: Syncd, rules: Path, pack: str) -> None:
    shown = syncd("rules", "show", "--policy", pack, "--rules", rules).out
    rules.write_text("\n".join(line.removeprefix("#") if " = " in line else line for line in shown.splitlines()))
    checked = syncd("rules", "check", rules)
    assert (checked.code, checked.err) == (0, "")


def test_a_shipped_pack_is_shown_before_anything_is_set_up(
    syncd: Syncd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SYNCD_CONFIG", str(tmp_path / "config.toml"))
    assert syncd("rules", "show", "--policy", "uk-statutory").out.startswith("# policy uk-statutory\n")
    ours = syncd("rules", "show", "--policy", "trade")
    assert (ours.code, "no such file; `syncd init` writes one" in ours.err) == (78, True)


def test_the_folder_of_a_configuration_is_told_from_its_rules(syncd: Syncd, book: Path, tmp_path: Path) -> None:
    syncd("init", tmp_path / "trial")
    for ask in (("assess", "--book", book, "--rules", tmp_path / "trial"), ("rules", "check", tmp_path / "trial")):
        ran = syncd(*ask)
        assert (ran.code, ran.err.count("\n")) == (2, 1)
        assert f"name the rules in it: {tmp_path}/trial/rules.d" in ran.err


def test_a_table_that_is_none_and_an_empty_list_are_told_in_plain_words(syncd: Syncd, tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text("[polices.p]\n[policies.p.reminders]\nlevels = []\n")
    assert syncd("rules", "check", tmp_path / "a.toml").err.splitlines() == [
        f'{tmp_path}/a.toml: polices: unknown table; did you mean "policies"?',
        f"{tmp_path}/a.toml: [policies.p.reminders] levels: the list is empty; write at least one entry",
    ]


def test_an_empty_rules_folder_is_refused(syncd: Syncd, book: Path, tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    ran = syncd("assess", "--book", book, "--rules", tmp_path / "none")
    assert (ran.code, ran.err) == (78, f"{tmp_path}/none: no *.toml file is in this folder\n")


def test_rules_check_lists_policies_and_the_rules_that_are_on(syncd: Syncd, rules: Path) -> None:
    ran = syncd("rules", "check", rules)
    assert (ran.code, ran.out) == (0, f"{rules}: right\npolicy p: overdue\n")


def test_rules_check_names_a_text_that_does_not_exist_by_the_configuration_or_by_what_ships(
    syncd: Syncd, rules: Path
) -> None:
    rules.write_text('[policies.p.reminders]\nlevels = [{ at_days = 1, template = "freindly" }]\n')
    ran = syncd("rules", "check", rules)
    assert ran.code == 0
    assert 'levels[1].template: there is no text called "freindly"; did you mean "friendly"?' in ran.out


def test_the_resolved_policy_of_a_customer_shows_every_default(syncd: Syncd, book: Path, rules: Path) -> None:
    ran = syncd("rules", "show", "Oak Ltd", "--book", book, "--rules", rules)
    assert ran.code == 0
    lines = ran.out.splitlines()
    assert lines[:3] == ["# policy p", "", "[policies.p.overdue]"]
    assert "grace_days = 3" in lines
    assert "#buckets = [30, 60, 90]" in lines


def test_what_rules_show_prints_is_a_rules_file(syncd: Syncd, book: Path, rules: Path) -> None:
    shown = syncd("rules", "show", "C-1", "--book", book, "--rules", rules).out
    rules.write_text("\n".join(line.removeprefix("#") if " = " in line else line for line in shown.splitlines()))
    assert syncd("rules", "check", rules).code == 0


def test_the_policy_of_a_customer_is_shown_by_its_name_in_any_case(syncd: Syncd, book: Path, rules: Path) -> None:
    name = json.loads(book.read_text())["customers"][0]["name"]
    shown = [syncd("rules", "show", word, "--book", book, "--rules", rules) for word in (name, name.upper())]
    assert [ran.code for ran in shown] == [0, 0]
    assert shown[0].out == shown[1].out


def test_a_customer_the_book_does_not_have_is_named(syncd: Syncd, book: Path, rules: Path) -> None:
    ran = syncd("rules", "show", "C-3", "--book", book, "--rules", rules)
    assert (ran.code, ran.err) == (2, f'{book} has no customer "C-3"; did you mean "C-2"?\n')


def test_the_schema_describes_each_rule(syncd: Syncd) -> None:
    schema = json.loads(syncd("rules", "schema").out)
    assert "overdue" in schema["$defs"]


SCENARIO = """
[rules.policies.p.overdue]
grace_days = 3
[[scenario]]
name = "five days late is overdue"
as_of = 2025-03-06
book.company = { name = "Acme", currency = "USD" }
book.customers = [{ ref = "C-1", name = "Oak Ltd" }]
book.invoices = [
  { ref = "I-1", number = "1", customer = "C-1", issued_on = 2025-01-30, due_on = 2025-03-01, total = "100.00 USD" },
]
expect.customers = [{ customer = "C-1", overdue = { USD = "100.00" }, oldest_days_past_due = 5 }]
"""


def test_scenarios_that_hold_leave_with_0(syncd: Syncd, tmp_path: Path) -> None:
    (tmp_path / "s.toml").write_text(SCENARIO)
    ran = syncd("rules", "test", tmp_path / "s.toml")
    assert (ran.code, ran.out) == (0, "1 of 1 scenarios come out as written\n")


def test_a_scenario_that_comes_out_otherwise_is_named_and_leaves_with_1(syncd: Syncd, tmp_path: Path) -> None:
    (tmp_path / "s.toml").write_text(SCENARIO.replace("past_due = 5", "past_due = 6"))
    ran = syncd("rules", "test", tmp_path / "s.toml")
    assert ran.code == 1
    assert "s.toml: five days late is overdue\n" in ran.out
    assert "0 of 1 scenarios" in ran.out
