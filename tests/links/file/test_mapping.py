"""The book file: what is read, and every refusal with its place."""

from __future__ import annotations

import copy
import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from connectors.errors import BookRefused
from connectors.file.mapping import book_from, document_of
from connectors.file.read import read_book
from rules.domain.facts import Invoice
from rules.domain.money import Money

# The example of the contract, section 3, word for word.
EXAMPLE: dict[str, Any] = json.loads("""
{
  "as_of": "2025-03-31",
  "company":      {"name": "Acme", "currency": "USD", "timezone": "America/Los_Angeles",
                   "country": "US", "region": "NV"},
  "rates":        [{"from": "EUR", "to": "USD", "on": "2025-03-01", "rate": "1.08"}],
  "customers":    [{"ref": "C-1", "name": "Oak Ltd", "parent": null, "email": "ap@oak.example", "groups": ["trade"],
                    "country": "US", "credit_limit": "5000.00 USD", "kind": "business", "collector": "dana",
                    "since": "2021-05-01", "terms_accepted_on": "2021-05-01", "do_not_contact": false}],
  "invoices":     [{"ref": "I-1", "number": "1001", "customer": "C-1", "issued_on": "2025-01-30",
                    "due_on": "2025-03-01", "total": "1250.00 USD", "tax": "0.00 USD", "balance": "1000.00 USD",
                    "status": "open", "origin": null, "discount": {"pct": "2", "until": "2025-02-09"},
                    "installments": [{"due_on": "2025-03-01", "amount": "1250.00 USD"}]}],
  "payments":     [{"ref": "P-1", "customer": "C-1", "received_on": "2025-03-10", "entered_on": "2025-03-12",
                    "amount": "240.00 USD", "applied": [{"invoice": "I-1", "amount": "240.00 USD"}],
                    "reversed_on": null}],
  "credit_notes": [{"ref": "CN-1", "customer": "C-1", "issued_on": "2025-03-05", "amount": "10.00 USD",
                    "applied": [{"invoice": "I-1", "amount": "10.00 USD", "on": "2025-03-05"}]}],
  "promises":     [{"ref": "PR-1", "customer": "C-1", "invoices": ["I-1"], "made_on": "2025-03-25",
                    "promised_on": "2025-04-04", "amount": "400.00 USD"}],
  "disputes":     [{"ref": "D-1", "invoice": "I-1", "opened_on": "2025-03-15", "amount": "50.00 USD",
                    "reason": "short delivery", "closed_on": null}],
  "installment_plans": [],
  "holds":        [{"customer": "C-1", "state": "watch", "since": "2025-03-20", "origin": "person",
                    "expires_on": null}],
  "history":      [{"kind": "reminder", "customer": "C-1", "invoice": "I-1", "level": 2, "on": "2025-03-03"},
                   {"kind": "finance_charge", "customer": "C-1", "invoice": "I-1", "charge": "I-9",
                    "from": "2025-03-02", "to": "2025-03-15", "amount": "7.99 USD", "interest": "7.99 USD",
                    "computed": "7.99 USD"},
                   {"kind": "charge_reversal", "customer": "C-1", "invoice": "I-1", "charge": "I-9",
                    "on": "2025-03-20", "amount": "0.50 USD"},
                   {"kind": "waiver", "customer": "C-1", "invoice": "I-1", "charge": "I-9", "on": "2025-03-21",
                    "amount": "1.00 USD"},
                   {"kind": "contact", "customer": "C-1", "channel": "phone", "on": "2025-03-25",
                    "outcome": "promise"}]
}
""")


@pytest.fixture
def document() -> dict[str, Any]:
    return copy.deepcopy(EXAMPLE)


def problems(document: dict[str, Any]) -> tuple[str, ...]:
    with pytest.raises(BookRefused) as refused:
        book_from(document, "book.json")
    return refused.value.problems


def only_problem(document: dict[str, Any]) -> str:
    found = problems(document)
    assert len(found) == 1, found
    return found[0]


def invoice_of(document: dict[str, Any]) -> Invoice:
    return book_from(document, "book.json").invoices[0]


def test_the_contracts_example_is_read_and_written_back_with_the_same_keys(document: dict[str, Any]) -> None:
    book = book_from(document, "book.json")
    assert book.as_of == date(2025, 3, 31)
    assert book.customers[0].credit_limit == Money(Decimal(5000), "USD")
    written = document_of(book)
    assert book_from(json.loads(json.dumps(written)), "again.json") == book
    assert {**document, **{name: written[name] for name in document}} == written


def test_a_book_needs_only_its_day_and_its_currency() -> None:
    book = book_from({"as_of": date(2025, 3, 31), "company": {"currency": "GBP"}}, "b.toml")
    assert book.invoices == ()
    assert book.company.timezone == "UTC"


def test_a_balance_left_out_is_the_total_less_what_is_applied(document: dict[str, Any]) -> None:
    del document["invoices"][0]["balance"]
    assert invoice_of(document).balance == Money(Decimal("1000.00"), "USD")


def test_a_payment_received_or_entered_after_the_books_day_is_not_in_its_balances(document: dict[str, Any]) -> None:
    del document["invoices"][0]["balance"]
    document["payments"][0]["entered_on"] = "2025-04-01"
    assert invoice_of(document).balance == Money(Decimal("1240.00"), "USD")


def test_a_payment_reversed_by_the_books_day_leaves_the_invoice_open(document: dict[str, Any]) -> None:
    document["payments"][0]["reversed_on"] = "2025-03-20"
    assert "leaves 1240.00 USD" in only_problem(document)
    document["invoices"][0]["balance"] = "1240.00"
    assert invoice_of(document).balance == Money(Decimal(1240), "USD")


def test_a_voided_credit_note_takes_nothing_off(document: dict[str, Any]) -> None:
    document["credit_notes"][0]["voided"] = True
    document["invoices"][0]["balance"] = "1010.00"
    assert invoice_of(document).balance == Money(Decimal(1010), "USD")


def test_a_bare_amount_is_in_the_companys_currency(document: dict[str, Any]) -> None:
    document["company"]["currency"] = "EUR"
    document["customers"][0]["credit_limit"] = "5000.00"
    limit = book_from(document, "b").customers[0].credit_limit
    assert limit == Money(Decimal(5000), "EUR")


def test_an_invoice_without_a_number_is_called_by_its_ref(document: dict[str, Any]) -> None:
    del document["invoices"][0]["number"]
    assert invoice_of(document).number == "I-1"


def test_a_balance_that_does_not_add_up_is_refused_with_the_sums(document: dict[str, Any]) -> None:
    document["invoices"][0]["balance"] = "900.00 USD"
    assert only_problem(document) == (
        "book.json: invoices[0] (I-1).balance: 900.00 USD does not add up: total 1250.00 USD less 250.00 USD applied "
        "by 2025-03-31 leaves 1000.00 USD"
    )


def test_sums_of_a_voided_invoice_are_not_checked(document: dict[str, Any]) -> None:
    document["invoices"][0].update(balance="0.00", status="voided")
    assert invoice_of(document).status == "voided"


def test_a_voided_invoice_without_a_balance_has_nothing_open(document: dict[str, Any]) -> None:
    document["invoices"][0].update(status="voided")
    del document["invoices"][0]["balance"]
    assert not invoice_of(document).balance


def test_an_invoice_said_to_be_paid_with_something_open_is_refused(document: dict[str, Any]) -> None:
    document["invoices"][0]["status"] = "paid"
    assert 'it says "paid", but 1000.00 USD of 1250.00 USD is on no payment' in only_problem(document)


@pytest.mark.parametrize("balance", ["1250.00 USD", None])
def test_an_invoice_said_to_be_paid_on_which_nobody_paid_is_refused(
    document: dict[str, Any], balance: str | None
) -> None:
    document["invoices"][0].update(status="paid", balance=balance)
    document["payments"] = document["credit_notes"] = []
    assert 'it says "paid", but 1250.00 USD of 1250.00 USD is on no payment' in only_problem(document)


@pytest.mark.parametrize("balance", ["25.00 USD", "0.00 USD"])
def test_an_earned_discount_may_stay_as_a_rest_or_be_gone(document: dict[str, Any], balance: str) -> None:
    document["credit_notes"] = []
    document["payments"][0].update(received_on="2025-02-09", entered_on=None, amount="1225.00", applied=[
        {"invoice": "I-1", "amount": "1225.00"}])  # fmt: skip
    document["invoices"][0].update(balance=balance, status="paid")
    assert invoice_of(document).balance.digits == balance.split(maxsplit=1)[0]


def test_a_discount_taken_a_day_too_late_is_still_open(document: dict[str, Any]) -> None:
    document["credit_notes"] = []
    document["payments"][0].update(received_on="2025-02-10", entered_on=None, amount="1225.00", applied=[
        {"invoice": "I-1", "amount": "1225.00"}])  # fmt: skip
    document["invoices"][0]["balance"] = "0.00 USD"
    assert "leaves 25.00 USD" in only_problem(document)


REFUSALS: list[tuple[str, list[str | int], object, str]] = [
    ("a float", ["payments", 0, "amount"], 240.0,
     'payments[0] (P-1).amount: write it as the string "240.00 USD", not as the bare number 240.0'),
    ("a float kept as written", ["invoices", 0, "total"], Decimal("1250.5"),
     'invoices[0] (I-1).total: write it as the string "1250.50 USD", not as the bare number 1250.5'),
    ("a bare integer", ["invoices", 0, "total"], 1250,
     'invoices[0] (I-1).total: write it as the string "1250.00 USD", not as the bare number 1250'),
    ("a bare rate", ["rates", 0, "rate"], 1.08, 'rates[0].rate: write it as the string "1.08"'),
    ("a negative amount", ["invoices", 0, "total"], "-5.00 USD",
     "invoices[0] (I-1).total: -5.00 USD is below zero; amounts in a book never are"),
    ("thousands marks", ["invoices", 0, "total"], "1,250.00 USD", '"1,250.00" is not a decimal number'),
    ("too many decimals", ["invoices", 0, "total"], "1250.001 USD", "more decimals than USD has"),
    ("an endless number", ["invoices", 0, "total"], "9" * 60, "is too long a number"),
    ("no currency of this world", ["invoices", 0, "total"], "1250.00 USX",
     '"USX" is not a currency code; did you mean "USD"?'),
    ("a lower-case currency", ["company", "currency"], "usd",
     'company.currency: "usd" is not a currency code; did you mean "USD"?'),
    ("an unknown customer", ["invoices", 0, "customer"], "C-11",
     'invoices[0] (I-1).customer: there is no customer "C-11" in this book; did you mean "C-1"?'),
    ("an unknown invoice", ["payments", 0, "applied", 0, "invoice"], "X",
     'payments[0] (P-1).applied[0].invoice: there is no invoice "X" in this book'),
    ("an unknown invoice in history", ["history", 0, "invoice"], "I-7",
     'history[0].invoice: there is no invoice "I-7" in this book; did you mean "I-1"?'),
    ("an unknown promised invoice", ["promises", 0, "invoices"], ["I-1", "Z"], "promises[0] (PR-1).invoices[1]: there"),
    ("an unknown customer held", ["holds", 0, "customer"], "nobody", 'holds[0].customer: there is no customer "no'),
    ("another currency applied", ["payments", 0, "applied", 0, "amount"], "240.00 EUR",
     "applied[0].amount: 240.00 EUR is in another currency than I-1, which is in USD"),
    ("more applied than paid", ["payments", 0, "amount"], "239.99 USD",
     "payments[0] (P-1).applied: 240.00 USD is applied, more than the amount, 239.99 USD"),
    ("more credited than the note", ["credit_notes", 0, "amount"], "9.00", "10.00 USD is applied, more than"),
    ("instalments that miss the total", ["invoices", 0, "installments", 0, "amount"], "1249.00",
     "invoices[0] (I-1).installments: they add up to 1249.00 USD, the total is 1250.00 USD"),
    ("tax above the total", ["invoices", 0, "tax"], "1250.01", "tax: 1250.01 USD is more than the total, 1250.00 USD"),
    ("a balance in another currency", ["invoices", 0, "balance"], "1000.00 EUR", "balance: 1000.00 EUR is in another"),
    ("a dispute in another currency", ["disputes", 0, "amount"], "50.00 EUR", "disputes[0] (D-1).amount: 50.00 EUR is"),
    ("a promise in another currency", ["promises", 0, "amount"], "50.00 EUR", "promises[0] (PR-1).amount: 50.00 EUR"),
    ("a charge in another currency", ["history", 2, "amount"], "0.50 EUR", "history[2].amount: 0.50 EUR is in another"),
    ("a day that does not exist", ["as_of"], "2025-02-30", 'as_of: "2025-02-30" is not a day of the calendar'),
    ("an American day", ["invoices", 0, "due_on"], "3/1/2025", 'year-month-day such as 2025-03-31, not "3/1/2025"'),
    ("a week date", ["invoices", 0, "due_on"], "2025-W09-6", "year-month-day such as 2025-03-31"),
    ("a promise for yesterday", ["promises", 0, "promised_on"], "2025-03-24",
     "promises[0] (PR-1).promised_on: 2025-03-24 is before made_on 2025-03-25"),
    ("a charge backwards", ["history", 1, "to"], "2025-03-01", "history[1].to: 2025-03-01 is before from 2025-03-02"),
    ("a misspelt key", ["invoices", 0, "due_no"], "2025-03-01",
     'invoices[0] (I-1).due_no: there is no such key; did you mean "due_on"?'),
    ("a misspelt list", ["invoces"], [], 'invoces: there is no such key; did you mean "invoices"?'),
    ("a customer of its own", ["customers", 0, "parent"], "C-1",
     "customers[0] (C-1).parent: the billing parents go round in a circle: C-1 -> C-1"),
    ("a state of no such name", ["holds", 0, "state"], "stopp",
     'holds[0].state: this is one of good, watch, hold, stop, not "stopp"; did you mean "stop"?'),
    ("a kind of no such name", ["history", 0, "kind"], "reminders", 'did you mean "reminder"?'),
    ("no kind", ["history", 0, "kind"], None, "history[0].kind: this is missing"),
    ("a level of zero", ["history", 0, "level"], 0, "history[0].level: this must be a whole number from 1 on"),
    ("a number for a ref", ["invoices", 0, "number"], 1001, 'invoices[0] (I-1).number: write it in quotes, "1001"'),
    ("a word for a flag", ["customers", 0, "do_not_contact"], "no", 'this is true or false, not "no"'),
    ("a customer that is a list", ["customers", 0], [], "customers[0]: this must be a table of keys and values"),
    ("invoices that are a table", ["invoices"], {}, "invoices: this must be a list"),
    ("a zone of no such name", ["company", "timezone"], "America/Nowhere", '"America/Nowhere" is not an IANA timezone'),
    ("no company", ["company"], None, "company: this is missing"),
    ("no day", ["as_of"], None, "as_of: this is missing"),
    ("an empty ref", ["payments", 0, "ref"], " ", "ref: this must not be empty"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "path", "value", "said"), REFUSALS, ids=[row[0] for row in REFUSALS])
def test_is_refused_with_its_place(
    document: dict[str, Any], what: str, path: list[str | int], value: object, said: str
) -> None:
    inside: Any = document
    for step in path[:-1]:
        inside = inside[step]
    inside[path[-1]] = value
    found = problems(document)
    assert any(said in problem for problem in found), (what, found)
    assert all(problem.startswith("book.json: ") for problem in found)


def test_all_problems_are_told_at_once_and_each_once(document: dict[str, Any]) -> None:
    document["payments"][0]["amount"] = 240.0
    document["invoices"].append({**document["invoices"][0], "balance": "7.00", "installments": []})
    document["customers"].append({"ref": "C-1", "name": "Twice"})
    document["disputes"][0]["invoice"] = "I-3"
    found = problems(document)
    assert len(found) == 4, found
    assert any('invoices[1] (I-1).ref: "I-1" is used 2 times, first at invoices[0] (I-1)' in said for said in found)
    assert any('customers[1] (C-1).ref: "C-1" is used 2 times' in said for said in found)


@pytest.mark.parametrize(
    ("wrong", "also"),
    [
        ({"as_of": "2025-02-30"}, {"twice", "unknown", "installments"}),
        ({"company": None}, {"twice", "unknown"}),  # a bare amount has no currency then, so sums are not judged
    ],
)
def test_a_wrong_day_or_company_hides_no_other_problem(wrong: dict[str, Any], also: set[str]) -> None:
    row = {"ref": "I-1", "customer": "C-9", "issued_on": "2025-01-30", "due_on": "2025-03-01", "total": "10.00"}
    parts = [{"due_on": "2025-03-01", "amount": "9.00"}]
    document = {
        "as_of": "2025-03-31",
        "company": {"currency": "USD"},
        "customers": [{"ref": "C-1", "name": "Oak"}, {"ref": "C-1", "name": "Oak"}],
        "invoices": [{**row, "installments": parts}],
        **wrong,
    }
    with pytest.raises(BookRefused) as refused:
        book_from(document, "b.json")
    told = "\n".join(refused.value.problems)
    marks = {
        "twice": '"C-1" is used 2 times',
        "unknown": 'there is no customer "C-9"',
        "installments": "they add up to 9.00 USD, the total is 10.00 USD",
    }
    assert {name for name, words in marks.items() if words in told} == also


def test_a_circle_of_parents_is_told_once(document: dict[str, Any]) -> None:
    document["customers"] = [
        {"ref": "C-1", "name": "A", "parent": "C-2"},
        {"ref": "C-2", "name": "B", "parent": "C-3"},
        {"ref": "C-3", "name": "C", "parent": "C-1"},
        {"ref": "C-4", "name": "D", "parent": "C-1"},
    ]
    assert "C-1 -> C-2 -> C-3 -> C-1" in only_problem(document)


PLAN: dict[str, Any] = {
    "ref": "IP-1",
    "customer": "C-1",
    "invoices": ["I-1"],
    "made_on": "2025-03-10",
    "schedule": [{"due_on": "2025-04-01", "amount": "620.00"}, {"due_on": "2025-05-01", "amount": "620.00"}],
}


def test_a_plan_sums_to_what_was_open_the_day_it_was_made(document: dict[str, Any]) -> None:
    document["installment_plans"] = [copy.deepcopy(PLAN)]
    assert book_from(document, "b").installment_plans[0].schedule[1].due_on == date(2025, 5, 1)
    document["installment_plans"][0]["made_on"] = "2025-03-20"
    assert only_problem(document) == (
        "book.json: installment_plans[0] (IP-1).schedule: it adds up to 1240.00 USD, but 1000.00 USD was open on I-1 "
        "on 2025-03-20"
    )


def test_a_payment_may_stand_in_its_own_currency_only_on_invoices_of_that_currency(document: dict[str, Any]) -> None:
    document["payments"][0].update(amount="240.00 EUR", applied=[{"invoice": "I-1", "amount": "240.00 EUR"}])
    assert any("240.00 EUR is in another currency than I-1" in said for said in problems(document))


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def said_of(path: Path) -> str:
    with pytest.raises(BookRefused) as refused:
        read_book(path)
    return str(refused.value)


def test_json_and_toml_with_the_same_names_give_the_same_book(tmp_path: Path) -> None:
    as_json = write(tmp_path / "b.json", '{"as_of": "2025-03-31", "company": {"currency": "USD"}}')
    as_toml = write(tmp_path / "b.toml", 'as_of = 2025-03-31\ncompany = {currency = "USD"}\n')
    assert read_book(as_json) == read_book(as_toml)


def test_a_number_with_a_point_is_shown_as_it_should_be_written(tmp_path: Path) -> None:
    customer = '{"ref": "C", "name": "C", "credit_limit": 1e3}'
    body = f'{{"as_of": "2025-03-31", "company": {{"currency": "JPY"}}, "customers": [{customer}]}}'
    assert said_of(write(tmp_path / "b.json", body)) == (
        'b.json: customers[0] (C).credit_limit: write it as the string "1000 JPY", not as the bare number 1E+3'
    )


def test_a_half_written_file_is_refused_with_its_line(tmp_path: Path) -> None:
    whole = json.dumps(EXAMPLE, indent=1)
    assert "b.json: line 12, column" in said_of(write(tmp_path / "b.json", "\n".join(whole.splitlines()[:12])))
    assert "line 2" in said_of(write(tmp_path / "b.toml", 'as_of = 2025-03-31\ncompany = {currency = "U'))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[]", "a book is one JSON object"),
        ('{"as_of": 1, "as_of": 2}', 'the key "as_of" stands twice in one table'),
        ("[" * 100_000, "nested too deep"),
        ('{"as_of": NaN}', "as_of: write a day as year-month-day such as 2025-03-31, not the bare number NaN"),
        ('{"as_of": ' + "9" * 5000 + "}", "as_of: write a day as year-month-day"),
        ("", "b.json: line 1, column 1: this is not whole JSON"),
    ],
)
def test_odd_json_is_refused_in_words(tmp_path: Path, text: str, said: str) -> None:
    assert said in said_of(write(tmp_path / "b.json", text))


def test_files_that_are_no_books_are_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "latin.json").write_bytes(b'{"name": "Caf\xe9"}')
    assert "latin.json: is not UTF-8 text (byte 13)" in said_of(tmp_path / "latin.json")
    assert "nowhere.json: cannot be read: No such file" in said_of(tmp_path / "nowhere.json")
    assert "b.txt: a book is a file ending in" in said_of(tmp_path / "b.txt")
    assert "b.xlsx: this is a workbook; save it as CSV" in said_of(tmp_path / "b.xlsx")


def test_a_byte_order_mark_is_no_part_of_the_book(tmp_path: Path) -> None:
    (tmp_path / "b.json").write_bytes(b'\xef\xbb\xbf{"as_of": "2025-03-31", "company": {"currency": "USD"}}')
    assert read_book(tmp_path / "b.json").company.currency == "USD"


def test_a_company_without_a_right_currency_is_told_once_and_not_again_with_every_amount() -> None:
    document = {
        "as_of": "2025-03-31",
        "company": {"currency": "XQZ"},
        "customers": [{"ref": "C-1", "name": "Oak Ltd"}],
        "invoices": [{"ref": "I-1", "customer": "C-1", "issued_on": "2025-01-30", "total": "5.00"}],
    }
    with pytest.raises(BookRefused) as refused:
        book_from(document, "march.json")
    [problem] = refused.value.problems
    assert problem.startswith('march.json: company.currency: "XQZ" is not a currency code')
