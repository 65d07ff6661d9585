"""Credit applications: scored by a card, filed with every answer. The score proposes; a person gives the credit."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from rules.domain.credit.scorecard import Scorecard, Scored, score
from rules.policy.problems import refusals
from syncd.errors import ConfigError, Usage
from syncd.people.clerk import Clerk, Noted
from syncd.people.records import one_of
from syncd.store.records import CreditApplication
from syncd.toml_file import float_problems, problem_at, read_toml

KIND = "credit_application"


def read_card(path: Path) -> Scorecard:
    """The scorecard of a TOML file.

    Raises:
        ConfigError: with every problem of the file and its place.
    """
    document = read_toml(path)
    problems = [problem for _, problem in float_problems(path, document)]
    try:
        card = Scorecard.model_validate(document)
    except ValidationError as error:
        problems += [problem_at(path, place or ("card",), said) for place, said in refusals(error, Scorecard)]
        raise ConfigError(problems) from error
    if problems:
        raise ConfigError(problems)
    return card


def read_answers(path: Path) -> dict[str, str]:
    """The answers of a TOML file, by question: text, whole numbers, or numbers with a point in quotes.

    Raises:
        ConfigError: an answer is no such thing.
    """
    document = read_toml(path)
    problems = [problem for _, problem in float_problems(path, document)]
    for name, answer in document.items():
        if isinstance(answer, bool) or not isinstance(answer, str | int):
            problems.append(problem_at(path, (name,), "an answer is text or a whole number"))
    if problems:
        raise ConfigError(problems)
    return {name: str(answer) for name, answer in document.items()}


def scored(card: Scorecard, answers: Mapping[str, str], place: Path) -> Scored:
    """The application scored.

    Raises:
        Usage: with every problem of the answers.
    """
    found = score(card, answers)
    if not isinstance(found, Scored):
        raise Usage("; ".join(f"{place}: {problem}" for problem in found))
    return found


def add(clerk: Clerk, customer: str, found: Scored) -> Noted:
    """File the application of a customer with every answer and what each scored."""
    ledger, known = clerk.customer(customer)
    word = clerk.word(ledger, "application.scored", card=found.card, points=found.points, decision=found.decision)

    def record(_: str) -> CreditApplication:
        return CreditApplication(
            customer=known.ref,
            on=ledger.today(),
            card=found.card,
            answers=tuple((line.question, line.answer, line.points) for line in found.lines),
            points=found.points,
            decision=found.decision,
            limit=found.limit,
            terms_days=found.terms_days,
            reason=found.told(),
        )

    filed = ledger.desk.note(record, "application", known.ref, word)
    advice = "the limit itself is set in the books, or under [credit_limits] for all" if found.limit else ""
    return Noted(ledger, filed, f"{known.name}: {found.told()}", advice)


def remove(clerk: Clerk, text: str) -> Noted:
    """Take an application away, as the law may ask for: its answers are gone, the journal keeps that it was."""
    ledger, filed = one_of(clerk, KIND, text, lambda _: True)
    ledger.desk.strike(filed, clerk.word(ledger, "application.removed"))
    return Noted(ledger, filed, "the application and its answers are gone")
