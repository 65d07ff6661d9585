"""Looking at one account: the situation under each policy, what every rule decides in it, and where customers stand.

The same facts and policies give the same answer. It knows no rule by name but those whose messages must not meet.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import NamedTuple

from rules.domain.aging import OverdueSettings
from rules.domain.courtesy import Never, Spacing
from rules.domain.decisions import Decision, Problem, Skip
from rules.domain.eligibility import is_open
from rules.domain.escalating.settings import EscalationSettings
from rules.domain.evaluation import Evaluation
from rules.domain.facts import Account, Customer
from rules.domain.paying.behaviour import PayerSettings
from rules.domain.paying.promised import PromiseSettings
from rules.domain.positions import CustomerPosition, PromisePosition, position_of
from rules.domain.reminding.one_message import Said, longest_gap, one_a_day
from rules.domain.reminding.settings import ReminderSettings
from rules.domain.situation import Situation
from rules.policy.modules import rule_modules
from rules.policy.policies import Policies
from rules.policy.problems import meant

_CLAIMED = "carries a marker of ours, and nothing shows that we made it: it is taken for an invoice like any other"
_ORDER = ("reminder", "credit_state", "finance_charge", "charge_reversal", "memo", "task", "skip")
_PLACES = {kind: place for place, kind in enumerate(_ORDER)}


class _Reach(NamedTuple):
    """What of an account one policy governs, and what it shares with the others about when messages may go out."""

    invoices: frozenset[str]
    customers: frozenset[str]
    shared: Spacing


def evaluate(account: Account, policies: Policies, as_of: date) -> Evaluation:
    """Look at one account on one day.

    Total: data that allows no decision becomes a Problem among the decisions. The same facts give the same answer.
    """
    by_customer = _policies_by_customer(account, policies)
    situations = _situations(account, policies, as_of, by_customer)
    positions = tuple(_positions(account, situations, by_customer))
    said = [_said(situations[name], policies) for name in sorted(name for name in situations if name is not None)]
    decisions = [*_problems(account, policies, by_customer), *one_a_day(said)]
    return Evaluation(
        decisions=_in_order(decisions),
        customers=positions,
        promises=tuple(_promise_positions(account, situations, by_customer)),
    )


def situations_of(account: Account, policies: Policies, as_of: date) -> list[Situation]:
    """What the rules look at: the account under each policy that governs any of it, those of no policy last."""
    found = _situations(account, policies, as_of, _policies_by_customer(account, policies))
    return [found[name] for name in sorted(found, key=lambda name: (name is None, name or ""))]


def _policies_by_customer(account: Account, policies: Policies) -> dict[str, str | None]:
    """The policy over each of the family as a whole; None where nothing places it."""
    connection = account.company.connection
    return {customer.ref: policies.select(customer, connection=connection) for customer in account.family}


def _situations(
    account: Account, policies: Policies, as_of: date, by_customer: Mapping[str, str | None]
) -> dict[str | None, Situation]:
    """One situation for each policy that governs a customer or an invoice of the account."""
    customers = {customer.ref: customer for customer in account.family}
    scopes: dict[str | None, set[str]] = defaultdict(set)
    governed: dict[str | None, set[str]] = defaultdict(set)
    names = {ref: _known(policies, policy) for ref, policy in by_customer.items()}
    for ref, name in names.items():
        governed[name].add(ref)
    apart = policies.chosen.sees_invoices
    for invoice in account.invoices:
        name = names[invoice.customer]
        if apart:
            policy = policies.select(customers[invoice.customer], invoice, account.company.connection)
            name = _known(policies, policy)
        scopes[name].add(invoice.ref)
    gap_days = _gap_days(account, policies, scopes) if len(scopes) > 1 else 0
    written = frozenset[str]().union(*(_written(policies, name) for name in scopes if name is not None))
    shared = Spacing(gap_days=gap_days, written=written)
    return {
        name: _situation(
            account, policies, as_of, name, _Reach(frozenset(scopes[name]), frozenset(governed[name]), shared)
        )
        for name in {*scopes, *governed}
    }


def _written(policies: Policies, name: str) -> frozenset[str]:
    """The steps past reminders that are written by us under the policy."""
    escalation = policies.rule_settings(name).get("escalation")
    return escalation.written if isinstance(escalation, EscalationSettings) else frozenset()


def _gap_days(account: Account, policies: Policies, scopes: Mapping[str | None, set[str]]) -> int:
    """The longest distance between messages that a policy keeps under which something of the account is open."""
    owed = {invoice.ref for invoice in account.invoices if is_open(invoice)}
    names = [name for name, refs in scopes.items() if name is not None and not refs.isdisjoint(owed)]
    return longest_gap([policies.rule_settings(name).get("reminders") for name in names])


def _known(policies: Policies, name: str | None) -> str | None:
    return name if name is not None and policies.knows(name) else None


def _situation(
    account: Account,
    policies: Policies,
    as_of: date,
    name: str | None,
    reach: _Reach,
) -> Situation:
    settings = policies.rule_settings(name) if name is not None else {}
    overdue, promises, payer = settings.get("overdue"), settings.get("promises"), settings.get("payer")
    reminders = settings.get("reminders")
    overdue = overdue if isinstance(overdue, OverdueSettings) else OverdueSettings()
    window = reminders.send_window if isinstance(reminders, ReminderSettings) else None
    return Situation(
        account=account,
        as_of=as_of,
        policy=name or "",
        scope=reach.invoices,
        governs_customer=account.customer.ref in reach.customers,
        governed=reach.customers,
        spacing=_spacing(reminders, reach.shared),
        send_window=window,
        never=reminders.never if isinstance(reminders, ReminderSettings) else Never(),
        overdue=overdue,
        promises=promises if isinstance(promises, PromiseSettings) else PromiseSettings(),
        payer=payer if isinstance(payer, PayerSettings) else PayerSettings(),
        credit_limits=policies.credit_limits,
        references=policies.references,
        calendar=overdue.holidays or (window.holidays if window else None),  # one calendar for due dates and sending
    )


def _spacing(settings: object, shared: Spacing) -> Spacing:
    """The policy's own distance between messages, or that of others over the account where it is longer."""
    if not isinstance(settings, ReminderSettings):
        return shared
    others = shared.gap_days if settings.one_per_customer else 0
    return Spacing(
        gap_days=max(settings.min_gap_days, others),
        counts_contacts=settings.gap_counts_contacts,
        one_per_customer=settings.one_per_customer,
        hold_back_days=settings.hold_back_days,
        written=shared.written,
    )


def _said(situation: Situation, policies: Policies) -> Said:
    """What every rule of one policy decides."""
    modules, by_rule = rule_modules(), policies.rule_settings(situation.policy)
    reminders = by_rule.get("reminders")
    return Said(
        situation,
        reminders if isinstance(reminders, ReminderSettings) else None,
        tuple(decision for rule, one in by_rule.items() for decision in modules[rule].decide(situation, one)),
    )


def _problems(account: Account, policies: Policies, by_customer: Mapping[str, str | None]) -> Iterator[Decision]:
    for dispute in account.disputes:
        if dispute.code and dispute.code not in policies.dispute_codes:
            known = meant(dispute.code, policies.dispute_codes)
            yield Problem(dispute.invoice, f'dispute {dispute.ref}: no reason code "{dispute.code}"{known}')
    for ref, policy in by_customer.items():
        if policy is None:
            yield Problem(ref, "no policy: no [select] rule places this customer and there is no default")
        elif not policies.knows(policy):
            yield Problem(ref, f'no policy "{policy}"')
    for invoice in account.invoices:
        if invoice.status == "draft":
            yield Skip("overdue", invoice.ref, "A draft: shown, never aged, chased or charged.", invoice.customer)
        elif invoice.due_on is None and not invoice.installments and is_open(invoice):
            yield Problem(invoice.ref, "no due date")
        if invoice.claims_ours and not invoice.is_ours and is_open(invoice):
            yield Problem(invoice.ref, _CLAIMED)


def _positions(
    account: Account, situations: Mapping[str | None, Situation], by_customer: Mapping[str, str | None]
) -> Iterator[CustomerPosition]:
    for customer in sorted(account.family, key=lambda one: one.ref):
        policy = by_customer[customer.ref]
        yield position_of(_governing(situations, customer, policy), customer, policy)


def _governing(situations: Mapping[str | None, Situation], customer: Customer, policy: str | None) -> Situation:
    found = situations.get(policy)
    return found if found is not None and customer.ref in found.governed else situations[None]


def _promise_positions(
    account: Account, situations: Mapping[str | None, Situation], by_customer: Mapping[str, str | None]
) -> Iterator[PromisePosition]:
    customers = {customer.ref: customer for customer in account.family}
    for promise in account.promises:
        if promise.customer in customers:
            situation = _governing(situations, customers[promise.customer], by_customer[promise.customer])
            found = (one for one in situation.judged if one.promise is promise)
            yield from (PromisePosition(promise.ref, one.state, one.level) for one in found)


def _in_order(decisions: Iterable[Decision]) -> tuple[Decision, ...]:
    """Reminders first, problems last and each once."""
    problems = dict.fromkeys(one for one in decisions if isinstance(one, Problem))
    return tuple(sorted((*(one for one in decisions if not isinstance(one, Problem)), *problems), key=_sort_key))


def _sort_key(decision: Decision) -> tuple[int, str, str]:
    if isinstance(decision, Problem):
        return len(_PLACES), decision.subject, decision.problem
    if isinstance(decision, Skip):
        return _PLACES["skip"], decision.subject, f"{decision.rule} {decision.reason}"
    return _PLACES[decision.kind], decision.key, decision.customer
