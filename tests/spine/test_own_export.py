"""A book we exported ourselves tells of our own deeds; taken in again, none of them may count twice."""

from __future__ import annotations

from datetime import date, timedelta

from connectors.file.mapping import book_from, document_of
from syncd.cycle import run_pass
from syncd.people import assignments, contacts, holds, silences, timezones
from syncd.people.clerk import Clerk
from syncd.people.from_book import said_of_customers
from syncd.pull import record_people


def book_of(desk):
    return desk.ledger.book()


def taken_in_again(desk) -> None:
    exported = book_from(document_of(book_of(desk)), "march.json")
    desk.ledger.mirror.touch(record_people(exported, desk.ledger.desk, "import march.json", desk.clock.now()))


def test_our_own_export_taken_in_again_changes_nothing(open_desk):
    desk = open_desk()
    desk.books.customer("C-1")
    desk.books.invoice("I-1", "C-1", date(2025, 1, 20))
    run_pass(desk.ledger, desk.ground)
    before, done = book_of(desk), len(desk.books.done)
    assert {type(entry).__name__ for entry in before.history} == {"ReminderSent", "StandingChanged", "ChargeBilled"}
    taken_in_again(desk)
    taken_in_again(desk)
    assert book_of(desk).history == before.history
    assert book_of(desk).holds == before.holds
    run_pass(desk.ledger, desk.ground)
    assert len(desk.books.done) == done


def test_what_people_recorded_is_not_doubled_by_our_own_export(open_desk):
    desk = open_desk()
    desk.books.customer("C-1")
    desk.books.invoice("I-1", "C-1", date(2025, 1, 20))
    run_pass(desk.ledger, desk.ground)
    clerk = Clerk([desk.ledger], desk.office.policies, "dana")
    contacts.add(clerk, "C-1", "phone", outcome="will pay")
    contacts.add(clerk, "C-1", "phone", outcome="will pay")
    holds.add(clerk, "C-1", "watch", reason="slow")
    silences.add(clerk, "C-1", until=date(2025, 4, 30), reason="audit")
    before = book_of(desk)
    taken_in_again(desk)
    taken_in_again(desk)
    after = book_of(desk)
    assert (after.history, after.holds, after.silences) == (before.history, before.holds, before.silences)
    assert len(after.silences) == 1


def test_what_people_said_of_a_customer_comes_back_with_our_own_export(open_desk):
    desk = open_desk()
    desk.books.customer("C-1")
    run_pass(desk.ledger, desk.ground)
    clerk = Clerk([desk.ledger], desk.office.policies, "dana")
    assigned = assignments.add(clerk, "C-1", "erin").filed
    located = timezones.add(clerk, "C-1", "Pacific/Auckland").filed
    exported = book_from(document_of(book_of(desk)), "march.json")
    assert list(said_of_customers(desk.ledger, exported, "import march.json")) == [], "it stands as dana said it"
    for filed in (assigned, located):
        desk.ledger.desk.strike(filed, clerk.word(desk.ledger, "record.lost"))
    papers = list(said_of_customers(desk.ledger, exported, "import march.json"))
    record_people(exported, desk.ledger.desk, "import march.json", desk.clock.now(), papers)
    (customer,) = book_of(desk).customers
    assert (customer.collector, customer.timezone) == ("erin", "Pacific/Auckland")


def test_what_a_book_tells_beyond_our_own_deeds_counts(open_desk):
    desk = open_desk()
    desk.books.customer("C-1")
    desk.books.invoice("I-1", "C-1", date(2025, 1, 20))
    run_pass(desk.ledger, desk.ground)
    document = document_of(book_of(desk))
    earlier = {"kind": "reminder", "customer": "C-1", "invoice": "I-1", "level": 1, "on": "2025-02-01"}
    told = book_from(document | {"history": [*document["history"], earlier]}, "march.json")
    record_people(told, desk.ledger.desk, "import march.json", desk.clock.now())
    desk.clock.advance(timedelta(days=1))
    assert len(book_of(desk).history) == len(document["history"]) + 1
