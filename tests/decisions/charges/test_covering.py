"""Money and credits on no invoice yet: a clerk of its own sets them against the oldest debt, day by day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from rules.domain.charging.covering import credit_spans
from rules.domain.charging.queue import Queue
from rules.domain.charging.timeline import docket_of
from rules.domain.decisions import FinanceCharge
from rules.domain.facts import Application, CreditNote, Installment, Invoice, Payment
from tests.decisions.charges.small import DUE_ON, decisions, settings, situation, usd

CENT = Decimal("0.01")
LAST = 100  # the day, counted from the first due date, on which everything is looked at


def day(offset: int) -> date:
    return DUE_ON + timedelta(days=offset)


@dataclass(frozen=True)
class Money:
    """Came on a day; used on an invoice on another, if it was; so much of it."""

    came: int
    amount: Decimal
    used: list[tuple[int, int, Decimal]]  # the day, the invoice, how much
    is_note: bool


@dataclass(frozen=True)
class Debt:
    due: int
    terms: int
    total: Decimal


@st.composite
def accounts(draw: st.DrawFn) -> tuple[list[Debt], list[Money]]:
    """Some invoices, and money of which some is used at once, some later, some never."""
    debts = [
        Debt(draw(st.integers(0, 60)), draw(st.integers(0, 40)), Decimal(draw(st.integers(1, 50)) * 365))
        for _ in range(draw(st.integers(1, 3)))
    ]
    left = [debt.total for debt in debts]
    found = []
    for _ in range(draw(st.integers(1, 4))):
        came, amount = draw(st.integers(-30, LAST)), Decimal(draw(st.integers(1, 60)) * 365)
        rest, used = amount, []
        for _ in range(draw(st.integers(0, 2))):
            which = draw(st.integers(0, len(debts) - 1))
            piece = min(left[which], rest, Decimal(draw(st.integers(1, 60)) * 365))
            if piece > 0:
                left[which] -= piece
                rest -= piece
                used.append((draw(st.integers(came, LAST)), which, piece))
        found.append(Money(came, amount, used, draw(st.booleans())))
    return debts, found


def clerk(debts: list[Debt], moneys: list[Money]) -> list[Decimal]:
    """What each invoice bears at 10 % a year: what is open as the day begins, less what is free, oldest first."""
    owed = [Decimal(0)] * len(debts)
    order = sorted(range(len(debts)), key=lambda which: (debts[which].due, which))
    for today in range(-70, LAST + 1):
        free, opened = standing_on(today, debts, moneys)
        for which in order:
            if debts[which].due - debts[which].terms > today:
                continue
            covered = min(free, opened[which])
            free -= covered
            owed[which] += opened[which] - covered if today > debts[which].due else 0
    return [(bearing * 10 / 36500).quantize(CENT, rounding=ROUND_HALF_UP) for bearing in owed]


def documents(moneys: list[Money]) -> Iterator[Payment | CreditNote]:
    for number, money in enumerate(moneys):
        used = tuple(Application(f"I-{which}", usd(amount), day(on)) for on, which, amount in money.used)
        made: Any = CreditNote if money.is_note else Payment
        yield made(f"M-{number}", "C-1", day(money.came), usd(money.amount), used)


def charged(debts: list[Debt], moneys: list[Money]) -> list[Decimal]:
    used = [
        sum((amount for money in moneys for _, one, amount in money.used if one == which), Decimal(0))
        for which in range(len(debts))
    ]
    invoices = [
        Invoice(
            f"I-{which}",
            str(which),
            "C-1",
            day(debt.due - debt.terms),
            day(debt.due),
            usd(debt.total),
            usd(debt.total - used[which]),
            status="open" if used[which] < debt.total else "paid",
        )
        for which, debt in enumerate(debts)
    ]
    papers = list(documents(moneys))
    found = decisions(
        day(LAST),
        *invoices,
        rules=settings(unapplied_credits="oldest_first", paid_late="charge"),
        payments=tuple(one for one in papers if isinstance(one, Payment)),
        credit_notes=tuple(one for one in papers if isinstance(one, CreditNote)),
    )
    by_ref = {one.invoice: one.amount.amount for one in found if isinstance(one, FinanceCharge)}
    return [by_ref.get(f"I-{which}", Decimal("0.00")) for which in range(len(debts))]


@given(account=accounts())
def test_what_covers_is_set_against_the_oldest_debt_of_each_day(account: tuple[list[Debt], list[Money]]) -> None:
    assert charged(*account) == clerk(*account)


@given(account=accounts(), came=st.integers(-30, LAST), share=st.integers(1, 100), which=st.integers(0, 2))
def test_paying_one_invoice_raises_no_charge_on_any(
    account: tuple[list[Debt], list[Money]], came: int, share: int, which: int
) -> None:
    debts, moneys = account
    which = min(which, len(debts) - 1)
    left = debts[which].total - sum(amount for money in moneys for _, one, amount in money.used if one == which)
    amount = (left * share / 100).quantize(CENT)
    more = [Money(came, amount, [(came, which, amount)], is_note=False)] if amount > 0 else []
    before, after = charged(debts, moneys), charged(debts, [*moneys, *more])
    assert all(now <= was for was, now in zip(before, after, strict=True))


@given(account=accounts(), cut=st.integers(0, 60))
def test_of_instalments_the_oldest_open_one_says_which_debt_is_covered_first(
    account: tuple[list[Debt], list[Money]], cut: int
) -> None:
    """Day by day against a plain clerk, each debt in two halves."""
    debts, moneys = account
    used = [
        sum((amount for money in moneys for _, one, amount in money.used if one == which), Decimal(0))
        for which in range(len(debts))
    ]
    invoices = []
    for which, debt in enumerate(debts):
        half = (debt.total / 2).quantize(CENT)
        rows = (Installment(day(debt.due), usd(half)), Installment(day(debt.due + cut), usd(debt.total - half)))
        left = usd(debt.total - used[which])
        status: Any = "open" if left.amount > 0 else "paid"
        issued = day(debt.due - debt.terms)
        invoices.append(
            Invoice(f"I-{which}", "", "C-1", issued, rows[1].due_on, usd(debt.total), left, status, installments=rows)
        )
    papers = list(documents(moneys))
    facts: dict[str, Any] = {
        "payments": tuple(one for one in papers if isinstance(one, Payment)),
        "credit_notes": tuple(one for one in papers if isinstance(one, CreditNote)),
    }
    spans = credit_spans(docket_of(situation(day(LAST), *invoices, **facts).account, day(LAST)))
    for today in range(-70, LAST + 1):
        free, opened = standing_on(today, debts, moneys)
        order = sorted(
            range(len(debts)),
            key=lambda which: (debts[which].due + (0 if 2 * opened[which] > debts[which].total else cut), which),
        )
        for which in order:
            here = [span for span in spans.get(f"I-{which}", ()) if span.covers(day(today))]
            share = min(free, opened[which]) if debts[which].due - debts[which].terms <= today else Decimal(0)
            free -= share
            found = sum((opened[which] if span.amount is None else span.amount for span in here), Decimal(0))
            assert found == share, (today, which)


def standing_on(today: int, debts: list[Debt], moneys: list[Money]) -> tuple[Decimal, list[Decimal]]:
    """What is free as the day begins, and what is open of each debt."""
    opened, free = [debt.total for debt in debts], Decimal(0)
    for money in moneys:
        free += money.amount if money.came < today else 0
        for on, which, amount in money.used:
            opened[which] -= amount if on < today else 0
            free -= amount if on < today and money.came < today else 0
    return free, opened


@given(
    amounts=st.lists(st.decimals(0, 9, places=2), min_size=1, max_size=9),
    changes=st.lists(st.tuples(st.integers(0, 8), st.sampled_from(["0", "0.01", "5", "1e70"])), max_size=6),
    money=st.decimals(0, 60, places=2),
)
def test_money_goes_along_the_queue_as_far_as_a_plain_sum_says(
    amounts: list[Decimal], changes: list[tuple[int, str]], money: Decimal
) -> None:
    queue = Queue(len(amounts))
    for place, amount in [*enumerate(amounts), *((place % len(amounts), Decimal(text)) for place, text in changes)]:
        amounts[place] = amount
        queue.put(place, amount)
    reached, left = queue.reached(money)
    assert reached >= len(amounts) or amounts[reached] > left == money - sum(amounts[:reached])
    assert sum(amounts[:reached]) <= money
    standing = [place for place, amount in enumerate(amounts) if amount]
    assert list(queue.between(0, len(amounts))) == standing
    assert list(queue.between(1, reached)) == [place for place in standing if 1 <= place <= reached]
