"""A credit application scored by a card: points for each answer, an outcome from their sum, a limit where it has one.

Pure and plain: the score can be added up by hand. It decides nothing; a person gives the credit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from rules.domain.currencies import currency_of
from rules.domain.money import Money, decimal_of
from rules.domain.settings import Count, DecimalText, PctText, RuleSettings, Whole
from rules.domain.wording import spoken

Verdict = Literal["refuse", "prepay", "review", "accept"]
_HUNDRED = Decimal(100)


class Band(RuleSettings):
    """Points for a number from some value on."""

    from_: DecimalText = Field(alias="from", description="Smallest number of the band.")
    points: Whole = Field(description="What it scores.")


class Question(RuleSettings):
    """One question: answered by a number that falls in a band, or by one of some choices."""

    id: str = Field(min_length=1, description="Its name in the answers.")
    ask: str = Field(min_length=1, description="The question, as it is asked.")
    bands: tuple[Band, ...] = Field(default=(), description="Points by number; the highest band reached counts.")
    choices: Mapping[str, Whole] = Field(default_factory=dict, description="Points by answer.")
    stop: tuple[str, ...] = Field(default=(), description="Answers that refuse the application whatever its score.")

    @model_validator(mode="after")
    def _check(self) -> Question:
        if bool(self.bands) == bool(self.choices):
            raise ValueError("a question has either bands or choices")
        starts = [band.from_ for band in self.bands]
        if starts != sorted(set(starts)):
            raise ValueError("list bands once each, from low to high")
        unknown = [answer for answer in self.stop if answer not in self.choices]
        if unknown:
            raise ValueError(f'stop names "{unknown[0]}", which is none of the choices')
        return self


class Basis(RuleSettings):
    """A figure a limit may be taken of: a share of the median of some answers."""

    questions: tuple[str, ...] = Field(min_length=1, description="Questions answered by amounts.")
    pct: PctText = Field(default=_HUNDRED, description="Which share of their median, in percent.")


class Outcome(RuleSettings):
    """What follows from a score on."""

    from_: Whole = Field(alias="from", description="Smallest score.")
    decision: Verdict = Field(description="refuse, prepay, review by a person, or accept.")
    limit: DecimalText | None = Field(default=None, description="Highest limit it proposes.")
    terms_days: Count | None = Field(default=None, description="Days to pay it proposes.")


class Scorecard(RuleSettings):
    """How a credit application is scored."""

    name: str = Field(min_length=1, description="What the card is called.")
    currency: Annotated[str, AfterValidator(currency_of)] = Field(description="Of all its amounts.")
    questions: tuple[Question, ...] = Field(min_length=1, description="What is asked.")
    outcomes: tuple[Outcome, ...] = Field(min_length=1, description="What follows, from low to high.")
    limit_from: tuple[Basis, ...] = Field(default=(), description="Figures whose average the limit is, up to its most.")

    @model_validator(mode="after")
    def _check(self) -> Scorecard:
        ids = [question.id for question in self.questions]
        twice = next((one for one in ids if ids.count(one) > 1), None)
        if twice is not None:
            raise ValueError(f'two questions are called "{twice}"')
        starts = [outcome.from_ for outcome in self.outcomes]
        if starts != sorted(set(starts)):
            raise ValueError("list outcomes once each, from low to high")
        numbers = {question.id for question in self.questions if question.bands}
        stray = next((one for basis in self.limit_from for one in basis.questions if one not in numbers), None)
        if stray is not None:
            raise ValueError(f'limit_from names "{stray}", which is no question answered by a number')
        return self


@dataclass(frozen=True, slots=True)
class Line:
    """One answer and what it scored."""

    question: str
    answer: str
    points: int


@dataclass(frozen=True, slots=True)
class Scored:
    """An application as scored. `stopped_by` is the answer that refuses it, if one does."""

    card: str
    lines: tuple[Line, ...]
    points: int
    decision: Verdict
    limit: Money | None
    terms_days: int | None
    stopped_by: str | None

    def told(self) -> str:
        """The score with its arithmetic, in one sentence."""
        added = " ".join(f"{line.points:+d} {line.question}" for line in self.lines)
        if self.stopped_by is not None:
            return f"{self.decision}: {self.stopped_by} refuses it whatever the score ({added} = {self.points})."
        limit = f", limit {spoken(self.limit)}" if self.limit is not None else ""
        terms = f", {self.terms_days} days" if self.terms_days is not None else ""
        return f"{self.decision}{limit}{terms}: {added} = {self.points}."


def score(card: Scorecard, answers: Mapping[str, str]) -> Scored | tuple[str, ...]:
    """The application scored, or every problem of its answers in a sentence each."""
    problems = tuple(_problems(card, answers))
    if problems:
        return problems
    lines = tuple(_line(question, answers[question.id]) for question in card.questions)
    points = sum(line.points for line in lines)
    stops = (f"{one.id} = {answers[one.id]}" for one in card.questions if answers[one.id] in one.stop)
    stopped_by = next(stops, None)
    outcome = next((one for one in reversed(card.outcomes) if points >= one.from_), None)
    if stopped_by is not None or outcome is None:
        return Scored(card.name, lines, points, "refuse", None, None, stopped_by)
    limit = _limit(card, outcome, answers)
    return Scored(card.name, lines, points, outcome.decision, limit, outcome.terms_days, None)


def _problems(card: Scorecard, answers: Mapping[str, str]) -> Iterator[str]:
    asked = {question.id: question for question in card.questions}
    yield from (
        f'"{one}" is no question of the card; known are {", ".join(asked)}' for one in answers if one not in asked
    )
    for name, question in asked.items():
        if name not in answers:
            yield f"{name} is not answered: {question.ask}"
        elif question.choices and answers[name] not in question.choices:
            yield f'{name}: "{answers[name]}" is none of {", ".join(question.choices)}'
        elif question.bands:
            yield from _no_number(question, answers[name])


def _no_number(question: Question, answer: str) -> Iterator[str]:
    try:
        number = decimal_of(answer)
    except ValueError:
        yield f'{question.id}: "{answer}" is no number'
        return
    if number < question.bands[0].from_:
        yield f"{question.id}: {answer} is below {question.bands[0].from_}, where the first band begins"


def _line(question: Question, answer: str) -> Line:
    if question.choices:
        return Line(question.id, answer, question.choices[answer])
    number = decimal_of(answer)
    reached = [band.points for band in question.bands if number >= band.from_]
    return Line(question.id, answer, reached[-1])


def _limit(card: Scorecard, outcome: Outcome, answers: Mapping[str, str]) -> Money | None:
    """The average of the card's figures, in whole units and no more than the outcome allows."""
    if outcome.limit is None:
        return None
    figures = [_figure(basis, answers) for basis in card.limit_from]
    average = sum(figures, Decimal(0)) / len(figures) if figures else outcome.limit
    whole = max(min(average, outcome.limit), Decimal(0)).quantize(Decimal(1), rounding=ROUND_HALF_UP)
    return Money(whole, card.currency)


def _figure(basis: Basis, answers: Mapping[str, str]) -> Decimal:
    return _median([decimal_of(answers[one]) for one in basis.questions]) * basis.pct / _HUNDRED


def _median(values: list[Decimal]) -> Decimal:
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
