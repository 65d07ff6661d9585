"""What money and credits cover while they are on no invoice: each day the oldest of what is open then.

Worked out for every day anew, so that what a credit covered stays covered when it is used on an invoice later, or when
that invoice is paid by other money. Decimals are in the currency of the documents.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from rules.domain.charging.queue import Queue
from rules.domain.charging.timeline import ZERO, Docket, Part, Span, Steps, days_after, next_day, parts_of, spread
from rules.domain.facts import Application, CreditNote, Payment

_SEVERAL = 2


class _Debt(NamedTuple):
    """An invoice as credits see it."""

    ref: str
    issued_on: date
    open: Steps
    parts: tuple[Part, ...]

    @property
    def places(self) -> list[tuple[date, str]]:
        """Wherever it may stand."""
        return [(part.due_on, self.ref) for part in self.parts] or [(date.max, self.ref)]

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
    """Set what is free from each day on against the debts of that day, oldest first.

    From one day to the next only those are looked at that changed, or that lie between where money reached and reaches.
    """
    begun = free.firsts[1]  # before that, nothing is
    changes: dict[date, list[_Debt]] = {day: [] for day in free.firsts[1:]}
    for debt in debts:
        for day in {debt.issued_on, *(day for day in debt.open.firsts if day > debt.issued_on)}:
            changes.setdefault(max(day, begun), []).append(debt)
    order = _Order(debts)
    reached = 0
    running: dict[str, tuple[date, Decimal | None]] = {}
    for day in sorted(changes):
        changed = {debt.ref for debt in changes[day]}
        for debt in changes[day]:
            order.set(debt, day)
        now, left = order.queue.reached(free.on(day))
        changed.update(order.refs[at] for at in order.queue.between(min(reached, now), max(reached, now)))
        reached = now
        _turn(day, {ref: order.share(ref, now, left) for ref in changed}, running, covered)
    for ref, (first_on, amount) in running.items():
        covered[ref].append(Span(first_on, None, amount))


class _Order:
    """The debts of a day in the order in which they are covered. One of several parts moves back as they are paid."""

    def __init__(self, debts: list[_Debt]) -> None:
        places = sorted({place for debt in debts for place in debt.places})
        self.refs = [ref for _, ref in places]
        self.queue = Queue(len(places))
        self._index = {place: at for at, place in enumerate(places)}
        self._at: dict[str, int] = {}

    def set(self, debt: _Debt, day: date) -> None:
        """Let the debt stand where it belongs on `day`, with what is open of it."""
        if debt.ref in self._at:
            self.queue.put(self._at[debt.ref], ZERO)
        at = self._at[debt.ref] = self._index[debt.place(day)]
        self.queue.put(at, max(debt.open.on(day), ZERO))

    def share(self, ref: str, reached: int, left: Decimal) -> Decimal | None:
        """What of it is covered where the money reaches so far, with so much left there.

        None where all of it is, whatever of it interest that was paid first left open.
        """
        at = self._at[ref]
        if self.queue.amount(at) <= 0 or at > reached:
            return ZERO
        return left if at == reached else None


def _turn(
    day: date,
    shares: Mapping[str, Decimal | None],
    running: dict[str, tuple[date, Decimal | None]],
    covered: dict[str, list[Span]],
) -> None:
    """End the spans of those whose share is another one from `day` on, and begin theirs."""
    for ref, share in shares.items():
        before = running.get(ref)
        if before is not None and before[1] == share:
            continue
        if before is not None:
            covered[ref].append(Span(before[0], days_after(day, -1), before[1]))
            del running[ref]
        if share is None or share > 0:
            running[ref] = (day, share)


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
