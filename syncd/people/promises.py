"""Promises to pay, as people record them: one that still runs per invoice, none that cannot be judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from rules.domain.facts import Account, Invoice, Promise
from rules.domain.money import total
from rules.domain.paying.promised import PromiseState
from rules.domain.wording import spoken
from syncd.errors import Usage
from syncd.ledger import Ledger
from syncd.people.clerk import Clerk, Noted, amount_of, day_of, numbers, one_currency
from syncd.people.records import must_be_ours, one_of, running
from syncd.store.desk import Filed, Paper

KIND = "promise"
_FARTHEST = timedelta(days=366)


def add(
    clerk: Clerk,
    texts: Sequence[str],
    promised_on: date,
    *,
    amount: str | None = None,
    made_on: date | None = None,
    instead: bool = False,
    anyway: bool = False,
) -> Noted:
    """Record that these invoices (or `amount` of them) will be paid by `promised_on`.

    Raises:
        Usage: the day or the amount cannot be or, unless `anyway`, is hardly meant, or another promise on one
            of them still runs and `instead` is not set.
    """
    ledger, invoices = clerk.invoices(texts)
    made = day_of(made_on, ledger.today(), "a promise made")
    if promised_on < made:
        raise Usage(f"the promised day {promised_on} is before {made}, the day the promise was made")
    if promised_on > made + _FARTHEST and not anyway:
        away = f"{promised_on} is more than a year away, and so long these invoices are not asked for"
        raise Usage(f"{away}; add --anyway if it is meant")
    said = numbers(invoices)
    promised = None
    if amount is not None:
        currency = one_currency(invoices)
        opened = total([invoice.balance for invoice in invoices], currency)
        promised = amount_of(amount, currency, opened, f"what is open on {said}")
    _clear_the_way(clerk, ledger, invoices, instead=instead)
    refs, customer = tuple(sorted(one.ref for one in invoices)), _whose(ledger, invoices)
    word = clerk.word(ledger, "promise.recorded", invoices=", ".join(refs), promised_on=promised_on, amount=promised)
    filed = ledger.desk.note(
        lambda ref: Promise(ref, customer, refs, made, promised_on, promised), KIND, customer, word
    )
    return Noted(
        ledger, filed, f"{spoken(promised) if promised else 'all that is open'} of {said} promised for {promised_on}"
    )


def withdraw(clerk: Clerk, text: str, on: date | None = None) -> Noted:
    """End the promise called `text` (its ref, or the invoice or customer it is about): it counts as withdrawn."""
    ledger, filed = one_of(clerk, KIND, text, lambda one: _runs(clerk, one))
    return _withdraw(clerk, ledger, filed, day_of(on, ledger.today(), "a promise withdrawn"))


def states(clerk: Clerk, ledger: Ledger, customer: str) -> dict[str, PromiseState]:
    """Where each promise of the customer's family stands, by ref."""
    return _states(clerk, ledger, clerk.account(ledger, customer))


def _states(clerk: Clerk, ledger: Ledger, account: Account) -> dict[str, PromiseState]:
    return {position.ref: position.state for position in clerk.evaluated(ledger, account).promises}


def _runs(clerk: Clerk, one: tuple[Ledger, Filed]) -> bool:
    ledger, filed = one
    return states(clerk, ledger, filed.customer).get(filed.ref) == "open"


def _withdraw(clerk: Clerk, ledger: Ledger, filed: Filed, on: date) -> Noted:
    ended = replace(filed.value, withdrawn_on=on)
    word = clerk.word(ledger, "promise.withdrawn", on=on)
    return Noted(
        ledger,
        ledger.desk.amend(Paper(ended, filed.ref, filed.customer), word),
        f"the promise for {filed.value.promised_on} is withdrawn",
    )


def _clear_the_way(clerk: Clerk, ledger: Ledger, invoices: Sequence[Invoice], *, instead: bool) -> None:
    """One promise at a time: an earlier one on the same invoice must have come to its end."""
    stood = states(clerk, ledger, invoices[0].customer)
    wanted = {invoice.ref for invoice in invoices}
    for filed in running(
        ledger, KIND, lambda one: stood.get(one.ref) == "open" and bool(wanted & set(one.value.invoices))
    ):
        if not instead:
            raise Usage(
                f"{filed.ref} for {filed.value.promised_on} still runs on one of these invoices; "
                f"add --instead, or run: syncd promise withdraw {filed.ref}"
            )
        must_be_ours(filed)
        _withdraw(clerk, ledger, filed, ledger.today())


def _whose(ledger: Ledger, invoices: Sequence[Invoice]) -> str:
    """The customer of all, or the head of the family they belong to."""
    owners = sorted({invoice.customer for invoice in invoices})
    return owners[0] if len(owners) == 1 else ledger.mirror.heads(owners)[0]
