"""What people record by command: promises, disputes, plans, contacts, holds, waivers, collectors; and each refusal."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.clocks import TODAY

Syncd = Callable[..., Any]

CONFIG = """
state_dir = "state"
[connections.acme]
kind = "file"
path = "books"
timezone = "UTC"
"""
RULES = """
[select]
default = "p"
[policies.p.overdue]
[policies.p.reminders]
levels = [{ at_days = 1, template = "friendly", channel = "letter" }]
[policies.p.credit_hold]
hold = { any = { days_past_due = 30 } }
[policies.p.finance_charges]
kind = "interest"
annual_pct = "18"
requires_terms = false
"""
NOW = f"today is {TODAY}"
NONE, READ = "no customer or invoice is called", "in what was read from acme"
NO_NUMBER = "is not a decimal number; write digits and a point only, such as 1250.00"
SEVERAL = "these invoices belong to several customers; record them one customer at a time"
TWO_CURRENCIES = "these invoices are in EUR and USD; record one currency at a time"


def day(days: int) -> str:
    return (TODAY + timedelta(days=days)).isoformat()


def invoice(ref: str, number: str, customer: str, late_days: int, total: str, **more: Any) -> dict[str, Any]:
    return {
        "ref": ref, "number": number, "customer": customer, "issued_on": day(-late_days - 30),
        "due_on": day(-late_days), "total": total, **more,
    }  # fmt: skip


def book() -> dict[str, Any]:
    return {
        "as_of": TODAY.isoformat(),
        "company": {"name": "Acme", "currency": "USD"},
        "customers": [
            {"ref": "C-1", "name": "Oak Ltd", "collector": "erin"},
            {"ref": "C-2", "name": "Elm Inc"},
            {"ref": "C-3", "name": "Ash"},
        ],
        "invoices": [
            invoice("I-1", "1001", "C-1", 40, "1000.00 USD"),
            invoice("I-2", "1002", "C-1", 5, "500.00 USD"),
            invoice("I-3", "1003", "C-1", -20, "70.00 USD"),
            invoice("I-4", "1004", "C-2", 5, "300.00 EUR"),
            invoice("I-5", "1005", "C-2", 5, "40.00 USD", status="paid", balance="0.00 USD"),
            invoice("I-6", "C-1", "C-2", 5, "10.00 USD"),
        ],
        "payments": [
            {
                "ref": "P-1", "customer": "C-2", "received_on": day(-1), "amount": "40.00 USD",
                "applied": [{"invoice": "I-5", "amount": "40.00 USD"}],
            }
        ],
    }  # fmt: skip


@pytest.fixture
def office(syncd: Syncd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "config.toml").write_text(CONFIG)
    (tmp_path / "rules.d").mkdir()
    (tmp_path / "rules.d" / "10.toml").write_text(RULES)
    (tmp_path / "books").mkdir()
    (tmp_path / "books" / "book.json").write_text(json.dumps(book()))
    monkeypatch.setenv("SYNCD_CONFIG", str(tmp_path / "config.toml"))
    assert syncd("pull").code == 0
    return tmp_path


def decisions(syncd: Syncd, kind: str) -> list[dict[str, Any]]:
    found = json.loads(syncd("plan", "--no-pull", "--json").out)["decisions"]
    return [one for one in found if one["kind"] == kind]


def asked(syncd: Syncd) -> dict[str, str]:
    return {one["customer"]: one["amounts"].get("USD", "") for one in decisions(syncd, "reminder")}


def audit(syncd: Syncd) -> list[tuple[str, str]]:
    return [(one["event"], one["who"]) for one in json.loads(syncd("audit", "--json").out)]


# --- promises ---


def test_a_promise_pauses_exactly_what_was_promised_and_is_written_down(syncd: Syncd, office: Path) -> None:
    assert asked(syncd)["C-1"] == "1500.00"
    ran = syncd("promise", "add", "1001", "--by", day(7), "--amount", "400", "--who", "dana")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == f"promise-1: 400.00 USD of 1001 promised for {day(7)}\n"
    assert asked(syncd)["C-1"] == "1100.00"
    assert ("promise.recorded", "dana") in audit(syncd)


def test_a_promise_is_listed_with_its_state_and_for_programs_as_a_book_file_has_it(syncd: Syncd, office: Path) -> None:
    syncd("promise", "add", "1001", "--by", day(7), "--who", "dana")
    line = " ".join(syncd("promise", "list", "oak ltd").out.splitlines()[1].split())
    assert line == f"promise-1 Oak Ltd all of 1001 by {day(7)} open dana {TODAY}"
    listed = json.loads(syncd("promise", "list", "--json").out)[0]
    assert (listed["connection"], listed["ref"], listed["status"]) == ("acme", "promise-1", "open")
    assert (listed["invoices"], listed["promised_on"], listed["made_on"]) == (["I-1"], day(7), day(0))


def test_a_promise_for_a_far_day_is_taken_only_where_it_is_meant(syncd: Syncd, office: Path) -> None:
    ran = syncd("promise", "add", "1001", "--by", "9999-12-31")
    assert (ran.code, ran.err.endswith("add --anyway if it is meant\n")) == (2, True)
    assert asked(syncd)["C-1"] == "1500.00"
    assert syncd("promise", "add", "1001", "--by", day(366)).code == 0
    assert syncd("promise", "add", "1002", "--by", day(367)).code == 2
    assert syncd("promise", "add", "1002", "--by", day(367), "--anyway").code == 0


def test_the_journal_of_a_customer_is_found_by_its_name(syncd: Syncd, office: Path) -> None:
    syncd("promise", "add", "1001", "--by", day(3))
    of = {word: json.loads(syncd("audit", "--customer", word, "--json").out) for word in ("Oak Ltd", "C-1", "Elm Inc")}
    assert of["Oak Ltd"] == of["C-1"] != []
    assert of["Elm Inc"] == []


def test_a_name_is_taken_in_any_case_and_a_near_one_is_answered_with_the_one_that_was_meant(
    syncd: Syncd, office: Path
) -> None:
    for ask in (("explain",), ("rules", "show"), ("audit", "--customer")):
        assert syncd(*ask, "oak ltd").out == syncd(*ask, "Oak Ltd").out
        nobody = syncd(*ask, "Oak Ldt")
        assert (nobody.code, nobody.out) == (2, "")
        assert nobody.err.endswith('; did you mean "Oak Ltd"?\n')


def test_a_customer_named_stands_for_everything_of_theirs_that_is_overdue(syncd: Syncd, office: Path) -> None:
    ran = syncd("promise", "add", "Oak Ltd", "--by", day(3), "--json")
    assert json.loads(ran.out)["invoices"] == ["I-1", "I-2"]


def test_a_withdrawn_promise_counts_no_more_and_stays_on_record(syncd: Syncd, office: Path) -> None:
    syncd("promise", "add", "1001", "--by", day(7))
    ran = syncd("promise", "withdraw", "1001")
    assert ran.out == f"promise-1: the promise for {day(7)} is withdrawn\n"
    assert asked(syncd)["C-1"] == "1500.00"
    assert syncd("promise", "list").out == "no promises\n"
    assert "withdrawn" in syncd("promise", "list", "--all").out


def test_a_second_promise_needs_the_first_to_be_withdrawn(syncd: Syncd, office: Path) -> None:
    syncd("promise", "add", "1001", "--by", day(7))
    ran = syncd("promise", "add", "1001", "1002", "--by", day(9))
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == (
        f"promise-1 for {day(7)} still runs on one of these invoices; "
        "add --instead, or run: syncd promise withdraw promise-1\n"
    )
    assert syncd("promise", "add", "1001", "1002", "--by", day(9), "--instead").code == 0
    states = {one["ref"]: one["status"] for one in json.loads(syncd("promise", "list", "--all", "--json").out)}
    assert states == {"promise-1": "withdrawn", "promise-2": "open"}


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        (["10011", "--by", day(3)], f'{NONE} "10011" {READ}; did you mean "1001"?'),
        (["Oak Lt", "--by", day(3)], f'{NONE} "Oak Lt" {READ}; did you mean "Oak Ltd"?'),
        (["C-1", "--by", day(3)], '"C-1" names more than one; write id:I-6 (invoice) or id:C-1 (customer)'),
        (["Ash", "--by", day(3)], "nothing of Ash is overdue; name the invoices that are meant"),
        (["1005", "--by", day(3)], "invoice 1005 is paid: nothing is open on it"),
        (["1001", "1004", "--by", day(3)], SEVERAL),
        (["1001", "--by", day(-1)], f"the promised day {day(-1)} is before {TODAY}, the day the promise was made"),
        (["1001", "--by", day(3), "--made", day(1)], f"a promise made on {day(1)} lies ahead: {NOW}"),
        (["1001", "--by", day(3), "--amount", "10 EUR"],
         "10.00 EUR is in another currency: what is open on 1001 is in USD"),
        (["1001", "--by", day(3), "--amount", "1000.01"],
         "1,000.01 USD is more than what is open on 1001: 1,000.00 USD"),
        (["1001", "--by", day(3), "--amount", "0"], "an amount must be above zero, not 0.00 USD"),
        (["1001", "--by", day(3), "--amount", "ten"], f'"ten" {NO_NUMBER}'),
        (["1001", "--by", day(3), "--amount", "1.001"], '"1.001" has more decimals than USD has'),
        (["1004", "C-1", "--by", day(3), "--amount", "5"], TWO_CURRENCIES),
    ],
)  # fmt: skip
def test_a_promise_that_cannot_be_is_refused_in_words(
    syncd: Syncd, office: Path, words: list[str], refusal: str
) -> None:
    ran = syncd("promise", "add", *words)
    assert (ran.code, ran.out, ran.err) == (2, "", f"{refusal}\n")
    assert syncd("promise", "list", "--all").out == "no promises\n"


def test_a_day_that_is_none_is_a_usage_error(syncd: Syncd, office: Path) -> None:
    ran = syncd("promise", "add", "1001", "--by", "friday")
    assert ran.code == 2
    assert '"friday" is not a day such as 2025-03-31' in ran.err


def test_ending_what_is_not_there_says_so(syncd: Syncd, office: Path) -> None:
    syncd("promise", "add", "1001", "--by", day(7))
    assert syncd("promise", "withdraw", "promise-11").err == (
        'no promise is recorded as or about "promise-11"; did you mean "promise-1"?\n'
    )
    assert syncd("promise", "withdraw", "1002").err == 'no promise is recorded as or about "1002"\n'
    syncd("promise", "withdraw", "promise-1")
    assert syncd("promise", "end", "promise-1").err == "promise-1 has come to its end already\n"
    syncd("promise", "add", "1001", "--by", day(7))
    syncd("promise", "add", "1002", "--by", day(7))
    assert syncd("promise", "withdraw", "Oak Ltd").err == (
        'more than one promise is about "Oak Ltd": promise-2, promise-3; name one of them\n'
    )


def test_a_word_about_an_invoice_ends_no_record_of_the_customer_with_the_same_id(syncd: Syncd, office: Path) -> None:
    """QuickBooks counts customers and invoices each from 1."""
    as_counted = json.dumps(book()).replace('"C-2"', '"2"').replace('"I-2"', '"2"')
    (office / "books" / "book.json").write_text(as_counted)
    (office / "config.toml").write_text(CONFIG.replace('"state"', '"another"'))
    assert syncd("pull").code == 0
    for about in ("Elm Inc", "1002"):
        assert syncd("silence", "add", about).code == 0
    assert syncd("silence", "end", "1002").out.startswith("silence-2")
    gone = syncd("silence", "end", "1002")
    assert (gone.code, gone.err) == (2, 'no silence is recorded as or about "1002"\n')
    assert [row["customer"] for row in json.loads(syncd("silence", "list", "--json").out)] == ["2"]


def test_listing_about_nobody_says_who_was_meant(syncd: Syncd, office: Path) -> None:
    ran = syncd("promise", "list", "Oak Ldt")
    assert ran.code == 2
    assert 'did you mean "Oak Ltd"?' in ran.err


def test_a_record_before_the_first_pull_says_what_to_do(
    syncd: Syncd, office: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (office / "fresh.toml").write_text(CONFIG.replace('"state"', '"elsewhere"'))
    ran = syncd("promise", "add", "1001", "--by", day(3), "--config", office / "fresh.toml")
    assert (ran.code, ran.err) == (75, "acme was never read; run: syncd pull --connection acme\n")


def test_an_invoice_that_is_in_two_connections_must_be_placed(syncd: Syncd, office: Path) -> None:
    (office / "config.toml").write_text(f'{CONFIG}[connections.b]\nkind = "file"\npath = "books"\ntimezone = "UTC"\n')
    syncd("pull")
    ran = syncd("promise", "add", "1001", "--by", day(3))
    assert (ran.code, ran.err) == (2, '"1001" is in acme and in b; say which with --connection\n')
    assert syncd("promise", "add", "1001", "--by", day(3), "--connection", "b").code == 0


def test_an_empty_line_parts_what_is_told_of_one_company_from_the_next(syncd: Syncd, office: Path) -> None:
    (office / "config.toml").write_text(f'{CONFIG}[connections.b]\nkind = "file"\npath = "books"\ntimezone = "UTC"\n')
    syncd("pull")
    for report in (("aging",), ("metrics",), ("explain", "Oak Ltd"), ("rules", "diff", "rules.d", "rules.d")):
        words = [office / word if word == "rules.d" else word for word in report]
        assert "\n\nb" in syncd(*words).out


# --- disputes ---


def test_a_dispute_leaves_out_what_is_contested_until_it_is_closed(syncd: Syncd, office: Path) -> None:
    ran = syncd("dispute", "add", "1002", "--amount", "50", "--reason", "short delivery", "--who", "dana")
    assert ran.out == f"dispute-1: 50.00 USD of 1002 contested from {TODAY}: short delivery\n"
    assert asked(syncd)["C-1"] == "1450.00"
    assert " ".join(syncd("dispute", "list").out.splitlines()[1].split()) == (
        f"dispute-1 Oak Ltd 50.00 USD of 1002 since {TODAY}: short delivery open dana {TODAY}"
    )
    assert syncd("dispute", "close", "1002").out == f"dispute-1: the dispute is closed as of {TODAY}\n"
    assert asked(syncd)["C-1"] == "1500.00"
    assert [event for event, _ in audit(syncd)] == ["dispute.opened", "dispute.closed"]


def test_the_same_dispute_is_filed_once(syncd: Syncd, office: Path) -> None:
    say = ("dispute", "add", "1002", "--amount", "50", "--reason", "short delivery")
    assert syncd(*say).code == 0
    again = syncd(*say)
    assert (again.code, again.err.partition(";")[0]) == (2, "dispute-1 says the very same already")
    assert syncd(*say[:-1], "another box").code == 0
    syncd("dispute", "close", "dispute-1")
    assert syncd(*say).code == 0


def test_no_more_can_be_contested_than_is_open(syncd: Syncd, office: Path) -> None:
    assert syncd("dispute", "add", "1002", "--amount", "500.01").err == (
        "500.01 USD is more than what is open and not contested of 1002: 500.00 USD\n"
    )
    syncd("dispute", "add", "1002", "--amount", "450")
    assert syncd("dispute", "add", "1002").err == (
        "450.00 USD of 1002 is contested already; say how much more with --amount\n"
    )
    syncd("dispute", "add", "1002", "--amount", "50")
    assert syncd("dispute", "add", "1002", "--amount", "1").err == "all of 1002 is contested already\n"
    ran = syncd("dispute", "close", "1002")
    assert (ran.code, ran.err) == (2, 'more than one dispute is about "1002": dispute-1, dispute-2; name one of them\n')


def test_a_dispute_is_sorted_by_a_word_of_the_list_or_one_of_the_office_s_own(syncd: Syncd, office: Path) -> None:
    ran = syncd("dispute", "add", "1001", "--amount", "10", "--code", "damged")
    refusal = 'no reason code "damged" (words of your own go under [disputes] in the rules); did you mean "damaged"?\n'
    assert (ran.code, ran.err) == (2, refusal)
    ran = syncd("dispute", "add", "1001", "--amount", "10", "--code", "damaged", "--reason", "two of ten")
    assert ran.out == f"dispute-1: 10.00 USD of 1001 contested from {day(0)} (damaged): two of ten\n"
    assert syncd("dispute", "add", "1001", "--amount", "5", "--code", "crane_hire").code == 2
    (office / "rules.d" / "20.toml").write_text('[disputes]\ncodes = ["crane_hire"]\n')
    assert syncd("dispute", "add", "1001", "--amount", "5", "--code", "crane_hire").code == 0
    rows = json.loads(syncd("dispute", "list", "--json").out)
    assert [row["code"] for row in rows] == ["damaged", "crane_hire"]


def test_a_dispute_closes_no_earlier_than_it_opened(syncd: Syncd, office: Path) -> None:
    syncd("dispute", "add", "1002", "--on", day(-2))
    assert syncd("dispute", "close", "dispute-1", "--on", day(-3)).err == (
        f"dispute-1 was opened on {day(-2)}; it cannot have closed on {day(-3)}\n"
    )
    assert syncd("dispute", "close", "dispute-1", "--on", day(1)).code == 2
    assert syncd("dispute", "add", "Oak Ltd").err.startswith('no invoice is called "Oak Ltd"')


# --- instalment plans ---


def test_a_plan_moves_reminders_to_its_own_dates(syncd: Syncd, office: Path) -> None:
    ran = syncd(
        "installment", "add", "1001", "1002", "--pay", f"{day(10)}=1000", "--pay", f"{day(40)}=500", "--who", "dana"
    )
    assert ran.out == (
        f"plan-1: 1,500.00 USD of 1001, 1002 in 2 parts: 1,000.00 USD on {day(10)}, 500.00 USD on {day(40)}\n"
    )
    assert "C-1" not in asked(syncd)
    assert syncd("installment", "end", "plan-1").out == (
        "plan-1: the plan is ended; the invoices' own dates count again\n"
    )
    assert asked(syncd)["C-1"] == "1500.00"


def test_equal_parts_add_up_to_the_cent(syncd: Syncd, office: Path) -> None:
    ran = syncd("installment", "add", "1002", "--parts", "3", "--first", day(1), "--json")
    rows = json.loads(ran.out)["schedule"]
    assert [row["amount"] for row in rows] == ["166.66 USD", "166.66 USD", "166.68 USD"]
    first = TODAY + timedelta(days=1)
    assert date.fromisoformat(rows[1]["due_on"]).month == first.month % 12 + 1


FAR = "the last part is due on 2062-01-01, more than ten years away: look at the year"


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        (["1001"], "write the schedule: --pay DATE=AMOUNT for each part, or --parts N --first DATE"),
        (["1001", "--pay", f"{day(1)}=999"], "the schedule adds up to 999.00 USD, but 1000.00 USD is open on 1001"),
        (["1001", "--pay", "2062-01-01=1000"], FAR),
        (["1001", "--pay", f"{day(-1)}=1000"], f"the first part is due on {day(-1)}, which has passed: {NOW}"),
        (["1001", "--pay", f"{day(2)}=500", "--pay", f"{day(1)}=500"], "the days of a schedule rise, each once"),
        (["1001", "--pay", f"{day(1)}=500 EUR"], "500.00 EUR is in another currency: the schedule is in USD"),
        (["1004", "C-1", "--pay", f"{day(1)}=310"], TWO_CURRENCIES),
    ],
)  # fmt: skip
def test_a_plan_that_does_not_add_up_is_refused_in_words(
    syncd: Syncd, office: Path, words: list[str], refusal: str
) -> None:
    ran = syncd("installment", "add", *words)
    assert (ran.code, ran.out, ran.err) == (2, "", f"{refusal}\n")


def test_a_plan_is_written_one_way_or_the_other(syncd: Syncd, office: Path) -> None:
    both = syncd("installment", "add", "1001", "--parts", "2", "--first", day(1), "--pay", f"{day(1)}=1000")
    half = syncd("installment", "add", "1001", "--parts", "2")
    wrong = syncd("installment", "add", "1001", "--pay", "soon")
    assert {both.code, half.code, wrong.code} == {2}
    assert "write either --pay DATE=AMOUNT for each part, or --parts N with --first DATE" in both.err
    assert '"soon" is not a day and an amount such as 2025-04-30=100.00' in wrong.err


def test_one_plan_at_a_time_covers_an_invoice(syncd: Syncd, office: Path) -> None:
    syncd("installment", "add", "1001", "--pay", f"{day(5)}=1000")
    assert syncd("installment", "add", "1001", "--pay", f"{day(6)}=1000").err == (
        "plan-1 covers one of these invoices; end it first: syncd installment end plan-1\n"
    )
    assert "in force" in syncd("installment", "list").out


# --- contacts and collectors ---


def test_a_contact_is_recorded_listed_and_removed(syncd: Syncd, office: Path) -> None:
    ran = syncd("contact", "add", "oak ltd", "--outcome", "will call back", "--invoice", "1001", "--who", "dana")
    assert ran.out == f"contact-1: Oak Ltd spoken with by phone on {TODAY}: will call back\n"
    assert " ".join(syncd("contact", "list", "1001").out.splitlines()[1].split()) == (
        f"contact-1 Oak Ltd phone on {TODAY} about 1001: will call back recorded dana {TODAY}"
    )
    assert syncd("contact", "remove", "contact-1").code == 0
    assert syncd("contact", "list", "--all").out == "no contacts\n"


def test_a_contact_about_a_strangers_invoice_or_tomorrow_is_refused(syncd: Syncd, office: Path) -> None:
    assert syncd("contact", "add", "Oak Ltd", "--invoice", "1004").err == "invoice 1004 is not one of Oak Ltd\n"
    assert syncd("contact", "add", "Oak Ltd", "--on", day(1)).err == (
        f"a contact on {day(1)} lies ahead: today is {TODAY}\n"
    )
    assert "'fax' is not one of" in syncd("contact", "add", "Oak Ltd", "--by", "fax").err


def test_a_persons_word_on_who_looks_after_a_customer_counts_before_the_books(syncd: Syncd, office: Path) -> None:
    assert syncd("assign", "add", "Oak Ltd", "dana").out == "assignment-C-1: Oak Ltd is looked after by dana\n"
    syncd("export", office / "out.json")
    customers = {one["ref"]: one for one in json.loads((office / "out.json").read_text())["customers"]}
    assert customers["C-1"]["collector"] == "dana"
    assert f"Oak Ltd dana since {TODAY}" in " ".join(syncd("assign", "list").out.split())
    assert syncd("assign", "end", "Oak Ltd").code == 0
    syncd("export", office / "out.json")
    customers = {one["ref"]: one for one in json.loads((office / "out.json").read_text())["customers"]}
    assert customers["C-1"]["collector"] == "erin"
    assert syncd("assign", "end", "Oak Ltd").err == 'no assignment is recorded as or about "Oak Ltd"\n'


# --- holds ---


def test_a_person_holds_and_releases_and_the_feed_follows(syncd: Syncd, office: Path) -> None:
    ran = syncd("hold", "add", "Elm Inc", "--state", "stop", "--until", day(9), "--reason", "fraud check")
    assert ran.out == f"hold-1: Elm Inc is on stop until {day(9)}\n"
    assert ran.err == "acme keeps no flag itself: the feed shows this\n"
    syncd("cycle")
    feed = json.loads((office / "state" / "stop-sell.json").read_text())["customers"]
    assert [(one["customer"], one["state"], one["reason"]) for one in feed] == [("C-2", "stop", "fraud check")]
    assert syncd("hold", "release", "Elm Inc").out == "hold-1: Elm Inc is released\n"
    syncd("cycle")
    assert json.loads((office / "state" / "stop-sell.json").read_text())["customers"] == []


def test_a_hold_that_begins_later_stops_nothing_yet_in_the_feed_either(syncd: Syncd, office: Path) -> None:
    hold = {"customer": "C-2", "state": "stop", "since": day(3)}
    (office / "books" / "book.json").write_text(json.dumps({**book(), "holds": [hold]}))
    syncd("cycle")
    assert json.loads((office / "state" / "stop-sell.json").read_text())["customers"] == []
    assert "not begun" in syncd("hold", "list").out


def test_of_several_holds_the_feed_shows_the_worst(syncd: Syncd, office: Path) -> None:
    holds = [{"customer": "C-2", "state": one, "since": day(-since)} for one, since in (("stop", 3), ("hold", 1))]
    (office / "books" / "book.json").write_text(json.dumps({**book(), "holds": holds}))
    syncd("cycle")
    [entry] = json.loads((office / "state" / "stop-sell.json").read_text())["customers"]
    assert (entry["customer"], entry["state"], entry["since"]) == ("C-2", "stop", day(-3))


def test_a_hold_placed_and_released_on_one_day_is_exported_and_read_again(syncd: Syncd, office: Path) -> None:
    syncd("hold", "add", "Elm Inc", "--state", "stop")
    syncd("hold", "release", "Elm Inc")
    syncd("export", office / "out.json")
    assert json.loads((office / "out.json").read_text())["holds"][0]["expires_on"] == day(-1)
    ran = syncd("import", "--check", office / "out.json")
    assert (ran.code, ran.err) == (0, "")


def test_a_release_keeps_the_rule_from_holding_again_on_the_same_facts(syncd: Syncd, office: Path) -> None:
    assert [one["to"] for one in decisions(syncd, "credit_state")] == ["hold"]
    ran = syncd("hold", "release", "Oak Ltd", "--until", day(14), "--reason", "agreed")
    assert ran.out == (
        f"hold-1: Oak Ltd is released until {day(14)}: what is late or owed today holds it no longer, "
        "only what comes after\n"
    )
    assert decisions(syncd, "credit_state") == []
    assert f"released since {TODAY} until {day(14)}: agreed in force" in " ".join(syncd("hold", "list").out.split())


def test_a_hold_after_a_release_is_a_persons_latest_word(syncd: Syncd, office: Path) -> None:
    syncd("hold", "release", "Oak Ltd")
    syncd("hold", "add", "Oak Ltd", "--state", "watch")
    states = {one["ref"]: one["status"] for one in json.loads(syncd("hold", "list", "--all", "--json").out)}
    assert states == {"hold-1": "ended", "hold-2": "in force"}
    assert syncd("hold", "add", "Nobody").code == 2
    assert syncd("hold", "add", "Ash", "--state", "frozen").code == 2


def test_a_hold_that_no_rule_carries_into_the_books_says_so(syncd: Syncd, office: Path) -> None:
    (office / "rules.d" / "10.toml").write_text('[select]\ndefault = "p"\n[policies.p.overdue]\n')
    ran = syncd("hold", "add", "Ash")
    assert (ran.code, ran.err) == (
        0,
        "policy p has no credit_hold table: only the stop-sell feed shows this, not the books\n",
    )


# --- which policy ---


def test_the_connection_chooses_the_policy_of_whom_nothing_closer_places(syncd: Syncd, office: Path) -> None:
    file = office / "rules.d" / "20.toml"
    file.write_text('[select]\nconnections.acme = "quiet"\nconnections.acne = "quiet"\n[policies.quiet.overdue]\n')
    assert asked(syncd) == {}
    assert "policy quiet" in syncd("explain", "Oak Ltd").out
    assert 'no connection of that name; did you mean "acme"?' in syncd("rules", "check").out
    assert "no connection of that name" not in syncd("rules", "check", office / "rules.d").out
    exported = office / "out.json"
    assert syncd("export", exported).code == 0
    ran = syncd("assess", "--book", exported, "--rules", office / "rules.d", "--json")
    assert {one["policy"] for one in json.loads(ran.out)["customers"]} == {"quiet"}


# --- time zones ---


def test_a_persons_word_on_where_a_customer_lives_counts_and_is_forgotten(syncd: Syncd, office: Path) -> None:
    ran = syncd("timezone", "add", "Oak Ltd", "Pacific/Auckland", "--who", "dana")
    assert ran.out == "timezone-C-1: Oak Ltd lives by the clock of Pacific/Auckland\n"
    line = " ".join(syncd("timezone", "list").out.splitlines()[1].split())
    assert line == f"timezone-C-1 Oak Ltd Pacific/Auckland since {TODAY} recorded dana {TODAY}"
    assert "lives by Pacific/Auckland" in syncd("explain", "Oak Ltd").out
    exported = json.loads(syncd("export", "-").out)["customers"]
    assert {one["ref"]: one.get("timezone") for one in exported}["C-1"] == "Pacific/Auckland"
    assert syncd("timezone", "end", "Oak Ltd").code == 0
    assert "timezone" not in json.loads(syncd("export", "-").out)["customers"][0]


def test_a_time_zone_nobody_knows_is_refused_with_the_one_that_was_meant(syncd: Syncd, office: Path) -> None:
    ran = syncd("timezone", "add", "Oak Ltd", "Pacific/Aukland")
    assert ran.code == 2
    assert '"Pacific/Aukland" is not an IANA timezone; did you mean "Pacific/Auckland"?' in ran.err


def test_a_time_zone_like_no_other_is_refused_with_an_example(syncd: Syncd, office: Path) -> None:
    ran = syncd("timezone", "add", "Oak Ltd", "Mars/Base")
    assert '"Mars/Base" is not an IANA timezone; write a name such as Europe/London' in ran.err
    assert 'did you mean "America/New_York"?' in syncd("timezone", "add", "Oak Ltd", "New York").err


# --- silences ---


def in_trade(syncd: Syncd, office: Path, **more: Any) -> None:
    """Elm Inc belongs to a group."""
    told = book() | more
    told["customers"][1]["groups"] = ["trade"]
    (office / "books" / "book.json").write_text(json.dumps(told))
    assert syncd("pull").code == 0


def test_nobody_is_reminded_until_the_day_that_was_said(syncd: Syncd, office: Path) -> None:
    assert "C-1" in asked(syncd)
    ran = syncd("silence", "add", "oak ltd", "--until", day(7), "--reason", "new office", "--who", "dana")
    assert (ran.code, ran.out) == (0, f"silence-1: nobody is reminded about Oak Ltd until {day(7)}\n")
    assert set(asked(syncd)) == {"C-2"}
    why = [one["reason"] for one in decisions(syncd, "skip") if one["subject"] == "I-1" and one["rule"] == "reminders"]
    assert why == [f"Silence about Oak Ltd until {day(7)}, since {TODAY}: new office."]
    assert ("silence.recorded", "dana") in audit(syncd)


def test_a_silence_is_listed_shown_in_status_and_explained(syncd: Syncd, office: Path) -> None:
    syncd("silence", "add", "1001", "--until", day(7), "--reason", "audit", "--who", "dana")
    said = f"no reminders about 1001 until {day(7)}: audit"
    line = " ".join(syncd("silence", "list").out.splitlines()[1].split())
    assert line == f"silence-1 Oak Ltd {said} in force dana {TODAY}"
    assert f"acme: silence-1: Oak Ltd, {said}" in syncd("status").out
    (shown,) = json.loads(syncd("status", "--json").out)[0]["silences"]
    assert (shown["ref"], shown["about"], shown["until"]) == ("silence-1", "Oak Ltd", day(7))
    assert said in " ".join(syncd("explain", "Oak Ltd").out.split())
    listed = json.loads(syncd("silence", "list", "--json").out)[0]
    assert (listed["invoice"], listed["until"], listed["reason"]) == ("I-1", day(7), "audit")


def test_a_silence_about_an_invoice_leaves_the_others(syncd: Syncd, office: Path) -> None:
    syncd("silence", "add", "1001")
    assert asked(syncd)["C-1"] == "500.00"


def test_a_group_keeps_silent_as_one_and_ends_by_its_name(syncd: Syncd, office: Path) -> None:
    in_trade(syncd, office)
    ran = syncd("silence", "add", "--group", "trade", "--until", day(7))
    assert ran.out == f"silence-1: nobody is reminded about the group trade until {day(7)}\n"
    assert set(asked(syncd)) == {"C-1"}
    assert "silence-1: group trade, no reminders to group trade until" in syncd("status").out
    assert "silence-1" in syncd("silence", "list", "Elm Inc").out
    assert syncd("silence", "list", "Oak Ltd").out == "no silences\n"
    assert {one["customer"] for one in json.loads(syncd("worklist", "--json").out)} == {"C-1"}
    assert syncd("silence", "end", "trade").code == 0
    assert set(asked(syncd)) == {"C-1", "C-2"}


def test_an_ended_silence_counts_no_more(syncd: Syncd, office: Path) -> None:
    syncd("silence", "add", "Oak Ltd")
    assert syncd("silence", "end", "Oak Ltd").out == (
        "silence-1: the silence is ended; reminders go on with the next pass\n"
    )
    assert "C-1" in asked(syncd)
    assert syncd("silence", "list", "--all").out == "no silences\n"


def test_the_later_word_about_the_same_takes_the_place_of_the_earlier(syncd: Syncd, office: Path) -> None:
    syncd("silence", "add", "Oak Ltd")
    syncd("silence", "add", "Oak Ltd", "--until", day(3))
    assert [one["until"] for one in json.loads(syncd("silence", "list", "--json").out)] == [day(3)]


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        ([], "name a customer or an invoice, or a group with --group"),
        (["Oak Ltd", "--group", "trade"], "name a customer or an invoice, or a group with --group"),
        (["Oak Ltd", "--until", day(-1)], f"the last day {day(-1)} has passed: {NOW}"),
        (["--group", "trad"], 'no customer is in a group "trad"; did you mean "trade"?'),
        (["1005"], "invoice 1005 is paid: nothing is open on it"),
    ],
)
def test_a_silence_that_cannot_be_is_refused_in_words(
    syncd: Syncd, office: Path, words: list[str], refusal: str
) -> None:
    in_trade(syncd, office)
    ran = syncd("silence", "add", *words)
    assert ran.code == 2
    assert refusal in ran.err


def test_a_silence_of_the_book_file_counts_and_is_ended_there(syncd: Syncd, office: Path) -> None:
    in_trade(syncd, office, silences=[{"ref": "S-1", "group": "trade", "since": day(-3), "reason": "merger"}])
    assert set(asked(syncd)) == {"C-1"}
    assert "S-1 stands in the book file" in syncd("silence", "end", "S-1").err


# --- waivers ---


def charged(syncd: Syncd) -> None:
    syncd("approve")
    syncd("cycle")


def test_a_waived_charge_is_credited_once_and_never_charged_again(syncd: Syncd, office: Path) -> None:
    charged(syncd)
    ran = syncd("waive", "add", "1001", "--reason", "goodwill", "--who", "dana")
    assert ran.code == 0
    assert ran.out.endswith("waived; the credit goes out with the next pass\n")
    planned = next(one for one in decisions(syncd, "charge_reversal"))
    assert (planned["rule"], planned["status"]) == ("waive", "planned")
    assert planned["reason"].startswith("dana waived 19.73 USD of charge")
    syncd("cycle")
    syncd("cycle")
    lines = [json.loads(line) for line in (office / "books" / "outbox.jsonl").read_text().splitlines()]
    credits_made = [line for line in lines if line["verb"] == "create_credit_note"]
    assert [line["operation"]["amount"] for line in credits_made] == ["19.73 USD"]
    assert decisions(syncd, "finance_charge") == []
    assert " done " in syncd("waive", "list", "--all").out
    assert syncd("explain", "Oak Ltd").out.count("waiver of a charge") == 1
    assert "charge waived by dana: 19.73 USD, charge " in syncd("audit").out
    assert "credited: waiver of 19.73 USD, invoice 1001" in syncd("audit").out
    assert syncd("waive", "withdraw", "nobody").err.startswith('no waiver is recorded as or about "nobody"')
    gone = syncd("waive", "withdraw", "1001")
    assert gone.err == f"the credit of {planned['key']} is done; what the customer has was given\n"
    assert syncd("waive", "add", "1001").err.startswith('no charge of ours stands on "1001"')


def test_a_waiver_is_taken_back_before_its_credit_went_out(syncd: Syncd, office: Path) -> None:
    charged(syncd)
    syncd("waive", "add", "1001", "--amount", "5")
    assert syncd("waive", "withdraw", "Oak Ltd").code == 0
    assert decisions(syncd, "charge_reversal") == []
    assert syncd("waive", "list", "--all").out == "no waivers\n"


def test_waivers_that_cannot_be_are_refused_in_words(syncd: Syncd, office: Path) -> None:
    assert syncd("waive", "add", "1003").err == (
        'no charge of ours stands on "1003": nothing was charged, or all of it was given back or waived\n'
    )
    charged(syncd)
    too_much = syncd("waive", "add", "1001", "--amount", "20")
    assert too_much.code == 2
    assert too_much.err.endswith(": 19.73 USD\n")
    assert syncd("waive", "add", "4711").err.startswith('no invoice is called "4711"')


# --- what stands in the book file ---


def test_what_every_pull_brings_anew_is_changed_where_it_stands(syncd: Syncd, office: Path) -> None:
    promise = {"ref": "PR-9", "customer": "C-1", "invoices": ["I-1"], "made_on": day(-1), "promised_on": day(5)}
    hold = {"customer": "C-2", "state": "hold", "since": day(-3), "origin": "person"}
    more = {"promises": [promise], "holds": [hold]}
    (office / "books" / "book.json").write_text(json.dumps(book() | more))
    syncd("pull")
    refusal = "stands in the book file, which every pull reads again; change it there\n"
    assert syncd("promise", "withdraw", "1001").err == f"PR-9 {refusal}"
    assert syncd("hold", "release", "Elm Inc").err == f"C-2/person {refusal}"
    assert syncd("hold", "add", "Elm Inc", "--state", "stop").code == 0
    assert syncd("promise", "add", "1001", "--by", day(9), "--instead").err == f"PR-9 {refusal}"


# --- what a person reads ---


def test_the_plan_counts_what_is_not_done_and_shows_it_when_asked(syncd: Syncd, office: Path) -> None:
    short, full = syncd("plan").out, syncd("plan", "--silences").out
    assert "--silences gives the reasons" in short
    assert "Not done" not in short
    assert "past due (hold: 30 or more)." in full


def test_the_plan_says_nothing_about_what_is_paid(syncd: Syncd, office: Path) -> None:
    subjects = {one["subject"] for one in decisions(syncd, "skip")}
    assert "I-3" in subjects
    assert "I-5" not in subjects
    assert "1005" not in syncd("plan", "--silences").out


def test_explain_speaks_in_names_and_numbers_and_shows_what_people_recorded(syncd: Syncd, office: Path) -> None:
    syncd("promise", "add", "1002", "--by", day(7), "--amount", "400")
    syncd("hold", "add", "Oak Ltd", "--reason", "cheque bounced")
    syncd("contact", "add", "Oak Ltd", "--outcome", "promised")
    charged(syncd)
    out = syncd("explain", "Oak Ltd").out
    for ref in ("I-1", "I-2", "I-3", "C-1 "):
        assert ref not in out
    assert out.startswith(f"acme, {TODAY}: Oak Ltd\nOak Ltd: policy p, credit state hold, pays new, collector erin\n")
    assert "1,570.00 USD open, 1,500.00 USD overdue; the oldest is 40 days past due" in out
    assert f"400.00 USD of 1002 by {day(7)}" in out
    assert "cheque bounced" in out
    assert "finance charge: 19.73 USD" in out
    assert "contact by phone: promised" in out
    assert "What comes next" in out
    one = syncd("explain", "1002").out
    assert "1001" not in one.partition("What was done")[0]


def test_aging_sums_by_group_and_collector_to_the_same_total(syncd: Syncd, office: Path) -> None:
    customers, collectors = (
        json.loads(syncd("aging", "--by", by, "--json").out)[0] for by in ("customer", "collector")
    )
    assert customers["totals"] == collectors["totals"]
    assert set(customers["totals"]) == {"EUR", "USD"}
    rows = {row["collector"]: row["open"] for row in collectors["collectors"]}
    assert rows == {"erin": {"USD": "1570.00"}, None: {"EUR": "300.00", "USD": "10.00"}}
    lines = [" ".join(line.split()) for line in syncd("aging", "--by", "group").out.splitlines()]
    assert "Receivables in EUR by group" in lines
    assert "no group 70.00 510.00 1,000.00 0.00 0.00 1,580.00 0.00" in lines
