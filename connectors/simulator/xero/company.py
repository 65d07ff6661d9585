"""The company behind the counter: what its people and customers do, and what is found in its books afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal

from connectors.simulator import Effect, OpenItem
from connectors.simulator.http import Request, Response
from connectors.simulator.xero import credit_notes, effects, groups, invoice_writes, ledger, wire
from connectors.simulator.xero.aged import lines_of
from connectors.simulator.xero.books import Books, Ticker
from connectors.simulator.xero.gate import Gate
from connectors.simulator.xero.idempotency import IdempotencyCache
from connectors.simulator.xero.identity import USUAL_SCOPES, Identity
from connectors.simulator.xero.limits import Limits
from connectors.simulator.xero.organisation import Organisation, guid
from connectors.simulator.xero.records import Contact, Credit, CreditKind, Group, Invoice, Line, Payment
from connectors.simulator.xero.switches import Switches

_BANK = "090"
_SALES = "200"


class XeroCompany:
    """One Xero organisation. Serve `application`; everything else is the door behind the counter.

    `switches` changes behaviour, `limits` the rate limits, `organisation` settings such as lock dates, `identity`
    tokens and connections. Companies of one app at Xero share their idempotency cache: hand the same `cache` to each.
    """

    kind = "xero"

    def __init__(
        self,
        clock: Ticker,
        *,
        account: str = "",
        name: str = "Kauri Trading Ltd",
        currency: str = "NZD",
        timezone: str = "Pacific/Auckland",
        client_id: str = "demo-client",
        client_secret: str = "demo-secret",  # noqa: S107 - opens a simulated company only
        cache: IdempotencyCache | None = None,
    ) -> None:
        self.account = account or guid("tenant", name)
        self.name, self.currency, self.timezone = name, currency, timezone
        self.switches = Switches()
        self.organisation = Organisation(self.account, name, currency, timezone)
        self.limits = Limits(phase_s=int(guid(self.account, "phase")[:6], 16) % 86_400)
        self.books = Books(self.organisation, clock, self.switches)
        self._clock, self._edition = clock, 0
        self.identity = Identity(self.account, name, self._now, self.switches)
        self.identity.client_id, self.identity.client_secret = client_id, client_secret
        self._gate = Gate(self.identity, self.limits, lambda: self.books, cache)

    def application(self, request: Request) -> Response:
        """Answer one HTTP request: identity, connections and the accounting API."""
        return self._gate.application(request)

    def issue_tokens(self, scope: str = USUAL_SCOPES) -> dict[str, object]:
        """A token set as the token endpoint answers, with the tenant it is good for."""
        with self._books():
            return {**self.identity.issue(scope), "tenant_id": self.account}

    # -- what happens in the business

    def add_customer(
        self, name: str, email: str | None = None, *, terms_days: int = 30, parent: str | None = None
    ) -> str:
        """A new contact. Xero knows no parents: `parent` is not written down anywhere."""
        del parent
        with self._books() as books:
            terms: dict[str, dict[str, object]] = {"Sales": {"Day": terms_days, "Type": "DAYSAFTERBILLDATE"}}
            contact = Contact(books.new_id("contact"), wire.plain(name), books.now(), email or "", terms=terms)
            return books.add_contact(contact).id

    def add_invoice(
        self,
        customer: str,
        number: str,
        issued_on: date,
        due_on: date | None,
        cents: int,
        *,
        currency: str | None = None,
        status: str = "AUTHORISED",
        sent: bool = True,
        reference: str = "",
    ) -> str:
        """An approved sales invoice of one line without tax."""
        with self._books() as books:
            invoice = self._document(books, customer, number, issued_on, cents)
            invoice.due_on, invoice.currency = due_on, currency or self.currency
            invoice.status, invoice.sent, invoice.reference = status, sent, wire.plain(reference)
            self.organisation.currencies.add(invoice.currency)
            return invoice_writes.enter(books, invoice).id

    def add_bill(self, supplier: str, number: str, issued_on: date, due_on: date, cents: int) -> str:
        """A bill to pay: it lies in the same list and is no receivable."""
        with self._books() as books:
            bill = self._document(books, supplier, number, issued_on, cents)
            bill.type, bill.due_on = "ACCPAY", due_on
            return invoice_writes.enter(books, bill).id

    def pay(self, invoice: str, cents: int, on: date, *, reference: str = "", batch: str = "") -> str:
        """The customer pays this much of an invoice, at most what is open."""
        with self._books() as books:
            document = _invoice(books, invoice)
            if document.status != "AUTHORISED" or not 0 < cents <= document.due_cents:
                raise ValueError(f"{document.number} has {document.due_cents} cents open and is {document.status}")
            payment = Payment(books.new_id("payment"), document, cents, on, books.now(), _BANK, "person", reference)
            payment.batch_id = batch
            return ledger.pay(books, document, payment).id

    def pay_on_account(self, customer: str, cents: int, on: date) -> str:
        """Money beyond any invoice: an overpayment."""
        return self._add_credit("overpayment", customer, cents, on)

    def prepay(self, customer: str, cents: int, on: date) -> str:
        """Money ahead of an invoice: a prepayment."""
        return self._add_credit("prepayment", customer, cents, on)

    def credit(self, customer: str, cents: int, on: date, *, invoice: str | None = None) -> str:
        """A credit note, used on `invoice` as far as that is open, if named."""
        credit_id = self._add_credit("credit_note", customer, cents, on)
        if invoice is not None:
            self.allocate(credit_id, invoice, cents)
        return credit_id

    def allocate(self, credit: str, invoice: str, cents: int) -> None:
        """A person uses a credit on an invoice, as far as both have something open."""
        with self._books() as books:
            found, document = _credit(books, credit), _invoice(books, invoice)
            used = min(cents, found.remaining_cents, document.due_cents)
            if used > 0 and document.status == "AUTHORISED":
                ledger.allocate(books, found, document, used, "person")

    def void(self, invoice: str) -> None:
        """A person voids an invoice nothing was paid on."""
        with self._books() as books:
            document = _invoice(books, invoice)
            if document.touched_by_money:
                raise ValueError(f"{document.number} has money on it")
            ledger.void(books, document, "person")
            books.contacts.changed_silently()

    def unpay(self, payment: str) -> None:
        """A person deletes a payment; what it had paid is open again."""
        with self._books() as books:
            found = books.payments.get(payment)
            if found is None:
                raise KeyError(payment)
            if found.status != "DELETED":
                ledger.delete_payment(books, found, "person")

    def set_due_date(self, invoice: str, due_on: date, *, bumps: bool = False) -> None:
        """A person gives more time. On part-paid invoices Xero does not say so: `bumps` moves the stamp."""
        with self._books() as books:
            document = _invoice(books, invoice)
            document.due_on = due_on
            if bumps:
                ledger.touch(books, document)
            else:
                books.invoices.changed_silently()

    def approve(self, invoice: str) -> None:
        """A person approves a draft, for instance one an API client left for them."""
        with self._books() as books:
            document = _invoice(books, invoice)
            document.status = "AUTHORISED"
            ledger.touch(books, document)

    def renumber(self, invoice: str, number: str, *, account: str | None = None) -> None:
        """A person gives an invoice another number, and posts its lines to another account."""
        with self._books() as books:
            document = _invoice(books, invoice)
            books.renumber_invoice(document, number)
            for line in document.lines:
                line.account_code = account or line.account_code
            ledger.touch(books, document)

    def merge(self, loser: str, winner: str) -> None:
        """A person merges two contacts."""
        with self._books() as books:
            ledger.merge(books, _contact(books, loser), _contact(books, winner))

    def archive(self, customer: str) -> None:
        """A person archives a contact."""
        with self._books() as books:
            contact = _contact(books, customer)
            contact.status = "ARCHIVED"
            books.contacts.touch(contact, books.now())

    def write_note(self, invoice: str, text: str) -> None:
        """A person writes a note on an invoice."""
        with self._books() as books:
            ledger.note(books, _invoice(books, invoice).history, "Note", text, "person")

    def set_stop_sell(self, customer: str, group: str, *, member: bool) -> None:
        """A person puts a contact into a group, which is made if absent, or takes it out."""
        with self._books() as books:
            contact = _contact(books, customer)
            found = next((g for g in books.groups.values() if g.name == group and g.status == "ACTIVE"), None)
            found = found or books.groups.setdefault(key := books.new_id("group"), Group(key, group))
            if member and contact.id not in found.members:
                groups.join(books, found, contact, "person")
            elif not member and contact.id in found.members:
                groups.leave(books, found, contact, "person")

    def lock_period(self, through: date | None) -> None:
        """The bookkeeper closes the books through this day."""
        with self._books():
            self.organisation.period_lock_on = through

    def reset_demo(self) -> None:
        """Xero resets the demo company: everything is gone, and what comes next has other ids."""
        with self._books():
            self._edition += 1
            self.books = Books(self.organisation, self._clock, self.switches, self._edition)

    # -- what happens to the connection

    def revoke_consent(self) -> None:
        """The person disconnects the app: refreshing fails, the API answers 403."""
        with self._books():
            self.identity.revoke_everything()

    def expire_tokens(self) -> None:
        """Every access token has run out; refreshing still works."""
        with self._books():
            self.identity.expire_access_tokens()

    # -- what is found in the books

    def open_items(self) -> list[OpenItem]:
        """Every approved sales invoice with something open."""
        with self._books() as books:
            return [_open_item(invoice) for invoice in books.open.values()]

    def owed_by(self, customer: str, as_of: date) -> int:
        """What a customer owes at the end of a day by the aged receivables report, in cents."""
        with self._books() as books:
            return sum(line.due for line in lines_of(books, _contact(books, customer), as_of))

    def effects(self) -> list[Effect]:
        """What API clients did, oldest first; a thing done twice is there twice."""
        with self._books() as books:
            return effects.found_in(books)

    def calls_by_day(self) -> dict[date, dict[str, int]]:
        """Requests answered, by UTC day and purpose."""
        with self._books():
            return {day: dict(counts) for day, counts in self._gate.calls.items()}

    @property
    def replayed(self) -> int:
        """How many answers came out of the idempotency cache."""
        return self._gate.cache.replayed

    def _now(self) -> int:
        return self.books.now()

    @contextmanager
    def _books(self) -> Iterator[Books]:
        with self._gate.lock:
            yield self.books

    def _document(self, books: Books, customer: str, number: str, on: date, cents: int) -> Invoice:
        invoice = Invoice(
            books.new_id("invoice"),
            wire.plain(number),
            _contact(books, customer),
            on,
            self.currency,
            books.now(),
            "person",
            "AUTHORISED",
        )
        invoice.lines = [_one_line(books, cents)]
        return invoice

    def _add_credit(self, kind: CreditKind, customer: str, cents: int, on: date) -> str:
        with self._books() as books:
            number = books.next_number("CN") if kind == "credit_note" else ""
            credit = Credit(
                books.new_id("credit"),
                number,
                _contact(books, customer),
                on,
                self.currency,
                books.now(),
                "person",
                "AUTHORISED",
            )
            credit.kind, credit.lines = kind, [_one_line(books, cents)]
            return credit_notes.enter(books, credit).id


def _one_line(books: Books, cents: int) -> Line:
    price = Decimal(cents) / 100
    return Line(books.new_id("line"), "Goods", Decimal(1), price, _SALES, "NONE", 0, cents)


def _open_item(invoice: Invoice) -> OpenItem:
    return OpenItem(
        invoice.id,
        invoice.number,
        invoice.contact.id,
        invoice.on,
        invoice.due_on or invoice.on,
        invoice.total_cents,
        invoice.due_cents,
        invoice.currency,
    )


def _contact(books: Books, contact_id: str) -> Contact:
    found = books.contacts.get(contact_id)
    if found is None:
        raise KeyError(contact_id)
    return found


def _invoice(books: Books, invoice_id: str) -> Invoice:
    found = books.invoices.get(invoice_id)
    if found is None:
        raise KeyError(invoice_id)
    return found


def _credit(books: Books, credit_id: str) -> Credit:
    found = [credit for table in books.credits.values() if (credit := table.get(credit_id))]
    if not found:
        raise KeyError(credit_id)
    return found[0]
