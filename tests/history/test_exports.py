"""Invoice lists exported by QuickBooks and Xero, taken in beside what the provider gave, which wins."""

from __future__ import annotations

import json
import re
from datetime import date, timedelta
from decimal import Decimal

import pytest

from connectors.errors import BookRefused
from connectors.file.exports import read_export
from connectors.file.layouts import layout_of
from connectors.file.written import amount, text_of_export
from rules.domain.facts import Invoice
from rules.policy import load_policies
from syncd.cli.root import run
from syncd.cycle import Ground, run_pass
from syncd.store.exported_rows import PREFIX, ExportedRows
from tests.history.conftest import RULES, fill
from tests.history.test_backfill import everything, limits

XERO = """ContactName,InvoiceNumber,InvoiceDate,DueDate,Total,InvoiceAmountPaid,InvoiceAmountDue,Currency,Type,Status
Ngaio Ltd,INV-1,28/02/2019,20/03/2019,"1,150.00",1150.00,0.00,NZD,Sales invoice,Paid
Ngaio Ltd,INV-1,28/02/2019,20/03/2019,"1,150.00",1150.00,0.00,NZD,Sales invoice,Paid
Ngaio Ltd,INV-2,01/03/2019,20/04/2019,80.00,0.00,80.00,NZD,Sales invoice,Awaiting Payment
Totara Ltd,INV-3,02/03/2019,20/04/2019,70.00,0.00,0.00,NZD,Sales invoice,Voided
Totara Ltd,BILL-9,02/03/2019,20/04/2019,70.00,0.00,0.00,NZD,Bill,Paid
"""

ONLINE = """Acme Inc
Invoice List by Date
January 2018 - December 2018

Date,Transaction type,Num,Name,Memo/Description,Due date,Amount,Open balance
01/31/2018,Invoice,1001,Oak Ltd,,03/02/2018,"$1,200.00",0.00
02/15/2018,Payment,,Oak Ltd,,,-1200.00,0.00
03/01/2018,Invoice,1002,Elm Ltd,,03/31/2018,99.50,0.00
TOTAL,,,,,,"1,299.50",0.00
"""

DESKTOP = """,Type,Date,Num,Name,Terms,Due Date,Open Balance,Amount
,Invoice,12/15/2012,77,Oak Ltd:Roof,Net 30,01/14/2013,0.00,450.00
,Invoice,12/20/2012,78,Elm Ltd,Net 30,01/19/2013,10.00,60.00
,Credit Memo,12/21/2012,79,Elm Ltd,,,0.00,-60.00
"""

SHEET = """customer,name,email,number,issued_on,due_on,total,balance,currency,as_of
C-1,Oak Ltd,ap@oak.example,901,2025-01-30,2025-03-01,1250.00,0.00,USD,2025-03-31
"""


class TestWhatTheHeadingsTell:
    def test_a_sheet_as_we_write_it_ourselves_is_a_list_too(self):
        found = read_export(SHEET, "open.csv")
        assert found.layout == "a sheet of invoices as syncd writes it"
        (one,) = found.invoices
        assert (one.customer, one.number, one.issued_on, one.balance) == (
            "Oak Ltd", "901", date(2025, 1, 30), Decimal("0.00")
        )  # fmt: skip
        assert not found.problems

    def test_xeros_list_has_a_row_a_line_and_each_invoice_once(self):
        found = read_export(XERO, "x.csv")
        assert found.layout == "Xero's list of sales invoices"
        assert [one.number for one in found.invoices] == ["INV-1", "INV-2", "INV-3"]
        first = found.invoices[0]
        assert (first.issued_on, first.due_on) == (date(2019, 2, 28), date(2019, 3, 20))
        assert (first.total, first.balance, first.currency) == (Decimal("1150.00"), Decimal("0.00"), "NZD")
        assert found.invoices[2].voided
        assert not found.problems

    def test_quickbooks_online_reports_have_titles_totals_and_payments_around(self):
        found = read_export(ONLINE, "q.csv")
        assert found.layout == "a QuickBooks Online report of transactions"
        assert [(one.number, one.issued_on) for one in found.invoices] == [
            ("1001", date(2018, 1, 31)),
            ("1002", date(2018, 3, 1)),
        ]
        assert found.other_rows == 2

    def test_quickbooks_desktop_reports_begin_with_an_empty_column(self):
        found = read_export(DESKTOP, "d.csv")
        assert found.layout == "a QuickBooks Desktop report of transactions"
        assert [one.number for one in found.invoices] == ["77", "78"]
        assert found.invoices[0].due_on == date(2013, 1, 14)

    def test_days_that_nothing_decides_are_asked_about_and_never_guessed(self):
        found = read_export(
            ONLINE.replace("01/31", "01/02").replace("02/15", "02/03").replace("03/31", "03/04"), "q.csv"
        )
        assert found.invoices == []
        assert 'say which with --map: dates = "day/month/year" or "month/day/year"' in found.problems[0]

    def test_quickbooks_online_without_its_names_is_the_same_report_in_other_countries(self):
        found = read_export(ONLINE.replace("Name,Memo/Description", "Client full name,Memo"), "q.csv")
        assert [one.customer for one in found.invoices] == ["Oak Ltd", "Elm Ltd"]

    def test_another_layout_is_refused_with_what_helps(self):
        with pytest.raises(BookRefused, match="describe them with --map FILE"):
            read_export("a,b,c\n1,2,3\n", "o.csv")

    def test_a_heading_that_is_missing_is_named_where_the_others_tell_the_layout(self):
        cut = XERO.replace("InvoiceNumber,", "Number,", 1)
        with pytest.raises(
            BookRefused, match=r"row 1 has the headings of Xero's list of .*, but not InvoiceNumber; add"
        ):
            read_export(cut, "x.csv")
        with pytest.raises(BookRefused, match="row 5 has the headings of a QuickBooks Online report of transactions"):
            read_export(ONLINE.replace(",Num,", ",Nmu,"), "q.csv")

    def test_a_map_whose_headings_are_not_there_is_told_which(self):
        named = {"customer": "Kunde", "number": "Beleg", "issued_on": "Datum", "total": "Betrag", "balance": "Offen"}
        with pytest.raises(BookRefused, match=r"row 1 has the headings of the layout of m\.toml, but not Beleg, Offen"):
            read_export("Kunde;Datum;Betrag\n", "k.csv", layout_of({"columns": named}, "m.toml"))

    def test_a_map_tells_any_layout(self):
        own = layout_of(
            {
                "columns": {
                    "customer": "Kunde",
                    "number": "Beleg",
                    "issued_on": "Datum",
                    "total": "Betrag",
                    "paid_on": "Bezahlt",
                },
                "dates": "day/month/year",
                "decimals": ",",
                "currency": "EUR",
            },
            "m.toml",
        )
        found = read_export("Beleg;Kunde;Datum;Betrag;Bezahlt\n7;Eiche;01.02.2017;1.234,50;05.03.2017\n", "k.csv", own)
        (one,) = found.invoices
        assert (one.total, one.issued_on, one.paid_on) == (Decimal("1234.50"), date(2017, 2, 1), date(2017, 3, 5))

    @pytest.mark.parametrize(
        ("document", "sentence"),
        [
            ({}, "columns: this is missing"),
            ({"columns": {"customer": "a"}}, "columns.total: this is missing"),
            ({"columns": {"custommer": "a"}}, "columns.custommer: there is no such field"),
            ({"columns": {}, "dates": "us"}, "dates: this is one of"),
            ({"columns": {}, "decimal": ","}, "decimal: there is no such key"),
        ],
    )
    def test_a_map_that_is_wrong_is_told_all_at_once(self, document, sentence):
        with pytest.raises(BookRefused, match=sentence.replace(".", r"\.")):
            layout_of(document, "m.toml")

    @pytest.mark.parametrize("bad", ["1.2.3", "-5.00", "abc"])
    def test_a_bad_row_is_told_by_its_number(self, bad):
        found = read_export(ONLINE.replace("99.50,0.00", f"{bad},0.00"), "q.csv")
        assert found.problems[0].startswith("q.csv: row 8: ")


# Desktop's Transaction List by Customer: the customer stands above its rows, jobs below it, totals may be left out.
BY_CUSTOMER = """,Type,Date,Num,Memo,Account,Clr,Split,Open Balance,Debit,Credit
Oak Ltd,,,,,,,,,,
,Invoice,12/15/2012,77,,Accounts Receivable,,Sales,0.00,450.00,
,Payment,01/20/2013,1234,,Undeposited Funds,,Accounts Receivable,0.00,450.00,
Elm Ltd,,,,,,,,,,
,Invoice,12/20/2012,78,,Accounts Receivable,,-SPLIT-,0.00,"1,160.00",
"""
TOTALS = (
    BY_CUSTOMER.replace("Elm Ltd,", "Roof,").replace("78,", "79,")
    + "Total Roof,,,,,,,,0.00,,\nTotal Oak Ltd,,,,,,,,0.00,,\n"
)
# Desktop's and Online's reports that are no lists of invoices, by their headings.
OPEN_INVOICES = ",Type,Date,Num,P. O. #,Terms,Due Date,Aging,Open Balance\n"
AGING = ",Type,Date,Num,P. O. #,Name,Terms,Due Date,Aging,Open Balance\n"
SALES_DETAIL = ",Type,Date,Num,Memo,Name,Item,Qty,Sales Price,Amount,Balance\n"
SALES_ONLINE = (
    ",Transaction date,Transaction type,Num,Client full name,Description,Quantity,Sales price,Amount,Balance\n"
)
BALANCES = ",Type,Date,Num,Account,Amount,Balance\n"
BY_DATE = "Date,Transaction type,Num,Posting (Y/N),Name,Memo,Account name,Split,Amount\n"
TEMPLATE = "*ContactName,EmailAddress,*InvoiceNumber,*InvoiceDate,*DueDate,Total,*Quantity,*UnitAmount,*AccountCode\n"


class TestReportsInGroups:
    def test_the_customer_stands_above_its_rows(self):
        found = read_export(BY_CUSTOMER, "d.csv")
        assert [(one.customer, one.number, one.total) for one in found.invoices] == [
            ("Oak Ltd", "77", Decimal("450.00")),
            ("Elm Ltd", "78", Decimal("1160.00")),
        ]
        assert (found.other_rows, found.problems) == (1, [])

    def test_a_job_stands_below_its_customer_until_its_total(self):
        more = "Total Wine Ltd,,,,,,,,,,\n,Invoice,12/21/2012,80,,Accounts Receivable,,Sales,0.00,5.00,\n"
        found = read_export(TOTALS + more, "d.csv")
        assert [(one.customer, one.number) for one in found.invoices] == [
            ("Oak Ltd", "77"),
            ("Oak Ltd:Roof", "79"),
            ("Total Wine Ltd", "80"),
        ]

    def test_jobs_without_totals_stand_one_after_the_other_below_their_customer(self):
        attic = "Attic,,,,,,,,,,\n,Invoice,12/22/2012,81,,Accounts Receivable,,Sales,0.00,6.00,\n"
        text = TOTALS.replace("Total Roof,,,,,,,,0.00,,\n", attic)
        assert [one.customer for one in read_export(text, "d.csv").invoices] == [
            "Oak Ltd",
            "Oak Ltd:Roof",
            "Oak Ltd:Attic",
        ]

    def test_online_totals_a_customers_own_before_its_jobs(self):
        text = TOTALS.replace("Roof,,,,,,,,,,\n", "Total for Oak Ltd,,,,,,,,,,\nRoof,,,,,,,,,,\n", 1)
        text = text.replace("Total Oak Ltd", "Total for Oak Ltd with sub-customers")
        assert [one.customer for one in read_export(text, "d.csv").invoices] == ["Oak Ltd", "Oak Ltd:Roof"]

    def test_desktop_calls_a_customers_own_beside_its_jobs_other(self):
        own = "Oak Ltd - Other,,,,,,,,,,\n,Invoice,12/22/2012,81,,Accounts Receivable,,Sales,0.00,6.00,\n"
        text = TOTALS.replace("Total Oak Ltd", f"{own}Total Oak Ltd - Other,,,,,,,,0.00,,\nTotal Oak Ltd")
        assert [one.customer for one in read_export(text, "d.csv").invoices] == ["Oak Ltd", "Oak Ltd:Roof", "Oak Ltd"]

    def test_a_job_may_stand_further_in_and_columns_apart_as_excel_saves_them(self):
        text = (
            ",,,Type,,Date,,Num,,Open Balance,,Amount\nOak Ltd,,,,,,,,,,,\n,Roof,,,,,,,,,,\n"
            ",,,Invoice,,12/15/2012,,77,,0.00,,450.00\n"
            ",Total Roof,,,,,,,,0.00,,450.00\nTotal Oak Ltd,,,,,,,,,0.00,,450.00\n"
        )
        (one,) = read_export(text, "d.csv").invoices
        assert (one.customer, one.number, one.total) == ("Oak Ltd:Roof", "77", Decimal("450.00"))

    def test_a_word_tells_what_is_paid_where_no_balance_does(self):
        rows = ",Invoice,12/15/2012,77,Oak,Paid,9.00\n,Invoice,12/15/2012,78,Oak,Unpaid,9.00\n"
        text = ",Type,Date,Num,Name,Paid,Amount\n" + rows
        assert [one.balance for one in read_export(text, "d.csv").invoices] == [Decimal(0), Decimal("9.00")]


class TestReportsThatAreNoListsOfInvoices:
    @pytest.mark.parametrize(
        ("headings", "sentence"),
        [
            (OPEN_INVOICES, "tells only what is open"),
            (AGING, "tells only what is open"),
            (SALES_DETAIL, "a row for each line of an invoice, without tax; export Transaction List by Customer"),
            (SALES_ONLINE, "a row for each line of an invoice, without tax; export the report Invoice List by Date"),
            (BALANCES, "nothing here says what is paid; export Transaction List by Customer with its columns"),
            (BY_DATE, "nothing here says what is paid; export the report Invoice List by Date"),
            (TEMPLATE, "nothing here says what is paid; take the list of invoices with Export, not the template"),
        ],
    )
    def test_they_are_refused_at_once_with_what_to_export(self, headings, sentence):
        with pytest.raises(BookRefused, match=re.escape(sentence)):
            read_export("Acme Inc\nSome report\n\n" + headings, "r.csv")


class TestHowThingsAreWritten:
    @pytest.mark.parametrize(
        ("written", "decimals", "meant"),
        [
            ("$1,234.50", ".", "1234.50"),
            ("1,23,456.00", ".", "123456.00"),
            ("1'234.50", ".", "1234.50"),
            ("1495.0000", ".", "1495"),
            ("(12.00)", ".", "-12"),
            ("-1,200.00", ".", "-1200"),
            ("12.00-", ".", "-12"),
            ("1.234,50", ",", "1234.50"),
            ("1 234,50 €", ",", "1234.50"),
        ],
    )
    def test_amounts(self, written, decimals, meant):
        assert amount(written, decimals) == Decimal(meant)

    @pytest.mark.parametrize("written", ["1.234,50", "1234,5", "12,34"])
    def test_cents_after_a_comma_are_asked_about_and_never_taken_for_thousands(self, written):
        with pytest.raises(ValueError, match='say so with --map: decimals = ","'):
            amount(written, ".")

    def test_a_year_of_two_digits_is_never_in_the_future(self):
        found = read_export(DESKTOP.replace("/2012", "/98").replace("/2013", "/13"), "d.csv")
        assert [one.issued_on.year for one in found.invoices] == [1998, 1998]
        assert found.invoices[0].due_on == date(2013, 1, 14)

    def test_a_map_without_columns_says_how_a_known_file_is_written(self):
        own = layout_of({"dates": "day/month/year", "currency": "EUR", "decimals": ","}, "m.toml")
        text = 'Date,Transaction type,Num,Name,Amount,Open balance\n01/02/2018,Invoice,1001,Oak,"1.200,00","0,00"\n'
        (one,) = read_export(text, "q.csv", own).invoices
        assert (one.issued_on, one.total, one.currency) == (date(2018, 2, 1), Decimal(1200), "EUR")

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
    def test_text_as_windows_and_excel_write_it(self, encoding):
        written = DESKTOP.replace("Elm Ltd", "Café Müller").replace("\n", "\r\n").encode(encoding)
        found = read_export(text_of_export(written, "d.csv"), "d.csv")
        assert found.invoices[1].customer == "Café Müller"

    def test_a_workbook_is_named_as_one(self):
        with pytest.raises(BookRefused, match="this is an Excel workbook; save it as CSV"):
            text_of_export(b"PK\x03\x04\x14", "d.xlsx")

    def test_rows_of_totals_and_the_time_of_the_report_below_do_no_harm(self):
        stamp = '\n\n\n"Cash Basis Tuesday, September 29, 2026 09:30 PM GMT-04:00",,,,,,,\n'
        found = read_export(ONLINE.replace("99.50,0.00", "99.50,$0.00") + stamp, "q.csv")
        assert (len(found.invoices), found.problems) == (2, [])


class TestBesideTheProvider:
    @pytest.fixture
    def years(self, years_of):
        found = years_of("xero")
        fill(found.company, months=3, a_month=2)
        found.backfill()
        return found

    @pytest.fixture
    def take(self, years, tmp_path, capsys):
        def call(text, *arguments):
            (tmp_path / "old.csv").write_text(text)
            config = ("--config", str(years.folder / "config.toml"), "--connection", "acme")
            capsys.readouterr()
            code = run(["backfill", *config, "--csv", str(tmp_path / "old.csv"), *arguments])
            return code, capsys.readouterr()

        return call

    def exported(self, years):
        return {
            ref: fact for (kind, ref), fact in everything(years).items() if ref.startswith(PREFIX) and kind == "invoice"
        }

    def test_settled_invoices_are_taken_and_open_ones_are_not(self, years, take):
        asked = len(years.server.seen)
        code, said = take(XERO)
        assert code == 0
        assert "2 settled invoices from 2019-02-28 to 2019-03-02 taken in" in said.out
        assert "1 invoice left out: still open, which only the provider's books can say" in said.out
        taken = sorted(self.exported(years).values(), key=lambda one: one.number)
        assert [(one.number, one.status, one.balance.amount) for one in taken] == [
            ("INV-1", "paid", 0),
            ("INV-3", "voided", 0),
        ]
        assert len(years.server.seen) == asked

    def test_a_dry_run_takes_nothing_and_shows_the_first_problems(self, years, take):
        code, said = take(XERO.replace("70.00,0.00", "seventy,0.00", 1), "--dry-run")
        assert code == 1
        assert "row 5" in said.err
        assert self.exported(years) == {}

    def test_a_file_with_a_problem_is_not_taken_at_all(self, years, take):
        code, said = take(XERO.replace("70.00,0.00", "seventy,0.00", 1))
        assert code == 65
        assert "row 5" in said.err
        assert self.exported(years) == {}

    def test_taking_it_twice_changes_nothing(self, years, take):
        take(XERO, "--json")
        before = everything(years)
        _, said = take(XERO, "--json")
        assert json.loads(said.out)[0]["news"] == 0
        assert everything(years) == before

    def test_what_the_provider_has_stays_the_providers(self, years, take):
        customer = years.company.add_customer("ngaio  LTD")
        years.company.add_invoice(customer, "INV-1", date(2026, 1, 1), date(2026, 2, 1), 115_000)
        years.backfill(years.ask(again=True))
        _, said = take(XERO, "--json")
        assert json.loads(said.out)[0]["at_the_provider"] == 1
        assert [one.number for one in self.exported(years).values()] == ["INV-3"]

    def test_what_the_provider_shows_later_takes_its_place(self, years, take):
        take(XERO)
        customer = years.company.add_customer("Ngaio Ltd")
        years.company.add_invoice(customer, "INV-1", date(2026, 1, 1), date(2026, 2, 1), 115_000)
        done = years.backfill(years.ask(again=True))
        assert not done.disagreements
        assert [one.number for one in self.exported(years).values()] == ["INV-3"]
        own = [fact for fact in everything(years).values() if isinstance(fact, Invoice) and fact.number == "INV-1"]
        assert [one.customer for one in own] == [customer]
        assert ExportedRows(years.ledger.store, "acme").give_way(years.clock.now()) == 0

    def test_what_the_daemon_finds_takes_its_place_with_the_first_pass_of_a_day(self, years, take):
        take(XERO)
        years.clock.advance(timedelta(days=1))
        customer = years.company.add_customer("Ngaio Ltd")
        years.company.add_invoice(customer, "INV-1", date(2026, 1, 1), date(2026, 2, 1), 115_000)
        run_pass(years.ledger, Ground(load_policies([("r.toml", RULES)]), limits(), "review"))
        assert [one.number for one in self.exported(years).values()] == ["INV-3"]

    def test_what_makes_no_sense_is_said(self, years, take, tmp_path, capsys):
        config = str(years.folder / "config.toml")
        assert run(["backfill", "--config", config, "--connection", "acme", "--dry-run"]) == 2
        assert "go with --csv" in capsys.readouterr().err
        assert take("a,b\n1,2\n")[0] == 65
