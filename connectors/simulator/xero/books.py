"""The books of one organisation: all records, who may be found under which name, ids, and the inner audit log."""

from __future__ import annotations

from datetime import date, datetime
from typing import Protocol

from connectors.simulator.xero import wire
from connectors.simulator.xero.organisation import Organisation, guid
from connectors.simulator.xero.records import Actor, Contact, Credit, CreditKind, Deed, Group, Invoice, Payment
from connectors.simulator.xero.switches import Switches
from connectors.simulator.xero.tables import Table


class Ticker(Protocol):
    """Any clock."""

    def now(self) -> datetime:
        """This instant, aware."""
        ...


class Books:
    """Everything an organisation has written down. Knows no HTTP and no validation."""

    def __init__(self, organisation: Organisation, clock: Ticker, switches: Switches, edition: int = 0) -> None:
        self.organisation = organisation
        self.switches = switches
        self.contacts: Table[Contact] = Table()
        self.invoices: Table[Invoice] = Table()
        self.credits: dict[CreditKind, Table[Credit]] = {
            "credit_note": Table(),
            "overpayment": Table(),
            "prepayment": Table(),
        }
        self.payments: Table[Payment] = Table()
        self.groups: dict[str, Group] = {}
        self.audit: list[Deed] = []
        self.open: dict[str, Invoice] = {}  # approved sales invoices with something due
        self._clock = clock
        self._edition = edition
        self._count: dict[str, int] = {}
        self._numbers: dict[str, list[Invoice]] = {}
        self._names: dict[str, list[Contact]] = {}

    def now(self) -> int:
        """The server's time in milliseconds, skew included."""
        return wire.milliseconds(self._clock.now()) + self.switches.clock_skew_s * 1000

    def today(self) -> date:
        """The organisation's local day."""
        return wire.moment_of(self.now()).astimezone(self.organisation.zone).date()

    def new_id(self, kind: str) -> str:
        """The next id of this kind."""
        return guid(self.organisation.tenant, self._edition, kind, self._next(kind))

    def next_number(self, prefix: str) -> str:
        """The next free number of the organisation's own series: ``INV-0001``."""
        while True:
            number = f"{prefix}-{self._next(prefix):04d}"
            if not self._numbers.get(number.lower()):
                return number

    def add_contact(self, contact: Contact) -> Contact:
        """A contact enters the books."""
        self._names.setdefault(contact.name.lower(), []).append(contact)
        return self.contacts.add(contact)

    def rename_contact(self, contact: Contact, name: str) -> None:
        """A contact gets another name."""
        self._names[contact.name.lower()].remove(contact)
        contact.name = name
        self._names.setdefault(name.lower(), []).append(contact)

    def contacts_named(self, name: str) -> list[Contact]:
        """Contacts of this name, whatever the case of its letters, active ones first."""
        return sorted(self._names.get(name.lower(), []), key=lambda contact: contact.status != "ACTIVE")

    def add_invoice(self, invoice: Invoice) -> Invoice:
        """An invoice enters the books."""
        invoice.contact.invoices[invoice.id] = invoice.type
        self._numbers.setdefault(invoice.number.lower(), []).append(invoice)
        self._keep_if_open(invoice)
        return self.invoices.add(invoice)

    def touch_invoice(self, invoice: Invoice) -> None:
        """An invoice changed and says so."""
        self._keep_if_open(invoice)
        self.invoices.touch(invoice, self.now())

    def renumber_invoice(self, invoice: Invoice, number: str) -> None:
        """An invoice gets another number."""
        self._numbers[invoice.number.lower()].remove(invoice)
        invoice.number = number
        self._numbers.setdefault(number.lower(), []).append(invoice)

    def invoices_numbered(self, number: str) -> list[Invoice]:
        """Invoices and bills of this number."""
        return self._numbers.get(number.lower(), [])

    def find_invoice(self, reference: str) -> Invoice | None:
        """The invoice of this id or number."""
        found = self.invoices.get(reference)
        numbered = self.invoices_numbered(reference)
        return found or (numbered[0] if numbered else None)

    def write_down(
        self, actor: Actor, kind: str, customer: str, *, target: str, text: str = "", cents: int = 0
    ) -> None:
        """One line of the inner audit log."""
        self.audit.append(Deed(self.now(), actor, kind, customer, target, text, cents))

    def _keep_if_open(self, invoice: Invoice) -> None:
        if invoice.type == "ACCREC" and invoice.status == "AUTHORISED":
            self.open[invoice.id] = invoice
        else:
            self.open.pop(invoice.id, None)

    def _next(self, series: str) -> int:
        self._count[series] = self._count.get(series, 0) + 1
        return self._count[series]
