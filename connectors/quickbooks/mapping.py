"""QuickBooks JSON into facts. Pure: no I/O, no clock; a record that cannot be read raises MalformedRecordError.

Days are the company's local days, money is Decimal with the document's currency, and `version` is a digest of what a
record says: QuickBooks' own SyncToken stays put when a payment moves an invoice's balance, so it detects no change.
Which documents are ours is for `own` to say.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from connectors.characters import holdable
from connectors.errors import MalformedRecordError
from connectors.quickbooks.notes import VOIDED, hold_in
from connectors.quickbooks.own import CHARGE_PREFIX, CREDIT_PREFIX, Own
from connectors.quickbooks.profile import Profile
from rules.domain.facts import Application, CreditNote, Customer, Fact, Invoice, Payment, Rate
from rules.domain.money import Money

Row = Mapping[str, Any]
CreditUses = Mapping[str, tuple[Application, ...]]  # by credit memo: what of it was used, where and when

_COUNTRIES = {"USA": "US", "UNITED STATES": "US", "UNITED STATES OF AMERICA": "US", "UNITED KINGDOM": "GB", "UK": "GB"}
_COUNTRIES |= {"CANADA": "CA", "AUSTRALIA": "AU", "NEW ZEALAND": "NZ", "IRELAND": "IE", "FRANCE": "FR", "GERMANY": "DE"}


def customer(row: Row, profile: Profile) -> Customer:
    """A customer, sub-customer or job; `parent` only where the bills go there."""
    hold = hold_in(_text(row, "Notes"))
    kind_id = hold.prior_type if hold and hold.prior_type is not None else ref_of(row, "CustomerTypeRef")
    group = profile.types.get(kind_id) if kind_id else None
    fact = Customer(
        ref=_id(row),
        name=_text(row, "DisplayName") or _text(row, "FullyQualifiedName") or _id(row),
        parent=(ref_of(row, "ParentRef") or None) if row.get("BillWithParent") is True else None,
        email=_text(_part(row, "PrimaryEmailAddr"), "Address") or None,
        groups=(group,) if group else (),
        country=country_code(_text(_part(row, "BillAddr"), "Country")),
        region=_region(_text(_part(row, "BillAddr"), "CountrySubDivisionCode")),
        since=_local_day(row, "CreateTime", profile),
        active=row.get("Active") is not False,
        stop_sell=hold is not None,
        phone=_phone(row),
    )
    return replace(fact, version=_digest(fact))


def _region(code: str) -> str | None:
    """A state or province by its code; what else people type there says nothing for sure."""
    cleaned = code.strip().upper()
    return cleaned if re.fullmatch(r"[A-Z]{2,3}", cleaned) else None


def _phone(row: Row) -> str | None:
    numbers = (_text(_part(row, name), "FreeFormNumber").strip() for name in ("PrimaryPhone", "Mobile"))
    return next(filter(None, numbers), None)


def invoice(row: Row, profile: Profile, own: Own) -> Invoice:
    """An invoice. A deposit taken on the form itself was never owed: the total is what was billed less that."""
    currency = _currency(row, profile)
    total = _money(row, "TotalAmt", currency) - _money(row, "Deposit", currency, default=Decimal(0))
    balance = _money(row, "Balance", currency)
    note = _text(row, "PrivateNote")
    issued_on = _day(row, "TxnDate")
    voided = not total and not balance and bool(VOIDED.match(note))
    term = profile.terms.get(ref_of(row, "SalesTermRef"))
    fact = Invoice(
        ref=_id(row),
        number=_text(row, "DocNumber") or _id(row),
        customer=_needed_ref(row, "CustomerRef"),
        issued_on=issued_on,
        due_on=_day(row, "DueDate") if row.get("DueDate") else issued_on,
        total=total,
        balance=balance,
        tax=_money(_part(row, "TxnTaxDetail"), "TotalTax", currency, default=Decimal(0)),
        status="voided" if voided else "open" if balance else "paid",
        origin=own.origin(row, CHARGE_PREFIX),
        claims_ours=own.is_claimed(row, CHARGE_PREFIX),
        discount=term.discount(issued_on) if term else None,
        note=note,
    )
    return replace(fact, version=_digest(fact))


def payment(row: Row, profile: Profile) -> Payment:
    """Money in, less the credit memos used along with it: those count where the credit notes are."""
    currency = _currency(row, profile)
    applied = tuple(_cash_parts(row, currency))
    on_invoices = sum((part.amount.amount for part in applied), Decimal(0))
    received = _money(row, "TotalAmt", currency)
    unapplied = _money(row, "UnappliedAmt", currency, default=max(Decimal(0), received.amount - on_invoices))
    voided = not received and not applied and bool(VOIDED.match(_text(row, "PrivateNote")))
    fact = Payment(
        ref=_id(row),
        customer=_needed_ref(row, "CustomerRef"),
        received_on=_day(row, "TxnDate"),
        amount=Money(unapplied.amount + on_invoices, currency),
        applied=applied,
        entered_on=_local_day(row, "CreateTime", profile),
        reversed_on=_local_day(row, "LastUpdatedTime", profile) or _day(row, "TxnDate") if voided else None,
    )
    return replace(fact, version=_digest(fact))


def credit_note(row: Row, profile: Profile, own: Own, uses: CreditUses) -> CreditNote:
    """A credit memo. What was used otherwise than on an invoice (a refund) is no longer a credit and is left off."""
    currency = _currency(row, profile)
    left = _money(row, "RemainingCredit" if "RemainingCredit" in row else "Balance", currency)
    applied = uses.get(_id(row), ())
    note = _text(row, "PrivateNote")
    fact = CreditNote(
        ref=_id(row),
        customer=_needed_ref(row, "CustomerRef"),
        issued_on=_day(row, "TxnDate"),
        amount=Money(left.amount + sum((part.amount.amount for part in applied), Decimal(0)), currency),
        applied=applied,
        number=_text(row, "DocNumber"),
        origin=own.origin(row, CREDIT_PREFIX),
        voided=not _money(row, "TotalAmt", currency) and bool(VOIDED.match(note)),
    )
    return replace(fact, version=_digest(fact))


def mailed_late(row: Row, profile: Profile) -> bool:
    """Whether QuickBooks last mailed an invoice after its due date, in the company's days."""
    sent = instant_or_none(_text(_part(row, "DeliveryInfo"), "DeliveryTime"))
    if sent is None or not row.get("DueDate"):
        return False
    return sent.astimezone(ZoneInfo(profile.company.timezone)).date() > _day(row, "DueDate")


def is_used(row: Row) -> bool:
    """Whether some of a credit memo was used, so that the payments which used it must be known."""
    left = row.get("RemainingCredit", row.get("Balance"))
    return left is not None and row.get("TotalAmt") != left


def credit_uses(payments: Sequence[Row], profile: Profile) -> CreditUses:
    """What `payments` used of which credit memos."""
    uses: dict[str, tuple[Application, ...]] = {}
    for row in payments:
        try:
            parts = [
                (memo, Application(target, amount, _day(row, "TxnDate")))
                for memo, target, amount in _credit_parts(row, _currency(row, profile))
            ]
        except (MalformedRecordError, KeyError):
            continue  # shown as unreadable where the payment itself is brought
        for memo, part in parts:
            uses[memo] = (*uses.get(memo, ()), part)
    return uses


def payments_of(memo: Row) -> tuple[str, ...]:
    """The ids of payments a credit memo says it was used in; empty where it does not say."""
    return tuple(str(link["TxnId"]) for link in _parts(memo, "LinkedTxn") if link.get("TxnType") == "Payment")


def rate(row: Row, profile: Profile) -> Rate | None:
    """What a foreign document's currency was worth on its day; None for documents in the home currency."""
    currency = _currency(row, profile)
    if currency == profile.company.currency or not isinstance(row.get("ExchangeRate"), int | Decimal):
        return None
    return Rate(currency, profile.company.currency, _day(row, "TxnDate"), _decimal(row, "ExchangeRate"))


def written_on(row: Row) -> date:
    """The document's own day."""
    return _day(row, "TxnDate")


def stamp(row: Row) -> str:
    """When QuickBooks last changed the record or what hangs on it, as UTC text; empty where not said."""
    moment = instant_or_none(_part(row, "MetaData").get("LastUpdatedTime"))
    return moment.astimezone(UTC).isoformat() if moment else ""


def country_code(name: str) -> str | None:
    """Two letters for what people type into a country field; None where it is not clear."""
    cleaned = name.strip().upper()
    return cleaned if re.fullmatch(r"[A-Z]{2}", cleaned) and cleaned != "UK" else _COUNTRIES.get(cleaned)


def instant(text: str) -> datetime:
    """An aware instant from QuickBooks' ISO text with its offset.

    Raises:
        ValueError: not such a text, or one without an offset.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f'"{text}" has no offset')
    return moment


def instant_or_none(text: object) -> datetime | None:
    """An instant where `text` is one; else None."""
    try:
        return instant(text) if isinstance(text, str) else None
    except ValueError:
        return None


def _cash_parts(row: Row, currency: str) -> Iterator[Application]:
    """Invoice lines less what credit memos covered of them."""
    covered: dict[int, Decimal] = {}
    for index, _, amount in _allocations(row):
        covered[index] = covered.get(index, Decimal(0)) + amount
    for index, (target, amount) in enumerate(_linked(row, "Invoice")):
        cash = amount - covered.get(index, Decimal(0))
        if cash:
            yield Application(target, Money(cash, currency))


def _credit_parts(row: Row, currency: str) -> Iterator[tuple[str, str, Money]]:
    targets = _linked(row, "Invoice")
    for index, memo, amount in _allocations(row):
        yield memo, targets[index][0], Money(amount, currency)


def _allocations(row: Row) -> Iterator[tuple[int, str, Decimal]]:
    """Credit memos spent on invoice lines in the order written: (line, memo, amount). No closer tie is kept."""
    open_lines = [amount for _, amount in _linked(row, "Invoice")]
    for memo, credit in _linked(row, "CreditMemo"):
        left = credit
        for index, due in enumerate(open_lines):
            used = min(left, due)
            if used > 0:
                open_lines[index] -= used
                left -= used
                yield index, memo, used


def _linked(row: Row, kind: str) -> list[tuple[str, Decimal]]:
    """Lines of a payment that link one transaction of `kind`."""
    return [
        (str(link["TxnId"]), _decimal(line, "Amount"))
        for line in _parts(row, "Line")
        for link in _parts(line, "LinkedTxn")
        if link.get("TxnType") == kind
    ]


def _digest(fact: Fact) -> str:
    return hashlib.sha256(repr(fact).encode()).hexdigest()[:16]


def _id(row: Row) -> str:
    if not row.get("Id"):
        raise MalformedRecordError("no Id")
    return holdable(str(row["Id"]))


def _text(row: Row, name: str) -> str:
    value = row.get(name)
    return holdable(value.strip()) if isinstance(value, str) else ""


def _part(row: Row, name: str) -> Row:
    value = row.get(name)
    return value if isinstance(value, dict) else {}


def _parts(row: Row, name: str) -> list[Row]:
    """The objects of a list; an absent or odd list has none."""
    found = row.get(name)
    return [part for part in found if isinstance(part, dict)] if isinstance(found, list) else []


def ref_of(row: Row, name: str) -> str:
    """The id a reference field holds; empty where there is none."""
    return holdable(str(_part(row, name).get("value") or ""))


def _needed_ref(row: Row, name: str) -> str:
    found = ref_of(row, name)
    if not found:
        raise MalformedRecordError(f"no {name}")
    return found


def _currency(row: Row, profile: Profile) -> str:
    return ref_of(row, "CurrencyRef") or profile.company.currency


def _decimal(row: Row, name: str) -> Decimal:
    value = row.get(name)
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        raise MalformedRecordError(f"{name} is not a number" if name in row else f"no {name}")
    try:
        return Decimal(value)
    except ArithmeticError as error:
        raise MalformedRecordError(f"{name} is not a number") from error


def _money(row: Row, name: str, currency: str, default: Decimal | None = None) -> Money:
    amount = default if default is not None and row.get(name) is None else _decimal(row, name)
    money = Money(amount, currency)
    rounded = money.rounded()
    if rounded != money:
        raise MalformedRecordError(f"{name} has more decimals than {currency} has")
    return rounded


def _day(row: Row, name: str) -> date:
    try:
        return date.fromisoformat(_text(row, name)[:10])
    except ValueError as error:
        raise MalformedRecordError(f"{name} is not a day" if row.get(name) else f"no {name}") from error


def _local_day(row: Row, name: str, profile: Profile) -> date | None:
    text = _text(_part(row, "MetaData"), name)
    return instant(text).astimezone(ZoneInfo(profile.company.timezone)).date() if text else None


def records_error(error: Exception) -> str:
    """One line that says what was wrong with a record, without quoting it."""
    return (
        str(error) if isinstance(error, MalformedRecordError) else f"not in the shape we know ({type(error).__name__})"
    )
