"""Waivers that a lost store forgot, filed again from the credits that carried them out.

Each credit of ours for a waiver is on the charge it let go, so charge, amount and day are known; who said so and why
are not. Filed again, a waiver keeps the charge from being given back twice.
"""

from __future__ import annotations

from collections import Counter

from rules.domain.facts import OURS, Account, ChargeBilled, CreditNote
from syncd.ledger import Ledger
from syncd.store.desk import Paper, Word
from syncd.store.records import Waiver
from syncd.waivers import WAIVE

_WHO, _WHY = "syncd", "found in the books"


def remember_waivers(ledger: Ledger) -> int:
    """File every waiver whose credit the books show and the desk does not; returns how many."""
    known = {filed.ref for filed in ledger.desk.filed(WAIVE)}
    found = 0
    for account in ledger.accounts(ledger.mirror.all_heads()):
        for paper in _waived(account):
            if paper.ref not in known:
                detail = {"charge": paper.ref.split("/")[1], "reason": _WHY}
                ledger.desk.amend(paper, Word(_WHO, ledger.clock.now(), "charge.waived", detail))
                found += 1
    return found


def _waived(account: Account) -> list[Paper]:
    billed = {entry.charge: entry for entry in account.history if isinstance(entry, ChargeBilled)}
    times: Counter[str] = Counter()
    papers: list[Paper] = []
    for note in sorted(account.credit_notes, key=lambda one: (one.issued_on, one.ref)):
        charge = next((part.invoice for part in note.applied if part.invoice in billed), None)
        if charge is not None and _is_waiver(note):
            times[charge] += 1
            entry = billed[charge]
            waiver = Waiver(entry.customer, entry.invoice, charge, note.issued_on, note.amount, _WHY)
            papers.append(Paper(waiver, f"{WAIVE}/{charge}/{times[charge]}", entry.customer))
    return papers


def _is_waiver(note: CreditNote) -> bool:
    return note.origin == f"{OURS}{WAIVE}" and not note.voided
