"""Invoice lists exported by QuickBooks and Xero, taken in beside what the provider gave, which wins."""

from __future__ import annotations

import json
from datetime import date, timedelta
from decimal import Decimal

import pytest

from connectors.errors import BookRefused
from connectors.file.exports import layout_of, read_export
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


class TestWhatTheHeadingsTell:
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
        assert "1 are still open" in said.out
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
