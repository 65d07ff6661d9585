"""Notes, e-mails and the page a customer may look at."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.simulator.xero.documents import interest


def test_notes_are_appended_and_read_newest_first(caller, company, clock, invoice) -> None:
    caller.put(f"Invoices/{invoice}/History", {"HistoryRecords": [{"Details": "one"}]})
    clock.advance(timedelta(seconds=1))
    company.write_note(invoice, "two")

    rows = caller.get(f"Invoices/{invoice}/History").rows

    assert [(row["Details"], row["User"]) for row in rows[:2]] == [("two", "Dana Clark"), ("one", "System Generated")]


@pytest.mark.parametrize(("length", "status"), [(1, 200), (2500, 200), (2501, 400), (0, 400)])
def test_a_note_has_at_most_2500_characters(caller, invoice, length, status) -> None:
    answer = caller.put(f"Invoices/{invoice}/History", {"HistoryRecords": [{"Details": "x" * length}]})

    assert answer.status == status


def test_a_note_on_nothing_is_404(caller) -> None:
    path = "Invoices/00000000-0000-0000-0000-000000000001/History"

    assert caller.put(path, {"HistoryRecords": [{"Details": "x"}]}).status == 404
    assert caller.get(path).status == 404


@pytest.mark.parametrize("body", [None, {}])
def test_an_email_is_204_and_marks_the_invoice_sent(caller, company, oak, body) -> None:
    made = caller.put("Invoices", interest(oak)).row["InvoiceID"]

    answer = caller.post(f"Invoices/{made}/Email", body)

    assert (answer.status, answer.body) == (204, b"")
    assert caller.get(f"Invoices/{made}").row["SentToContact"] is True


def test_an_email_needs_an_address_and_an_approved_sales_invoice(caller, company, oak) -> None:
    mute = company.add_customer("No mail")
    to_nobody = company.add_invoice(mute, "A", date(2026, 1, 1), date(2026, 2, 1), 1_00)
    draft = company.add_invoice(oak, "B", date(2026, 1, 1), date(2026, 2, 1), 1_00, status="DRAFT")
    bill = company.add_bill(oak, "C", date(2026, 1, 1), date(2026, 2, 1), 1_00)

    assert [caller.post(f"Invoices/{found}/Email").status for found in (to_nobody, draft, bill)] == [400, 400, 400]


@pytest.mark.parametrize(("class_", "allowed"), [("DEMO", 0), ("TRIAL", 20)])
def test_emails_a_day_depend_on_the_subscription(caller, clock, invoice, class_, allowed) -> None:
    caller.company.organisation.class_ = class_

    answers = [caller.post(f"Invoices/{invoice}/Email").status for _ in range(allowed + 1)]
    clock.advance(timedelta(days=1))
    caller.renew()

    assert answers == [204] * allowed + [400]
    assert caller.post(f"Invoices/{invoice}/Email").status == (204 if allowed else 400)


def test_the_partner_edition_sends_nothing(caller, company, invoice) -> None:
    company.organisation.edition = "PARTNER"

    assert caller.post(f"Invoices/{invoice}/Email").status == 400


def test_an_online_page_exists_but_for_drafts(caller, company, oak, invoice) -> None:
    draft = company.add_invoice(oak, "B", date(2026, 1, 1), date(2026, 2, 1), 1_00, status="DRAFT")

    assert caller.get(f"Invoices/{invoice}/OnlineInvoice").row["OnlineInvoiceUrl"].startswith("https://in.xero.com/")
    assert caller.get(f"Invoices/{draft}/OnlineInvoice").status == 400


def test_an_email_can_be_made_to_leave_no_trace_on_the_invoice(caller, company, clock, oak) -> None:
    company.switches.email_bumps = company.switches.email_marks_sent = False
    mute = company.add_invoice(oak, "A", date(2026, 1, 1), date(2026, 2, 1), 1_00, sent=False)
    clock.advance(timedelta(minutes=1))
    caller.post(f"Invoices/{mute}/Email")

    assert caller.since("Invoices", "2026-03-02T09:00:30", page="1").rows == []
    assert caller.get(f"Invoices/{mute}").row["SentToContact"] is False
