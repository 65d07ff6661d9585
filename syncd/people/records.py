"""Looking records up: by their own ref, or by the customer or invoice they are about."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from connectors import Ref
from rules.domain.near_miss import near_miss
from syncd.errors import Usage
from syncd.ledger import Ledger
from syncd.people.clerk import Clerk
from syncd.store.desk import BOOK_FILE, Filed

Found = tuple[Ledger, Filed]


def all_of(clerk: Clerk, kind: str, about: str | None = None) -> list[Found]:
    """Every record of the kind, or those about the customer or invoice that `about` names; oldest first."""
    found = [(ledger, filed) for ledger in clerk.ledgers for filed in ledger.desk.filed(kind)]
    return found if about is None else [one for one in found if is_about(*one, about)]


def running(ledger: Ledger, kind: str, is_running: Callable[[Filed], bool]) -> list[Filed]:
    """The records of a kind that have not come to their end."""
    return [filed for filed in ledger.desk.filed(kind) if is_running(filed)]


_WORDS = {"waive": "waiver", "installment_plan": "instalment plan", "credit_application": "application"}


def one_of(clerk: Clerk, kind: str, text: str, is_running: Callable[[Found], bool]) -> Found:
    """The one running record that `text` means: by its ref, else the only one about that invoice or customer.

    Raises:
        Usage: none, several, or one that has come to its end.
    """
    every = all_of(clerk, kind)
    word = _WORDS.get(kind, kind.replace("_", " "))
    named = [one for one in every if one[1].ref == text] or [one for one in every if is_about(*one, text)]
    if not named:
        known = [filed.ref for _, filed in every]
        raise Usage(f'no {word} is recorded as or about "{text}"{near_miss(text, known)}')
    open_ones = [one for one in named if is_running(one)]
    if not open_ones:
        raise Usage(f"{named[-1][1].ref} has come to its end already")
    if len(open_ones) > 1:
        refs = ", ".join(filed.ref for _, filed in open_ones)
        raise Usage(f'more than one {word} is about "{text}": {refs}; name one of them')
    must_be_ours(open_ones[0][1])
    return open_ones[0]


def must_be_ours(filed: Filed) -> None:
    """Refuse to change what each pull brings anew from a folder's book file.

    Raises:
        Usage: it stands in the book file.
    """
    if filed.who == BOOK_FILE:
        raise Usage(f"{filed.ref} stands in the book file, which every pull reads again; change it there")


def is_about(ledger: Ledger, filed: Filed, text: str) -> bool:
    """Whether the record concerns the customer or invoice that `text` names.

    QuickBooks counts customers and invoices each from 1: an id says nothing without what it is the id of.
    """
    wanted = text.removeprefix("id:")
    called = [one for one in ledger.mirror.called(wanted, exactly=False) if wanted in (text, one.ref.id)]
    named = [one.ref for one in called if not one.by_id or wanted != text] or [one.ref for one in called]
    if not named:  # gone from the books, or the key of a charge: known by its id alone
        return wanted in (filed.customer, *subjects(filed.value))
    concerned = [Ref("customer", one) for one in (filed.customer, *_of_group(ledger, filed.value))]
    return not {*concerned, *(Ref("invoice", one) for one in subjects(filed.value))}.isdisjoint(named)


def _of_group(ledger: Ledger, value: Any) -> list[str]:
    """Whom a record about a group concerns."""
    group = getattr(value, "group", None)
    return ledger.mirror.in_group(group) if group is not None else []


def subjects(value: Any) -> tuple[str, ...]:
    """The invoices a record is about."""
    several: tuple[str, ...] = getattr(value, "invoices", ())
    single = [getattr(value, name, None) for name in ("invoice", "charge")]
    return (*several, *(ref for ref in single if ref))
