"""Lint of names: groups, customers and invoices that a policy speaks of and the book does not have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeAlias

from rules.credit_review import Settings as ReviewSettings
from rules.discounts import Settings as DiscountSettings
from rules.domain.escalating.settings import EscalationSettings
from rules.domain.facts import Book
from rules.domain.near_miss import near_miss
from rules.domain.reminding.settings import ReminderSettings
from rules.policy.documents import Path
from rules.policy.policies import Policies

_WRITTEN = ("email", "letter")  # the provider has texts of its own, and a call has none
Names: TypeAlias = tuple[frozenset[str], frozenset[str], frozenset[str]]


def names_in(book: Book) -> Names:
    """The groups, the customers (by ref and name) and the invoices (by ref and number) of the book."""
    return (
        frozenset(group for one in book.customers for group in one.groups),
        frozenset(word for one in book.customers for word in (one.ref, one.name)),
        frozenset(word for one in book.invoices for word in (one.ref, one.number)),
    )


def strangers(policies: Policies, name: str, book: Book) -> Iterator[tuple[Path, str]]:
    """Names in one policy's rules that nobody in the book bears."""
    groups, customers, invoices = names_in(book)
    settings = policies.rule_settings(name)
    reminders, steps, review = (settings.get(rule) for rule in ("reminders", "escalation", "credit_review"))
    if isinstance(reminders, ReminderSettings):
        never: Path = ("reminders", "never")
        yield from _missing((*never, "groups"), "group", reminders.never.groups, groups)
        yield from _missing((*never, "customers"), "customer", reminders.never.customers, customers)
        yield from _missing((*never, "invoices"), "invoice", reminders.never.invoices, invoices)
    if isinstance(steps, EscalationSettings):
        yield from _missing(("escalation", "private_groups"), "group", steps.private_groups, groups)
    if isinstance(review, ReviewSettings):
        yield from _missing(("credit_review", "prepay_groups"), "group", review.prepay_groups, groups)


def strange_texts(policies: Policies, name: str, known: frozenset[str]) -> Iterator[tuple[Path, str]]:
    """Messages of one policy, ours or on paper, whose text nobody wrote: each would be held for ever."""
    for path, template in _templates(policies, name):
        if template.strip() and template not in known:  # a blank one has its own words
            yield path, f'there is no text called "{template}"{near_miss(template, sorted(known))}'


def _templates(policies: Policies, name: str) -> Iterator[tuple[Path, str]]:
    settings = policies.rule_settings(name)
    reminders, steps, discounts = (settings.get(rule) for rule in ("reminders", "escalation", "discounts"))
    if isinstance(reminders, ReminderSettings):
        for index, level in enumerate(reminders.levels):
            if level.channel in _WRITTEN:
                yield ("reminders", "levels", index, "template"), level.template
    if isinstance(steps, EscalationSettings):
        for index, step in enumerate(steps.steps):
            if step.channel in _WRITTEN:
                yield ("escalation", "steps", index, "template"), step.text
    if isinstance(discounts, DiscountSettings) and discounts.channel in _WRITTEN and discounts.remind_days_before:
        yield ("discounts", "template"), discounts.template


def _missing(path: Path, noun: str, words: Iterable[str], known: frozenset[str]) -> Iterator[tuple[Path, str]]:
    for word in words:
        if word not in known:
            yield path, f'the book has no {noun} "{word}"{near_miss(word, sorted(known))}'
