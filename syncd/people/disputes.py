"""Disputes, as people record them: what of an invoice is contested, from when to when."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from rules.domain.eligibility import disputed
from rules.domain.facts import Dispute, Invoice
from rules.domain.wording import spoken
from rules.policy.problems import meant
from syncd.errors import Usage
from syncd.ledger import Ledger
from syncd.people.clerk import Clerk, Noted, amount_of, day_of, must_be_open
from syncd.people.records import Found, one_of
from syncd.store.desk import Paper

KIND = "dispute"


def add(
    clerk: Clerk,
    text: str,
    *,
    amount: str | None = None,
    code: str = "",
    reason: str = "",
    opened_on: date | None = None,
) -> Noted:
    """Record that the invoice, or `amount` of it, is contested: why by a `code` that is known, and in words.

    Raises:
        Usage: nothing is open on it, no more of it than is contested already, there is no such code, or the same
            stands already.
    """
    codes = clerk.policies.dispute_codes
    if code and code not in codes:
        own = "words of your own go under [disputes] in the rules"
        raise Usage(f'no reason code "{code}" ({own}){meant(code, codes)}')
    ledger, invoice = clerk.invoice(text)
    must_be_open(invoice)
    opened = day_of(opened_on, ledger.today(), "a dispute opened")
    contested = disputed(invoice, _open_on(ledger, invoice))
    free = invoice.balance - contested
    if not free:
        raise Usage(f"all of {invoice.number} is contested already")
    if amount is None and contested:
        raise Usage(f"{spoken(contested)} of {invoice.number} is contested already; say how much more with --amount")
    part = amount_of(amount, invoice.currency, free, f"what is open and not contested of {invoice.number}")
    told = Dispute("", invoice.ref, opened, part, reason, None, code)
    if (stands := next((one for one in _open_on(ledger, invoice) if replace(one, ref="") == told), None)) is not None:
        raise Usage(f"{stands.ref} says the very same already; where it is another one, tell them apart with --reason")
    word = clerk.word(ledger, "dispute.opened", invoice=invoice.ref, amount=part, on=opened)
    filed = ledger.desk.note(lambda ref: replace(told, ref=ref), KIND, invoice.customer, word)
    why = f" ({code})" if code else ""
    why += f": {reason}" if reason else ""
    return Noted(ledger, filed, f"{spoken(part or invoice.balance)} of {invoice.number} contested from {opened}{why}")


def close(clerk: Clerk, text: str, closed_on: date | None = None) -> Noted:
    """End the dispute called `text` (its ref, or the invoice or customer it is about).

    Raises:
        Usage: there is none, or it would close before it opened.
    """
    ledger, filed = one_of(clerk, KIND, text, is_open)
    closed = day_of(closed_on, ledger.today(), "a dispute closed")
    if closed < filed.value.opened_on:
        raise Usage(f"{filed.ref} was opened on {filed.value.opened_on}; it cannot have closed on {closed}")
    paper = Paper(replace(filed.value, closed_on=closed), filed.ref, filed.customer)
    word = clerk.word(ledger, "dispute.closed", invoice=filed.value.invoice, on=closed)
    return Noted(ledger, ledger.desk.amend(paper, word), f"the dispute is closed as of {closed}")


def is_open(one: Found) -> bool:
    """Whether the dispute still stands."""
    return one[1].value.closed_on is None


def _open_on(ledger: Ledger, invoice: Invoice) -> list[Dispute]:
    found = (filed.value for filed in ledger.desk.filed(KIND))
    return [dispute for dispute in found if dispute.invoice == invoice.ref and dispute.closed_on is None]
