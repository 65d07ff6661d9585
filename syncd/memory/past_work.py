"""Whether another database worked on these books before: by what they show anyway, and else record by record.

A new database beside old books would do everything again. QuickBooks' notes and the numbers of charges come with every
pull; Xero keeps notes in a history of each record, which costs a request. So before the first request about a record
older than this database its marks are looked for; one that is found stops all writing until a person runs recover.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime

from connectors import Connector, Ref
from connectors.errors import Unprovable
from rules.domain.actions import CreateInvoice, EmailInvoice, Operation
from rules.domain.facts import Invoice
from syncd.clock import CompanyTime
from syncd.freshness import targets
from syncd.memory.lineage import UNTIL_RECOVERED
from syncd.store.desk import Desk
from syncd.store.findings import Findings
from syncd.store.first_tries import FirstTries
from syncd.store.intent_rows import Step
from syncd.store.mirror import Mirror

_KIND = "worked_before"
_UNKNOWN = "which this database knows nothing of"
_MOST_FLAGS = 10
_EVER = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class PastWork:
    """Looks for work of ours that this database did not do."""

    mirror: Mirror
    desk: Desk
    tries: FirstTries
    findings: Findings
    connector: Connector
    time: CompanyTime
    since: Callable[[], date | None]  # the day this database first planned anything here

    def shown(self, *, is_new: bool) -> str | None:
        """What tells of it, and what follows: found before, or, where nothing was ever decided here, in our copy."""
        found = self.findings.get(_KIND)
        if found is not None:
            return _told(str(found.document["what"]))
        if not is_new:
            return None
        if not self.desk.customers("finance_charge") and self.mirror.has_charges_of_ours():
            return _told(f"the books carry charges of ours, {_UNKNOWN}")
        if not self.desk.customers("reminder") and self.mirror.has_notes_of_ours():
            return _told(f"the books carry notes of ours, {_UNKNOWN}")
        return None

    def about(self, step: Step) -> str | None:
        """What a mark on a record that `step` is about tells; one request for each that was never worked on here."""
        for ref in targets(step.operation):
            if self._is_known(ref):
                continue
            if (what := self._told_by(ref, step.operation) or self._claimed_by(step)) is not None:
                return what
        return None

    def flags(self) -> str | None:
        """What the first few customers tell whose stop-sell flag is up: a new database asks once."""
        for customer in self.mirror.flagged(_MOST_FLAGS):
            if (what := self._told_by(Ref("customer", customer))) is not None:
                return what
        return None

    def _told_by(self, ref: Ref, operation: Operation | None = None) -> str | None:
        """What a record tells, remembered from then on."""
        found = self.connector.mark_on(ref, mails=isinstance(operation, EmailInvoice))
        if found is None:
            return None
        return self._remembered(f"{ref.kind} {ref.id} {found}")

    def _claimed_by(self, step: Step) -> str | None:
        """What an invoice tells that says it is the charge `step` makes: people may have changed all else of it."""
        if not isinstance(step.operation, CreateInvoice) or not self.mirror.has_claims(step.operation.customer):
            return None
        try:
            found = self.connector.was_applied(step.operation, step.key, _EVER)
        except Unprovable as error:
            return self._remembered(str(error))
        return self._remembered(f"invoice {found.remote_id} was made under {step.key}") if found else None

    def _remembered(self, found: str) -> str:
        what = f"{found}, {_UNKNOWN}"
        self.findings.put(_KIND, {"what": what}, self.time.now())
        return _told(what)

    def _is_known(self, ref: Ref) -> bool:
        """Whether all that was ever done about a record was done from here: it is younger, or has its past here."""
        fact, since = self.mirror.fact(ref), self.since()
        if isinstance(fact, Invoice) and (fact.is_ours or fact.claims_ours):
            return True  # its marker is that of its making, or forged
        if isinstance(fact, Invoice) and since is not None and fact.issued_on > since:
            return True
        if ref.kind == "invoice":
            return self.tries.of_invoice(ref.id)
        family = self.mirror.family(self.mirror.heads([ref.id]))
        return self.tries.of_customer(ref.id, [one for members in family.values() for one in members])


def _told(what: str) -> str:
    return f"{what}; {UNTIL_RECOVERED}"
