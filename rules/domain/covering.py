"""What money and credits cover while they are on no invoice: each day the oldest of what is open then.

Worked out for every day anew, so that what a credit covered stays covered when it is used on an invoice later, or when
that invoice is paid by other money. Decimals are in the currency of the documents.
"""

from __future__ import annotations

from bisect import insort
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from functools import partial
from typing import NamedTuple

from rules.domain.facts import Application, CreditNote, Payment
from rules.domain.timeline import ZERO, Docket, Part, Span, Steps, days_after, next_day, parts_of, spread

_SEVERAL = 2


class _Debt(NamedTuple):
    """An invoice as credits see it."""

    ref: str
    issued_on: date
    open: Steps
    parts: tuple[Part, ...]

    def place(self, day: date) -> tuple[date, str]:
        """Where it stands among those open on `day`: by the part that is due first of what is open of it then."""
        if len(self.parts) < _SEVERAL:
            return self.parts[0].due_on if self.parts else date.max, self.ref
        shares = spread(self.parts, self.open.on(day))
        oldest = (part.due_on for part, share in zip(self.parts, shares, strict=True) if share > 0)
        return next(oldest, self.parts[-1].due_on), self.ref


def credit_spans(docket: Docket) -> dict[str, list[Span]]:
    """What of each invoice is covered, and when: of each currency the one with the oldest open part first."""
    covered: dict[str, list[Span]] = defaultdict(list)
    for currency, free in _free(docket).items():
        debts = [
            _Debt(invoice.ref, invoice.issued_on, docket.open_steps(invoice), parts_of(invoice))
            for invoice in docket.account.invoices
            if invoice.currency == currency and invoice.status in ("open", "paid") and not invoice.is_ours
        ]
        _cover(free, debts, covered)
    return covered


def _cover(free: Steps, debts: list[_Debt], covered: dict[str, list[Span]]) -> None:
    """Set what is free from each day on against the debts of that day, oldest first."""
    begun = free.firsts[1]  # before that, nothing is
    days = {*free.firsts[1:], *(debt.issued_on for debt in debts)}
    days.update(day for debt in debts for day in debt.open.firsts)
    coming = sorted(debts, key=lambda debt: debt.issued_on, reverse=True)
    owed: list[_Debt] = []
    moves = any(len(debt.parts) >= _SEVERAL for debt in debts)  # once its oldest instalment is paid, a debt moves back
    running: dict[str, tuple[date, Decimal | None]] = {}
    for day in sorted(day for day in days if day >= begun):
        while coming and coming[-1].issued_on <= day:
            insort(owed, coming.pop(), key=partial(_Debt.place, day=day))
        if moves:
            owed.sort(key=partial(_Debt.place, day=day))
        _turn(day, _shares(free.on(day), owed, day), running, covered)
    for ref, (first_on, amount) in running.items():
        covered[ref].append(Span(first_on, None, amount))


def _shares(rest: Decimal, owed: list[_Debt], day: date) -> dict[str, Decimal | None]:
    """What of each debt is covered; None where all of it is, whatever of it interest that was paid first left open.

    Debts found paid leave `owed`: a balance only falls.
    """
    shares: dict[str, Decimal | None] = {}
    place = 0
    while rest > 0 and place < len(owed):
        outstanding = owed[place].open.on(day)
        if outstanding <= 0:
            del owed[place]
            continue
        shares[owed[place].ref] = rest if rest < outstanding else None
        rest -= outstanding
        place += 1
    return shares


def _turn(
    day: date,
    shares: dict[str, Decimal | None],
    running: dict[str, tuple[date, Decimal | None]],
    covered: dict[str, list[Span]],
) -> None:
    """End the spans whose share is another one from `day` on, and begin those."""
    for ref, (first_on, amount) in list(running.items()):
        if ref not in shares or shares[ref] != amount:
            covered[ref].append(Span(first_on, days_after(day, -1), amount))
            del running[ref]
    for ref, amount in shares.items():
        running.setdefault(ref, (day, amount))


def _free(docket: Docket) -> dict[str, Steps]:
    """What is on no invoice by the day it counts, by currency; no entry where nothing ever was."""
    changes: dict[str, dict[date, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for document in _counted(docket):
        for day, amount in _steps_of(docket, document):
            changes[document.amount.currency][day] += amount
    found: dict[str, Steps] = {}
    for currency, by_day in changes.items():
        firsts, values = [date.min], [ZERO]
        for day in sorted(by_day):
            if by_day[day]:
                firsts.append(day)
                values.append(values[-1] + by_day[day])
        if len(firsts) > 1:
            found[currency] = Steps(tuple(firsts), tuple(values))
    return found


def _counted(docket: Docket) -> Iterator[Payment | CreditNote]:
    """Documents that were never taken back. Where one is used in another currency, its rest cannot be told."""
    reversed_by = docket.as_of
    for payment in docket.account.payments:
        if payment.reversed_on is None or payment.reversed_on > reversed_by:
            yield payment
    for note in docket.account.credit_notes:
        if not note.voided and not (note.origin or "").startswith("syncd:"):
            yield note


def _steps_of(docket: Docket, document: Payment | CreditNote) -> Iterator[tuple[date, Decimal]]:
    """From which day how much more (or less) of the document is free; never less than nothing."""
    if any(part.amount.currency != document.amount.currency for part in document.applied):
        return
    is_note = isinstance(document, CreditNote)
    came_on = document.issued_on if isinstance(document, CreditNote) else document.received_on
    first_on = came_on if docket.effect.payment_day_free and not is_note else next_day(came_on)
    left = max(document.amount.amount, ZERO)
    yield first_on, left
    for part in sorted(document.applied, key=lambda part: part.on or came_on):
        used = min(max(part.amount.amount, ZERO), left)
        left -= used
        yield _used_from(docket, part, first_on, is_note=is_note), -used


def _used_from(docket: Docket, part: Application, first_on: date, *, is_note: bool) -> date:
    """The first day that already bears the lower balance of what it was used on."""
    if part.on is None or (is_note and docket.effect.credits_at_once):
        return first_on
    on = part.on if docket.effect.payment_day_free and not is_note else next_day(part.on)
    return max(on, first_on)
