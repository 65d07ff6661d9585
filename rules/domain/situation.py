"""What a rule looks at: one account on one day under one policy, with the common arithmetic already done once.

Rules never call each other; what several need (how late an invoice is, which part is disputed or promised, how the
customer pays) is worked out here from the facts and the policy's `overdue`, `promises` and `payer` tables.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from rules.domain.account_index import AccountIndex
from rules.domain.aging import AgedInvoice, OverdueSettings, aged, covered_oldest_first
from rules.domain.courtesy import Never, SendWindow, Spacing
from rules.domain.credit_limits import CreditLimits
from rules.domain.eligibility import discount_earned, disputed, is_open
from rules.domain.exchange import converted
from rules.domain.facts import Account, InstallmentPlan, Invoice
from rules.domain.money import Money
from rules.domain.once import once
from rules.domain.paying.behaviour import DueDays, Manners, manners
from rules.domain.paying.plans import broken_on
from rules.domain.paying.promised import JudgedPromise, PromiseSettings, covered, judge
from rules.domain.paying.settings import PayerClass, PayerSettings
from rules.domain.references import DatedRate


@dataclass(frozen=True)
class Situation:
    """An account as of a day. `scope` holds the refs of the invoices this policy governs.

    `governed` are the refs of the customers whose own policy this is; `governs_customer` says it of the head.
    `spacing` is the distance between messages, `send_window` the times in which they go out, `never` whom and what the
    policy leaves in silence.
    """

    account: Account
    as_of: date
    policy: str
    scope: frozenset[str]
    governs_customer: bool = True
    governed: frozenset[str] = frozenset()
    overdue: OverdueSettings = field(default_factory=OverdueSettings)
    promises: PromiseSettings = field(default_factory=PromiseSettings)
    payer: PayerSettings = field(default_factory=PayerSettings)
    credit_limits: CreditLimits = field(default_factory=CreditLimits)
    references: Mapping[str, tuple[DatedRate, ...]] = field(default_factory=dict)
    calendar: str | None = None
    spacing: Spacing = field(default_factory=Spacing)
    send_window: SendWindow | None = None
    never: Never = field(default_factory=Never)

    @once
    def index(self) -> AccountIndex:
        """The account's facts, indexed."""
        return AccountIndex(self.account, self.as_of)

    @once
    def aged(self) -> Mapping[str, AgedInvoice]:
        """Every open invoice of the account with how late it is, by ref in order."""
        return {
            invoice.ref: aged(
                invoice,
                self.as_of,
                self.overdue,
                self.calendar,
                settled=self.is_settled_by_discount(invoice),
                covered=self.netted.get(invoice.ref),
                due_by=self.due_by(invoice),
            )
            for invoice in self.account.invoices
            if is_open(invoice)
        }

    def due_by(self, invoice: Invoice) -> date | None:
        """The day of the row that broke the invoice's plan, where that makes all of it due."""
        plans = self.index.plans.get(invoice.ref) if self.promises.when_plan_breaks == "all_due" else None
        return broken_on(plans[-1], self.index, self.overdue, self.calendar) if plans else None

    def kept_plan(self, invoice: Invoice) -> InstallmentPlan | None:
        """The latest instalment plan of the invoice, unless it is broken."""
        plans = self.index.plans.get(invoice.ref)
        if not plans or broken_on(plans[-1], self.index, self.overdue, self.calendar) is not None:
            return None
        return plans[-1]

    @once
    def netted(self) -> Mapping[str, Money]:
        """What money and credits on no invoice yet cover of each open invoice, where the policy nets them."""
        if not self.overdue.nets:
            return {}
        owed = (invoice for invoice in self.account.invoices if is_open(invoice))
        return covered_oldest_first(owed, self.index.unapplied_in_all, self.overdue)

    @once
    def aged_by_customer(self) -> Mapping[str, list[AgedInvoice]]:
        """The same, by the customer the invoice was written to."""
        found: dict[str, list[AgedInvoice]] = {}
        for one in self.aged.values():
            found.setdefault(one.invoice.customer, []).append(one)
        return found

    def is_settled_by_discount(self, invoice: Invoice) -> bool:
        """Whether a discount was earned, so that the invoice's rest is neither overdue nor chargeable."""
        return invoice.discount is not None and discount_earned(invoice, self.index.settlements.get(invoice.ref, ()))

    @once
    def disputed(self) -> Mapping[str, Money]:
        """What is contested of each open invoice that has an open dispute."""
        found = {}
        for ref, disputes in self.index.disputes.items():
            if ref in self.aged:
                found[ref] = disputed(self.aged[ref].invoice, disputes)
        return found

    @once
    def judged(self) -> tuple[JudgedPromise, ...]:
        """Every promise of the account with its state and level."""
        return judge(self.index, self.promises, self.overdue)

    @once
    def promised(self) -> Mapping[str, Money]:
        """What of each open invoice a running promise covers, beside what is disputed."""
        refs = {ref for one in self.judged if one.state == "open" for ref in one.promise.invoices if ref in self.aged}
        free = {}
        for ref in sorted(refs):
            balance = self.aged[ref].invoice.balance
            free[ref] = balance - self.disputed[ref] if ref in self.disputed else balance
        return covered(self.judged, self.index, free)

    def payer_class(self, customer: str) -> PayerClass:
        """The class of how the customer pays."""
        return self.manners(customer).payer_class

    def manners(self, customer: str) -> Manners:
        """How the customer pays, in figures."""
        if customer not in self._manners:
            due_days = DueDays(self.overdue, self.calendar)
            late_now = [one.days_past_due for one in self.aged_by_customer.get(customer, ()) if one.days_past_due]
            self._manners[customer] = manners(self.index, customer, late_now, self.payer, due_days)
        return self._manners[customer]

    @once
    def _manners(self) -> dict[str, Manners]:
        return {}

    def converted(self, amount: Money, currency: str) -> Money | None:
        """`amount` in `currency` at the latest rate on or before the day, for limits and bare thresholds only."""
        return converted(amount, currency, self.account.rates, self.as_of)
