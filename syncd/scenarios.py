"""Running scenario files: a book, rules, and what must come of them, as an accountant writes it in TOML.

A file may state `[rules]` and `[book]` for all its scenarios; each `[[scenario]]` lays its own tables over them and
says under `expect` what must be decided. Values are those of `syncd assess --json`, its null written "null"; a table
expects only what it names.

    decisions   one to one: every decision that is no skip must match exactly one row (absent: not looked at)
    skips, customers, promises   each row must match something
    problems    all of them; absent means none
    refused     rules or book must be refused, with a problem that contains each text
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from connectors.errors import BookRefused
from connectors.file.mapping import book_from
from rules.policy import PolicyRefused, policies_of
from rules.policy.documents import parse
from rules.policy.problems import meant
from syncd.assess import assess

_FILE_KEYS = ("source", "rules", "book", "scenario")
_KEYS = ("name", "source", "as_of", "policy", "rules", "book", "expect")
_EXPECT_KEYS = ("decisions", "skips", "customers", "promises", "problems", "refused")
NULL = "null"  # TOML has no null
_COMPANY = {"name": "Scenario", "currency": "USD"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one scenario. `differences` says in sentences what is not as expected; none means it holds."""

    file: str
    name: str
    source: str
    differences: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether everything came as expected."""
        return not self.differences


def run(source: Path | str) -> list[Outcome]:
    """Run a scenario file, every `*.toml` of a folder in name order, or scenarios given as TOML text."""
    if isinstance(source, Path):
        files = sorted(source.glob("*.toml")) if source.is_dir() else [source]
        return [outcome for file in files for outcome in _run_file(file)]
    return _run_text("scenario", source)


def _run_file(file: Path) -> list[Outcome]:
    try:
        return _run_text(file.name, file.read_text("utf-8"))
    except UnicodeDecodeError as error:
        problem = f"byte {error.start} is not UTF-8; save the file as UTF-8"
        return [Outcome(file.name, file.name, "", (problem,))]


def _run_text(file: str, text: str) -> list[Outcome]:
    try:
        document = parse(text)
    except tomllib.TOMLDecodeError as error:
        return [Outcome(file, file, "", (f"not valid TOML: {error}",))]
    unknown = [_unknown(key, _FILE_KEYS) for key in document if key not in _FILE_KEYS]
    scenarios = document.get("scenario", [])
    if unknown or not _is_rows(scenarios) or not scenarios:
        return [Outcome(file, file, "", tuple(unknown) or ("no [[scenario]] in it",))]
    return [_outcome(file, document, scenario, number) for number, scenario in enumerate(scenarios, 1)]


def _outcome(file: str, document: Mapping[str, Any], scenario: Mapping[str, Any], number: int) -> Outcome:
    name = str(scenario.get("name", f"scenario {number}"))
    source = str(scenario.get("source", document.get("source", "")))
    expect = scenario.get("expect", {})
    differences = [_unknown(key, _KEYS) for key in scenario if key not in _KEYS]
    differences += _misshapen(document, scenario)
    if not differences:
        differences += [_unknown(key, _EXPECT_KEYS, "expect.") for key in expect if key not in _EXPECT_KEYS]
    if not differences:
        differences = list(_differences(document, scenario, _plain(expect)))
    if not differences and not expect:
        differences.append("no expect: say what must come of it, for one expect.decisions = [] where nothing is due")
    return Outcome(file, name, source, tuple(differences))


def _unknown(key: str, known: Iterable[str], place: str = "") -> str:
    return f"unknown key {place}{key}{meant(key, known)}"


def _misshapen(document: Mapping[str, Any], scenario: Mapping[str, Any]) -> Iterator[str]:
    """What of a scenario is not of the kind it must be, so that nothing can be compared."""
    tables = [(name, place.get(name, {})) for name in ("rules", "book") for place in (document, scenario)]
    expect = scenario.get("expect", {})
    tables.append(("expect", expect))
    yield from (f"{name}: must be a table" for name, table in tables if not isinstance(table, Mapping))
    if not isinstance(scenario.get("policy", ""), str):
        yield "policy: must be text in quotes"
    if "as_of" in scenario and _day(scenario["as_of"]) is None:
        yield f"as_of: write a day such as 2025-03-31, not {_shown(scenario['as_of'])}"
    for name, rows in expect.items() if isinstance(expect, Mapping) else ():
        if name == "refused" and not (isinstance(rows, list) and all(isinstance(text, str) for text in rows)):
            yield "expect.refused: must be a list of texts in quotes"
        elif name != "refused" and name in _EXPECT_KEYS and not _is_rows(rows):
            yield f"expect.{name}: must be a list of tables"


def _is_rows(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(row, Mapping) for row in value)


def _day(value: object) -> date | None:
    """The day a scenario is assessed on; None where it names none."""
    if isinstance(value, date):
        return None if isinstance(value, datetime) else value
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        return None


def _differences(document: Mapping[str, Any], scenario: Mapping[str, Any], expect: Mapping[str, Any]) -> Iterator[str]:
    rules = _merged(document.get("rules", {}), scenario.get("rules", {}))
    book_tables = _merged(document.get("book", {}), scenario.get("book", {}))
    as_of = scenario.get("as_of", book_tables.get("as_of"))
    book_tables = {"company": _COMPANY, "as_of": as_of, **book_tables}
    try:
        policies = policies_of([("rules", rules)])
        if (policy := scenario.get("policy")) is not None:
            policies = policies.with_default(policy)
        book = book_from(book_tables, "book")
    except (PolicyRefused, BookRefused) as refused:
        yield from _refusal(refused.problems, expect.get("refused"))
        return
    if "refused" in expect:
        yield "expected to be refused, but was taken"
        return
    day = _day(as_of)
    if day is None:
        yield "as_of: the scenario or its book must name a day"
        return
    yield from compare(assess(book, policies, day), expect)


def _refusal(problems: Iterable[str], expected: Iterable[str] | None) -> Iterator[str]:
    if expected is None:
        yield from (f"refused: {problem}" for problem in problems)
        return
    for text in expected:
        if not any(text in problem for problem in problems):
            yield f'no refusal contains "{text}", only: {"; ".join(problems)}'


def compare(found: Mapping[str, Any], expect: Mapping[str, Any]) -> Iterator[str]:
    """How an assessment differs from what a scenario expects, in sentences."""
    made = [row for row in found["decisions"] if row["kind"] != "skip"]
    if "decisions" in expect:
        yield from _one_to_one("decision", expect["decisions"], made)
    yield from _one_to_one("problem", expect.get("problems", []), found["problems"])
    skips = [row for row in found["decisions"] if row["kind"] == "skip"]
    for noun, rows in (("skip", skips), ("customer", found["customers"]), ("promise", found["promises"])):
        for row in expect.get(f"{noun}s", ()):
            if not any(_matches(row, one) for one in rows):
                yield f"no {noun} matches {_shown(row)}; {_nearest(row, rows, whole=True)}"


def _one_to_one(noun: str, expected: list[Mapping[str, Any]], made: list[Mapping[str, Any]]) -> Iterator[str]:
    pairs = _paired(expected, made)
    for index, row in enumerate(expected):
        if index not in pairs.values():
            rest = [one for number, one in enumerate(made) if number not in pairs]
            yield f"{noun} expected but not made: {_shown(row)}; {_nearest(row, rest)}"
    for number, one in enumerate(made):
        if number not in pairs:
            yield f"{noun} made but not expected: {_shown(one)}"


def _paired(expected: list[Mapping[str, Any]], made: list[Mapping[str, Any]]) -> dict[int, int]:
    """As many rows as possible each given a decision of its own: index of the decision to index of the row."""
    pairs: dict[int, int] = {}

    def give(row: int, tried: set[int]) -> bool:
        for number, one in enumerate(made):
            if number not in tried and _matches(expected[row], one):
                tried.add(number)
                if number not in pairs or give(pairs[number], tried):
                    pairs[number] = row
                    return True
        return False

    for row in range(len(expected)):
        give(row, set())
    return pairs


def _matches(expected: object, found: object) -> bool:
    if isinstance(expected, Mapping) and isinstance(found, Mapping):
        return all(key in found and _matches(value, found[key]) for key, value in expected.items())
    return found is None if expected == NULL else expected == found


def _nearest(expected: Mapping[str, Any], rows: list[Mapping[str, Any]], *, whole: bool = False) -> str:
    """What is otherwise in the row that is most alike; `whole` shows that row as well, where nothing else does."""
    if not rows:
        return "there is none"
    best = max(rows, key=lambda row: sum(_matches(value, row.get(key)) for key, value in expected.items()))
    wrong = [
        f"{key} is {_shown(best[key])}, not {_shown(value)}" if key in best else f"there is no {key}{meant(key, best)}"
        for key, value in expected.items()
        if not _matches(value, best.get(key))
    ]
    return f"in the nearest, {'; '.join(wrong)}{f' ({_shown(best)})' if whole else ''}"


def _shown(value: object) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(key)} = {_shown(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_shown(item) for item in value) + "]"
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    return f'"{value}"' if isinstance(value, str) else str(value)


def _plain(value: Any) -> Any:
    """Dates as JSON has them."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        standing = merged.get(key)
        if isinstance(standing, Mapping) and isinstance(value, Mapping):
            merged[key] = _merged(standing, value)
        else:
            merged[key] = value
    return merged


def _key(key: str) -> str:
    """A key as TOML takes it: `90+` stands in quotes."""
    return key if re.fullmatch(r"[\w-]+", key) else f'"{key}"'
