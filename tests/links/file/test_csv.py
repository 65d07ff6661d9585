"""CSV in two layouts, and CSV that no spreadsheet runs."""

from __future__ import annotations

import csv
import io
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import BookRefused
from connectors.file.cells import sheet_of
from connectors.file.csv import read_receivables, rows_to_csv
from connectors.file.factoring import book_of
from connectors.file.read import read_book
from connectors.file.write import write_book
from rules.domain.facts import Company
from rules.domain.money import Money

SAMPLE = (
    "countryCode,customerID,PaperlessDate,invoiceNumber,InvoiceDate,DueDate,InvoiceAmount,Disputed,SettledDate,"
    "PaperlessBill,DaysToSettle,DaysLate\r\n"
    "391,0379-NEVHP,4/6/2013,0000611365,1/2/2013,2/1/2013,55.94,No,1/15/2013,Paper,13,0\r\n"
    "406,8976-AMJEO,3/3/2012,0007900770,1/26/2013,2/25/2013,61.74,Yes,3/3/2013,Electronic,36,6\r\n"
)
OURS = (
    "customer,name,email,number,issued_on,due_on,total,balance,currency,paid_on\n"
    "C-1,Oak Ltd,ap@oak.example,1001,2025-01-30,2025-03-01,1250.00,1000.00,USD,2025-03-10\n"
    "C-1,Oak Ltd,,1002,2025-02-10,2025-03-12,80.00,,USD,\n"
    "C-2,Elm,,1003,2025-02-11,,99.00,0.00,EUR,2025-03-14\n"
)

CREDITS = "amounts in a book never are: credits go under its credit_notes"


def write(folder: Path, text: str, name: str = "invoices.csv") -> Path:
    (folder / name).write_text(text, encoding="utf-8", newline="")
    return folder / name


def refused(path: Path) -> tuple[str, ...]:
    with pytest.raises(BookRefused) as error:
        read_book(path)
    return error.value.problems


def usd(digits: str) -> Money:
    return Money(Decimal(digits), "USD")


@pytest.mark.shared_data
def test_the_whole_factoring_sample_is_read_as_it_is(shared_data: Path) -> None:
    rows = read_receivables(shared_data / "receivables-2012-2013.csv")
    assert len(rows) == 2466
    assert len({row.customer for row in rows}) == 100
    assert sum(row.disputed for row in rows) == 561
    assert sum((row.amount.amount for row in rows), Decimal(0)) == Decimal("147703.18")
    assert rows[0].issued_on == date(2013, 1, 2)
    assert rows[0].settled_on == date(2013, 1, 15)


@pytest.mark.shared_data
def test_the_factoring_sample_is_a_book_that_can_be_looked_at_on_any_day(shared_data: Path) -> None:
    rows = read_receivables(shared_data / "receivables-2012-2013.csv")
    book = book_of(rows, Company("Sample", "USD"), date(2013, 1, 1))
    written = [row for row in rows if row.issued_on <= book.as_of]
    expected = sum((row.amount.amount for row in written if row.settled_on and row.settled_on > book.as_of), Decimal(0))
    assert sum((invoice.balance.amount for invoice in book.invoices), Decimal(0)) == expected
    last = read_book(shared_data / "receivables-2012-2013.csv")
    assert last.as_of == date(2014, 1, 9)
    assert {invoice.status for invoice in last.invoices} == {"paid"}


def test_a_bad_row_of_the_sample_is_told_with_its_number_and_reason_all_at_once(tmp_path: Path) -> None:
    bad = SAMPLE + (
        "391,X,,1,13/2/2013,2/1/2013,55.94,Maybe,1/15/2013,Paper,13,0\r\n"
        "391,,,0000611365,1/2/2013,2/1/2013,-1.00,No,1/15/2013,Paper,14,0\r\n"
        "391,Y,,0007900770,1/2/2013,1/1/2013,5.00,No,1/15/2013,Paper,14,0\r\n"
    )
    assert refused(write(tmp_path, bad)) == (
        'invoices.csv: row 4, InvoiceDate: "13/2/2013" is not a day of the calendar',
        'invoices.csv: row 4, Disputed: this is one of Yes, No, not "Maybe"',
        "invoices.csv: row 5, customerID: this is missing",
        f"invoices.csv: row 5, InvoiceAmount: -1.00 USD is below zero; {CREDITS}",
        'invoices.csv: row 6: the invoice number "0007900770" stands in row 3 already',
        "invoices.csv: row 6: DueDate 2013-01-01 is before InvoiceDate 2013-01-02",
        "invoices.csv: row 6: DaysToSettle says 14, the days of the row make it 13",
        "invoices.csv: row 6: DaysLate says 0, the days of the row make it 14",
    )


def test_a_file_of_another_layout_is_not_read_as_the_sample(tmp_path: Path) -> None:
    with pytest.raises(BookRefused, match="columns missing: DaysLate, DaysToSettle"):
        read_receivables(write(tmp_path, OURS))


def test_our_own_layout_makes_customers_invoices_and_what_was_paid(tmp_path: Path) -> None:
    book = read_book(write(tmp_path, OURS))
    assert book.as_of == date(2025, 3, 14)
    assert [(customer.ref, customer.name, customer.email) for customer in book.customers] == [
        ("C-1", "Oak Ltd", "ap@oak.example"),
        ("C-2", "Elm", None),
    ]
    assert [(row.number, row.balance, row.status, row.due_on) for row in book.invoices] == [
        ("1001", usd("1000.00"), "open", date(2025, 3, 1)),
        ("1002", usd("80.00"), "open", date(2025, 3, 12)),
        ("1003", Money(Decimal(0), "EUR"), "paid", None),
    ]
    assert [(row.amount, row.received_on) for row in book.payments] == [
        (usd("250.00"), date(2025, 3, 10)),
        (Money(Decimal("99.00"), "EUR"), date(2025, 3, 14)),
    ]


def test_the_day_of_a_sheet_is_its_column_else_its_name_else_its_last_day(tmp_path: Path) -> None:
    assert read_book(write(tmp_path, OURS, "open-2025-03-31.csv")).as_of == date(2025, 3, 31)
    stated = "customer,number,issued_on,total,currency,as_of\nC-1,1,2025-01-01,5.00,USD,2025-02-01\n"
    assert read_book(write(tmp_path, stated, "open-2025-03-31.csv")).as_of == date(2025, 2, 1)


def test_what_is_paid_on_a_day_nobody_wrote_down_counts_from_the_invoices_own_day(tmp_path: Path) -> None:
    text = "customer,number,issued_on,total,balance,currency\nC-1,1,2025-01-05,5.00,2.00,USD\n"
    assert read_book(write(tmp_path, text)).payments[0].received_on == date(2025, 1, 5)


def test_semicolons_and_a_byte_order_mark_are_read_too(tmp_path: Path) -> None:
    text = "\ufeffcustomer;number;issued_on;total;currency\nC-1;1;2025-01-05;5.00;USD\n\n"
    assert read_book(write(tmp_path, text)).invoices[0].total == usd("5.00")


def test_bad_rows_of_our_layout_are_told_all_at_once(tmp_path: Path) -> None:
    rows = [
        "C-1,a@b.example,1,2025-01-05,5.00,6.00,USD,,open",
        "C-1,c@d.example,1,2025-01-05,5.00,,USD,,open",
        "C-1,,3,2025-01-05,5.00,5.00,USD,2025-02-01,open",
        "C-1,,4,2025-01-05,5.00,5.00,USD,,paid",
        'C-1,,5,5.1.2025,"5,00",,USX,,',
        "C-1,,6,2025-01-05,5.00 EUR,,USD,,",
    ]
    head = "customer,email,number,issued_on,total,balance,currency,paid_on,status\n"
    assert refused(write(tmp_path, head + "\n".join(rows) + "\n")) == (
        'invoices.csv: row 6, issued_on: write a day as year-month-day such as 2025-03-31, not "5.1.2025"',
        'invoices.csv: row 6, total: "5,00" is not a decimal number; write digits and a point only, such as 1250.00',
        'invoices.csv: row 6, currency: "USX" is not a currency code; did you mean "USD"?',
        "invoices.csv: row 2, balance: 6.00 USD is more than the total, 5.00 USD",
        'invoices.csv: row 3, number: "1" stands in row 2 already; a column "ref" can part them',
        "invoices.csv: row 3, email: it differs from row 2, which is about the same",
        "invoices.csv: row 4, paid_on: nothing of 5.00 USD is paid by the balance, 5.00 USD",
        'invoices.csv: row 5, status: it says "paid", but 5.00 USD is open',
        "invoices.csv: row 7, total: 5.00 EUR is in another currency than the row, USD",
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "row 1: there is no header"),
        ("customer,nummber\n", 'row 1: there is no column "nummber" in this layout; did you mean "number"?'),
        ("customer,customer\n", 'row 1: the column "customer" stands twice'),
        ("customer,number,issued_on,total,currency\n", "there is no row, so no day"),
        ("customer,number,issued_on,total,currency\nC-1,1,2025-0", "row 2: it has 3 columns, the header has 5"),
        ('customer,number,issued_on,total,currency\nC-1,"1', "this is not whole CSV: unexpected end of data"),
        ("customer,number,issued_on,total,currency\nC-1,\0,2025-01-01,1.00,USD", "row 2, number: it has a character"),
    ],
)
def test_what_is_no_sheet_of_invoices_is_refused_in_words(tmp_path: Path, text: str, said: str) -> None:
    assert any(said in problem for problem in refused(write(tmp_path, text)))


def test_headings_count_in_any_case_and_with_spaces(tmp_path: Path) -> None:
    text = "Customer,Number,Issued On,Total,Currency\nC-1,1001,2025-01-30,5.00,USD\n"
    assert read_book(write(tmp_path, text)).invoices[0].issued_on == date(2025, 1, 30)
    twice = refused(write(tmp_path, text.replace("Number", "Number,number").replace("1001", "1001,1002")))
    assert twice[0].startswith('invoices.csv: row 1: there is no column "Customer" in this layout')


def test_a_credit_note_in_a_sheet_is_sent_to_a_book_file(tmp_path: Path) -> None:
    text = "customer,number,issued_on,total,currency\nC-1,CN-1,2025-01-30,-5.00,USD\n"
    assert refused(write(tmp_path, text)) == (f"invoices.csv: row 2, total: -5.00 USD is below zero; {CREDITS}",)


def test_a_row_that_is_too_wide_hides_no_other_problem(tmp_path: Path) -> None:
    text = OURS.replace("99.00,0.00,EUR", "ninety,0.00,EUR") + 'C-3,Ash,,1004,2025-02-11,,"1,250.00",,USD,,\n'
    assert refused(write(tmp_path, text)) == (
        "invoices.csv: row 5: it has 11 columns, the header has 10",
        'invoices.csv: row 4, total: "ninety" is not a decimal number; write digits and a point only, such as 1250.00',
    )
    sample = SAMPLE.replace("55.94", "many") + "1,2\r\n"
    assert len(refused(write(tmp_path, sample))) == 2


def test_a_book_written_as_csv_is_read_again_with_the_same_open_items(tmp_path: Path) -> None:
    book = read_book(write(tmp_path, OURS))
    write_book(tmp_path / "again.csv", book)
    again = read_book(tmp_path / "again.csv")
    assert again.invoices == book.invoices
    assert again.customers == book.customers
    assert again.as_of == book.as_of


def test_a_book_written_as_json_is_the_same_book_and_leaves_no_draft_behind(tmp_path: Path) -> None:
    book = read_book(write(tmp_path, OURS))
    write_book(tmp_path / "b.json", book)
    assert read_book(tmp_path / "b.json") == book
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b.json", "invoices.csv"]


def test_a_book_is_not_written_to_a_name_nobody_can_read(tmp_path: Path) -> None:
    book = read_book(write(tmp_path, OURS))
    with pytest.raises(BookRefused, match=r"ending in \.json"):
        write_book(tmp_path / "b.xlsx", book)
    with pytest.raises(BookRefused, match="cannot be written: No such file"):
        write_book(tmp_path / "nowhere" / "b.json", book)


@pytest.mark.parametrize("cell", ["=1+1", "+44 20 7946", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =HYPERLINK(1)"])
def test_a_cell_that_a_spreadsheet_would_run_is_shown_as_text(cell: str) -> None:
    read = next(csv.reader(io.StringIO(rows_to_csv([cell], []), newline="")))
    assert read == [f"'{cell}"]


def test_numbers_stay_numbers_and_nothing_stays_empty() -> None:
    assert rows_to_csv(["n"], [["-5.00"], [None], [Decimal("7.10")]]) == 'n\r\n-5.00\r\n""\r\n7.10\r\n'


@given(
    st.lists(st.text(alphabet=st.characters(exclude_characters="\0"), min_size=1, max_size=8), min_size=1, max_size=3)
)
def test_no_cell_that_leaves_us_begins_like_a_formula(cells: list[str]) -> None:
    text = rows_to_csv([f"c{n}" for n in range(len(cells))], [cells])
    for cell in list(csv.reader(io.StringIO(text, newline="")))[1]:
        assert not cell.startswith(("=", "+", "@", "\t", "\r", "\n"))
        assert not cell.startswith("-") or cell[1:].replace(".", "").isdigit()


def test_what_was_made_harmless_is_read_back_as_it_was() -> None:
    sheet = sheet_of(rows_to_csv(["name"], [["=Oak+Co"], ["'quoted'"]]), "s.csv")
    assert [row["name"] for _, row in sheet.rows] == ["=Oak+Co", "'quoted'"]
