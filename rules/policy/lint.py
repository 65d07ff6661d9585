"""What is allowed in rules files and yet hardly meant: levels never reached, holds nobody leaves, names nobody bears.

`lint` gives sentences in the same form as problems; nothing is refused for them. With a book it also sees whether
groups, customers and invoices exist and whom a statutory policy would charge.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from rules.domain.facts import Book, Customer
from rules.domain.near_miss import near_miss
from rules.policy.lint_charges import charge_warnings, law_warnings
from rules.policy.lint_escalation import escalation_warnings
from rules.policy.lint_names import names_in, strange_texts, strangers
from rules.policy.lint_rules import rule_warnings
from rules.policy.policies import Policies


def lint(
    policies: Policies,
    book: Book | None = None,
    as_of: date | None = None,
    connections: Iterable[str] | None = None,
    texts: Iterable[str] | None = None,
) -> tuple[str, ...]:
    """Every warning, in order, each once. `as_of` is the day rate tables must still cover; else the book's day.

    `connections` are those of the configuration, where there is one to compare `[select]` with; `texts` the names of
    the texts that messages can be made of.
    """
    day = as_of or (book.as_of if book else None)
    found: list[str] = []
    for name in policies.governing():
        written = [*rule_warnings(policies, name), *escalation_warnings(policies, name)]
        written += charge_warnings(policies, name)
        found += [policies.told(name, path, words) for path, words in written if policies.is_own(name, path)]
        parties = (book.company if book else None, _governed(policies, name, book))
        found += [
            policies.told_nearest(name, path, words) for path, words in law_warnings(policies, name, parties, day)
        ]
        if book is not None:
            strange = strangers(policies, name, book)
            found += [policies.told(name, path, words) for path, words in strange if policies.is_own(name, path)]
    found += _selection(policies, book)
    if texts is not None:
        found += unwritten(policies, texts)
    if connections is not None:
        found += _strange_connections(policies, list(connections))
    return tuple(dict.fromkeys(found))


def unwritten(policies: Policies, texts: Iterable[str]) -> list[str]:
    """Every message that goes out by mail or on paper and has no text among `texts`."""
    known = frozenset(texts)
    return [
        policies.told_nearest(name, path, words)
        for name in policies.governing()
        for path, words in strange_texts(policies, name, known)
    ]


def _governed(policies: Policies, name: str, book: Book | None) -> list[Customer]:
    if book is None:
        return []
    connection = book.company.connection
    return [one for one in book.customers if policies.select(one, connection=connection) == name]


def _strange_connections(policies: Policies, known: list[str]) -> Iterator[str]:
    for word in policies.chosen.connections:
        if word not in known:
            problem = f"the configuration has no connection of that name{near_miss(word, sorted(known))}"
            yield policies.told_select(("connections", word), problem)


def _selection(policies: Policies, book: Book | None) -> Iterator[str]:
    chosen = policies.chosen
    named = {policy for _, policy in chosen.named()}
    if not policies.names and not named:
        yield "no policy is written and none is chosen: only a connection's own `policy` gives anybody one"
    elif chosen.default is None and len(policies.names) > 1:
        whoever = "whoever is not named below" if named else "whoever's connection names none"
        yield policies.told_select(("default",), f"no default: {whoever} has no policy, and nothing is decided")
    for name in policies.names:
        if named and name not in named and name not in policies.extended:
            yield policies.told(name, (), "no [select] rule chooses this policy and none extends it")
    if book is not None:
        yield from _unknown(policies, book)


def _unknown(policies: Policies, book: Book) -> Iterator[str]:
    groups, customers, invoices = names_in(book)
    chosen = policies.chosen
    for noun, table, known in (
        ("group", chosen.groups, groups),
        ("customer", chosen.customers, customers),
        ("invoice", chosen.invoices, invoices),
    ):
        for word in table:
            if word not in known:
                yield policies.told_select(
                    (f"{noun}s", word), f"the book has no {noun} of that name{near_miss(word, sorted(known))}"
                )
    for word in policies.credit_limits.groups:
        if word not in groups:
            yield policies.told_limits(
                ("groups", word), f"the book has no group of that name{near_miss(word, sorted(groups))}"
            )
