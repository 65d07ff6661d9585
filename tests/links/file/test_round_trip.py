"""Whatever a book holds comes back the same from its document."""

from __future__ import annotations

import json
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.file.mapping import book_from, document_of
from rules.domain import facts
from rules.domain.money import Money

DAY = date(2025, 3, 31)
days = st.dates(date(2024, 1, 1), DAY)
later = st.dates(DAY, date(2026, 1, 1))
words = st.text(st.characters(exclude_characters="\0", codec="utf-8"), min_size=1, max_size=12).filter(
    lambda text: bool(text.strip())
)
standings = st.sampled_from(("good", "watch", "hold", "stop"))


def money(currency: str = "USD") -> st.SearchStrategy[Money]:
    return st.integers(0, 10_000_000).map(lambda cents: Money(Decimal(cents).scaleb(-2), currency))


customers = st.builds(
    facts.Customer,
    ref=st.just("C-1"),
    name=words,
    parent=st.sampled_from((None, "C-0")),
    email=st.none() | words,
    groups=st.lists(words, max_size=2).map(tuple),
    country=st.none() | words,
    credit_limit=st.none() | money("EUR"),
    kind=st.sampled_from(("business", "consumer")),
    collector=st.none() | words,
    since=st.none() | days,
    terms_accepted_on=st.none() | days,
    do_not_contact=st.booleans(),
    active=st.booleans(),
    stop_sell=st.none() | st.booleans(),
    phone=st.none() | words,
    version=words | st.just(""),
)


@st.composite
def traded(draw: st.DrawFn) -> tuple[facts.Invoice, facts.Payment, facts.CreditNote]:
    """An invoice that adds up with what is applied to it."""
    paid, credited, rest = draw(money()), draw(money()), draw(money())
    whole = paid + credited + rest
    payment = facts.Payment(
        "P-1",
        "C-1",
        draw(days),
        paid + draw(money()),
        (facts.Application("I-1", paid, draw(st.none() | days)),),
        entered_on=draw(st.none() | days),
        version=draw(words | st.just("")),
    )
    note = facts.CreditNote(
        "CN-1",
        "C-1",
        draw(days),
        credited,
        (facts.Application("I-1", credited, draw(st.none() | days)),),
        number=draw(words | st.just("")),
        origin=draw(st.none() | st.just("syncd:finance_charges")),
    )
    invoice = facts.Invoice(
        "I-1",
        draw(words),
        "C-1",
        draw(days),
        draw(st.none() | later),
        whole,
        rest,
        tax=draw(st.none() | st.just(Money.zero("USD"))),
        status=draw(st.sampled_from(("open", "draft"))),
        origin=draw(st.none() | words),
        discount=draw(st.none() | st.builds(facts.Discount, pct=st.just(Decimal("2.5")), until=days)),
        installments=(facts.Installment(draw(later), whole),) if draw(st.booleans()) else (),
        note=draw(words | st.just("")),
        pay_link=draw(st.none() | words),
    )
    return invoice, payment, note


history = st.lists(
    st.one_of(
        st.builds(
            facts.ReminderSent,
            customer=st.just("C-1"),
            invoice=st.just("I-1"),
            level=st.integers(1, 9),
            on=days,
            fee=st.none() | money(),
            key=words | st.just(""),
        ),
        st.builds(
            facts.ChargeBilled,
            customer=st.just("C-1"),
            invoice=st.just("I-1"),
            charge=words,
            first_on=days,
            last_on=later,
            amount=st.just(Money(Decimal("100000.00"), "USD")),
            interest=money(),
            computed=money(),
        ),
        *(
            st.builds(kind, customer=st.just("C-1"), invoice=st.just("I-1"), charge=words, on=days, amount=money())
            for kind in (facts.ChargeReversed, facts.ChargeWaived)
        ),
        st.builds(
            facts.Contacted,
            customer=st.just("C-1"),
            channel=words,
            on=days,
            outcome=words | st.just(""),
            invoice=st.sampled_from((None, "I-1")),
        ),
        st.builds(
            facts.TaskDone,
            customer=st.just("C-1"),
            rule=words,
            what=words,
            on=days,
            invoices=st.sampled_from(((), ("I-1",))),
            outcome=st.sampled_from(("done", "refused")),
            key=words | st.just(""),
        ),
        st.builds(facts.StandingChanged, customer=st.just("C-1"), before=standings, after=standings, on=days),
    ),
    max_size=4,
).map(tuple)


@st.composite
def books(draw: st.DrawFn) -> facts.Book:
    invoice, payment, note = draw(traded())
    about = draw(days)
    return facts.Book(
        as_of=DAY,
        company=facts.Company(draw(words | st.just("")), "USD", "Europe/London", draw(st.none() | words), None),
        rates=(facts.Rate("EUR", "USD", draw(days), Decimal("1.0825")),),
        customers=(draw(customers), facts.Customer("C-0", "Head")),
        invoices=(invoice,),
        payments=(payment,),
        credit_notes=(note,),
        promises=(facts.Promise("PR", "C-1", ("I-1",), about, about + timedelta(9), draw(st.none() | money()), about),),
        disputes=(
            facts.Dispute("D", "I-1", about, draw(st.none() | st.just(Money.zero("USD"))), draw(words), draw(later)),
        ),
        holds=(facts.Hold("C-1", draw(standings), about, draw(words), draw(st.none() | later), draw(words)),),
        history=draw(history),
    )


@settings(max_examples=150)
@given(book=books())
def test_a_book_written_down_and_read_again_is_the_same_book(book: facts.Book) -> None:
    written = json.loads(json.dumps(document_of(book)))
    assert book_from(written, "book.json") == book
    assert json.dumps(document_of(book_from(written, "again"))) == json.dumps(written)
