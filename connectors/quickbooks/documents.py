"""Bodies of the documents we create: charge invoice, credit memo, the zero payment that links them, the Service item.

The same operation and key always give the same body, so that a repeat goes out byte for byte under its requestid.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from connectors import ConnectionSettings
from connectors.errors import OutcomeUnknown, Rejected, Unavailable
from connectors.markers import digest, document_number, marker
from connectors.quickbooks.faults import DUPLICATE_NAME
from connectors.quickbooks.notes import created_note
from connectors.quickbooks.own import CHARGE_PREFIX, CREDIT_PREFIX, Own
from connectors.quickbooks.profile import Profile
from connectors.quickbooks.read import Reader
from connectors.quickbooks.wire import Api
from rules.domain.actions import CreateCreditNote, CreateInvoice
from rules.domain.money import Money

_DESCRIPTION_LIMIT = 4000
_NO_TAX = "none"
_US_NO_TAX = "NON"
# Income accounts people already keep for this, QuickBooks' own among them; else the first income account.
_LIKELY_ACCOUNTS = ("finance charge income", "finance charges", "late fee income", "interest income", "interest earned")
Body = dict[str, Any]
Row = Mapping[str, Any]


class Documents:
    """Makes bodies. Looks up what they refer to once: the item, tax codes."""

    def __init__(self, api: Api, reader: Reader, settings: ConnectionSettings) -> None:
        self._api = api
        self._reader = reader
        self._item_name = Own.of(settings).item
        self._account_name = settings.extra.get("finance_charge_account", "")
        self._item_id = ""
        self._tax_codes: dict[str, str] | None = None

    def charge(self, operation: CreateInvoice, key: str) -> Body:
        """A separate finance-charge invoice, one line each for interest, fixed sum and fee."""
        lines = [(line.amount, line.description, line.tax_code) for line in operation.lines]
        body = self._document(operation.customer, lines, CHARGE_PREFIX, key)
        return body | {
            "TxnDate": operation.issued_on.isoformat(),
            "DueDate": operation.due_on.isoformat(),
            "PrivateNote": created_note(operation.note, key),
        }

    def credit(self, operation: CreateCreditNote, key: str) -> Body:
        """A credit memo against an earlier charge."""
        line = (operation.amount, f"Reversal of finance charge on invoice {operation.invoice}", operation.tax_code)
        body = self._document(operation.customer, [line], CREDIT_PREFIX, key)
        return body | {"TxnDate": operation.issued_on.isoformat(), "PrivateNote": created_note(operation.note, key)}

    def link(self, operation: CreateCreditNote, charge: Row, memo: Row, key: str) -> Body | None:
        """A payment of nothing that uses the memo on the charge; None where one of them has nothing open."""
        open_parts = [
            Decimal(charge.get("Balance") or 0),
            Decimal(memo.get("RemainingCredit", memo.get("Balance")) or 0),
        ]
        amount = min(*open_parts, operation.amount.amount)
        if amount <= 0:
            return None
        targets = ((operation.charge, "Invoice"), (str(memo["Id"]), "CreditMemo"))
        body: Body = {
            "CustomerRef": {"value": operation.customer},
            "TotalAmt": Decimal(0),
            "TxnDate": operation.issued_on.isoformat(),
            "PrivateNote": marker(key),
            "Line": [{"Amount": amount, "LinkedTxn": [{"TxnId": ref, "TxnType": kind}]} for ref, kind in targets],
        }
        return body | self._currency(operation.amount.currency, self._reader.profile())

    def _document(self, customer: str, lines: Sequence[tuple[Money, str, str | None]], prefix: str, key: str) -> Body:
        if not lines:
            raise Rejected("", "a document without lines cannot be billed")
        profile = self._reader.profile()
        untaxed = all(code == _NO_TAX for _, _, code in lines)
        body: Body = {
            "CustomerRef": {"value": customer},
            # Sent even where QuickBooks numbers by itself (CustomTxnNumbers off): then it may not keep it, and the
            # marker in the note proves the document instead.
            "DocNumber": document_number(prefix, key, self._api.account),
            "Line": [self._line(amount, text, code, profile) for amount, text, code in lines],
        }
        if untaxed and profile.company.country != "US" and profile.sales_tax:
            body["GlobalTaxCalculation"] = "NotApplicable"
        return body | self._currency(lines[0][0].currency, profile)

    def _line(self, amount: Money, description: str, tax_code: str | None, profile: Profile) -> Body:
        detail: Body = {"ItemRef": {"value": self._item()}}
        code = self._tax_code(tax_code, profile) if tax_code else None
        if code:
            detail["TaxCodeRef"] = {"value": code}
        return {
            "DetailType": "SalesItemLineDetail",
            "Amount": Decimal(amount.rounded().digits),
            "Description": description[:_DESCRIPTION_LIMIT],
            "SalesItemLineDetail": detail,
        }

    def _currency(self, currency: str, profile: Profile) -> Body:
        if profile.multi_currency:
            return {"CurrencyRef": {"value": currency}}
        if currency != profile.company.currency:
            raise Rejected(
                "", f"these books are in {profile.company.currency} only, the document would be in {currency}"
            )
        return {}

    def _tax_code(self, code: str, profile: Profile) -> str | None:
        """QuickBooks' own value: TAX or NON in the United States, elsewhere the id of a code named in the policy."""
        if profile.company.country == "US":
            return _US_NO_TAX if code == _NO_TAX else code
        if code == _NO_TAX:
            return None
        if self._tax_codes is None:
            rows = self._api.rows("TaxCode", "select * from TaxCode MAXRESULTS 1000")
            self._tax_codes = {str(row.get("Name")): str(row["Id"]) for row in rows if row.get("Id")}
        if code not in self._tax_codes and code not in self._tax_codes.values():
            raise Rejected("", f'QuickBooks has no tax code "{code}" (tax_code of finance_charges)')
        return self._tax_codes.get(code, code)

    def _item(self) -> str:
        """The id of the Service item, made if there is none.

        Raises:
            Unavailable: making it had no clear answer; the document itself was not sent, and a repeat looks again.
        """
        if not self._item_id:
            try:
                self._item_id = self._item_by_name() or self._new_item()
            except OutcomeUnknown as error:
                raise Unavailable(f"the item for charges may or may not exist yet: {error}") from error
        return self._item_id

    def _item_by_name(self) -> str:
        rows = self._api.rows("Item", f"select * from Item where Name = '{_quoted(self._item_name)}'")  # noqa: S608 - quoted
        if rows and rows[0].get("Type") not in ("Service", "NonInventory"):
            raise Rejected("", f'the item "{self._item_name}" (finance_charge_item) is no Service item')
        return str(rows[0]["Id"]) if rows else ""

    def _new_item(self) -> str:
        body = {
            "Name": self._item_name,
            "Type": "Service",
            "IncomeAccountRef": {"value": self._income_account()},
            "Taxable": False,
        }
        try:
            return str(self._api.post("Item", body, digest(f"item/{self._item_name}", self._api.account))["Id"])
        except Rejected as error:
            found = self._item_by_name() if error.code == DUPLICATE_NAME else ""
            if not found:
                raise
            return found

    def _income_account(self) -> str:
        rows = self._api.rows(
            "Account", "select * from Account where AccountType IN ('Income', 'Other Income') MAXRESULTS 1000"
        )
        if self._account_name:
            wanted = self._account_name
            named = [row for row in rows if wanted in (row.get("Name"), row.get("AcctNum"), row.get("Id"))]
            if not named:
                raise Rejected("", f'QuickBooks has no income account "{wanted}" (finance_charge_account)')
            return str(named[0]["Id"])
        if not rows:
            raise Rejected("", "QuickBooks shows no income account for finance charges; set finance_charge_account")
        return str(min(rows, key=_likelihood)["Id"])


def has_late_fee(invoice: Row) -> bool:
    """Whether QuickBooks' own late-fee feature added its line to an invoice."""
    lines = [line for line in invoice.get("Line") or () if isinstance(line, dict)]
    items = [(line.get("SalesItemLineDetail") or {}).get("ItemRef") or {} for line in lines]
    names = [str(item.get("name") or "") for item in items] + [str(line.get("Description") or "") for line in lines]
    return any(name.strip().lower() == "late fee" for name in names)


def _likelihood(account: Row) -> tuple[int, int, str]:
    name = str(account.get("Name") or "").lower()
    rank = _LIKELY_ACCOUNTS.index(name) if name in _LIKELY_ACCOUNTS else len(_LIKELY_ACCOUNTS)
    return rank, int(account.get("AccountType") != "Income"), str(account["Id"]).zfill(12)


def _quoted(text: str) -> str:
    """Text inside single quotes of a query; an apostrophe is escaped with a backslash."""
    return text.replace("\\", "\\\\").replace("'", "\\'")
