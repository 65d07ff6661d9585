"""The `where` language: a small parser that turns an expression into a test over rows. Knows no resource.

The grammar is Xero's subset of dynamic LINQ. Comparing an id with a string, or text methods on an empty field, fail
as they do there.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Literal

from connectors.simulator.xero import replies, wire

FieldKind = Literal["text", "guid", "money", "date", "stamp", "bool"]
Test = Callable[[Any], bool]

_TOKEN = re.compile(
    r'\s*(?:(?P<op>==|!=|>=|<=|&&|\|\||[=><(),.])|(?P<text>"(?:[^"\\]|\\.)*")|(?P<number>-?\d+(?:\.\d+)?)|(?P<word>[A-Za-z_]\w*))'
)
_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "=": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
_TURNED = {">": "<", ">=": "<=", "<": ">", "<=": ">="}
_METHODS: Mapping[str, Callable[[str, str], bool]] = {
    "contains": operator.contains,
    "startswith": str.startswith,
    "endswith": str.endswith,
}
_LITERAL_KINDS: Mapping[str, tuple[FieldKind, ...]] = {
    "text": ("text",),
    "guid": ("guid",),
    "number": ("money",),
    "moment": ("date", "stamp"),
    "bool": ("bool",),
}


@dataclass(frozen=True, slots=True)
class Field:
    """A field that `where` and `order` may name. Values: text, guid text, cents, date, milliseconds, bool; or None."""

    kind: FieldKind
    get: Callable[[Any], Any]
    optimised: bool = False


@dataclass(frozen=True, slots=True)
class _Literal:
    kind: str
    value: Any


@dataclass(slots=True)
class Where:
    """A compiled expression. `unoptimised` names what would not use an index at Xero."""

    test: Test
    unoptimised: list[str] = field(default_factory=list)


def compile_where(text: str, fields: Mapping[str, Field]) -> Where:
    """The test that `text` stands for; field names are matched whatever their case. 400, number 16, otherwise."""
    parser = _Parser(list(_tokens(text)), {name.lower(): found for name, found in fields.items()})
    test = parser.either()
    parser.end()
    return Where(test, parser.unoptimised)


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    at = 0
    while text[at:].strip():
        found = _TOKEN.match(text, at)
        if found is None or found.lastgroup is None:
            raise replies.bad_query(f"Syntax error at index {at}.")
        yield found.lastgroup, found[found.lastgroup]
        at = found.end()


class _Parser:
    def __init__(self, tokens: list[tuple[str, str]], fields: Mapping[str, Field]) -> None:
        self._tokens = tokens
        self._at = 0
        self._fields = fields
        self.unoptimised: list[str] = []

    def either(self) -> Test:
        left = self._both()
        while self._take("||", "or", "|"):
            left = _or(left, self._both())
            self.unoptimised.append("OR")
        return left

    def end(self) -> None:
        if self._at != len(self._tokens):
            raise replies.bad_query(f"Syntax error at {self._peek()[1]!r}.")

    def _both(self) -> Test:
        left = self._single()
        while self._take("&&", "and"):
            left = _and(left, self._single())
        return left

    def _single(self) -> Test:
        if self._take("("):
            inner = self.either()
            self._need(")")
            return inner
        return self._comparison()

    def _comparison(self) -> Test:
        left = self._operand()
        if isinstance(left, tuple) and left[1] is not None:
            return _method(left[0], *left[1])
        kind, word = self._peek()
        if kind == "op" and word in _COMPARE:
            self._at += 1
            return _compare(left, word, self._operand())
        if isinstance(left, tuple) and left[0].kind == "bool":
            return left[0].get
        raise replies.bad_query("An operator was expected.")

    def _operand(self) -> _Literal | tuple[Field, tuple[str, str] | None]:
        kind, word = self._peek()
        self._at += 1
        if kind == "text":
            return _Literal("text", re.sub(r"\\(.)", r"\1", word[1:-1]).lower())
        if kind == "number":
            return _Literal("number", _number(word))
        if kind == "word":
            return _constant(word) or self._call(word) or self._field(word)
        raise replies.bad_query(f"Expression expected, {word!r} found.")

    def _call(self, word: str) -> _Literal | None:
        if word.lower() not in ("guid", "datetime") or not self._take("("):
            return None
        arguments = [self._peek()]
        self._at += 1
        while self._take(","):
            arguments.append(self._peek())
            self._at += 1
        self._need(")")
        return _guid(arguments) if word.lower() == "guid" else _moment(arguments)

    def _field(self, word: str) -> tuple[Field, tuple[str, str] | None]:
        names = [word]
        while self._take("."):
            names.append(self._peek()[1])
            self._at += 1
        method = None
        if names[-1].lower() in _METHODS and self._take("("):
            argument = self._operand()
            self._need(")")
            if not isinstance(argument, _Literal) or argument.kind != "text":
                raise replies.bad_query(f"{names[-1]} takes a text.")
            method = (names.pop().lower(), argument.value)
        return self._known(".".join(names), method), method

    def _known(self, path: str, method: object) -> Field:
        if path.lower().endswith(".value"):
            path = path[: -len(".value")]
        found = self._fields.get(path.lower())
        if found is None:
            raise replies.bad_query(f"No property or field '{path}' exists.")
        if method is not None or not found.optimised:
            self.unoptimised.append(path)
        return found

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._at] if self._at < len(self._tokens) else ("end", "end")

    def _take(self, *words: str) -> bool:
        if self._peek()[0] in ("op", "word") and self._peek()[1].lower() in words:
            self._at += 1
            return True
        return False

    def _need(self, word: str) -> None:
        if not self._take(word):
            raise replies.bad_query(f"{word!r} expected.")


def _number(word: str) -> int:
    return int(Decimal(word) * 100)


def _constant(word: str) -> _Literal | None:
    return {
        "null": _Literal("null", None),
        "true": _Literal("bool", value=True),
        "false": _Literal("bool", value=False),
    }.get(word.lower())


def _guid(arguments: list[tuple[str, str]]) -> _Literal:
    text = arguments[0][1].strip('"').lower()
    if len(arguments) != 1 or not re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", text):
        raise replies.bad_query("Guid should contain 32 digits with 4 dashes.")
    return _Literal("guid", text)


def _moment(arguments: list[tuple[str, str]]) -> _Literal:
    try:
        parts = [int(word) for _, word in arguments]
        return _Literal("moment", datetime(*parts, tzinfo=UTC))  # type: ignore[arg-type,misc]  # three to six parts
    except (ValueError, TypeError) as error:
        raise replies.bad_query("DateTime takes year, month, day and, if need be, hours, minutes, seconds.") from error


def _and(left: Test, right: Test) -> Test:
    return lambda row: left(row) and right(row)


def _or(left: Test, right: Test) -> Test:
    return lambda row: left(row) or right(row)


def _method(found: Field, name: str, argument: str) -> Test:
    if found.kind != "text":
        raise replies.bad_query(f"No applicable method '{name}' exists.")
    apply, get = _METHODS[name], found.get

    def test(row: Any) -> bool:
        value = get(row)
        if not value:
            raise replies.bad_query("Object reference not set to an instance of an object.")
        return apply(value.lower(), argument)

    return test


def _compare(left: Any, word: str, right: Any) -> Test:
    if isinstance(left, _Literal) and isinstance(right, tuple):
        left, right, word = right, left, _TURNED.get(word, word)
    if not isinstance(left, tuple) or not isinstance(right, _Literal):
        raise replies.bad_query("A comparison needs one field and one value.")
    found = left[0]
    if right.kind == "null":
        return _compare_null(found, word)
    if found.kind not in _LITERAL_KINDS[right.kind]:
        raise replies.bad_query(f"Operator '{word}' incompatible with operand types '{found.kind}' and '{right.kind}'.")
    return _compare_value(found, _COMPARE[word], word, _as_kept(found, right.value))


def _compare_null(found: Field, word: str) -> Test:
    if word not in ("==", "=", "!="):
        raise replies.bad_query(f"Operator '{word}' cannot be applied to null.")
    get, wanted = found.get, word != "!="
    return lambda row: (get(row) in (None, "")) is wanted


def _compare_value(found: Field, apply: Callable[[Any, Any], bool], word: str, wanted: Any) -> Test:
    get = found.get
    if found.kind == "text":
        return lambda row: apply((get(row) or "").lower(), wanted)
    absent = word == "!="

    def test(row: Any) -> bool:
        value = get(row)
        return absent if value is None else apply(value, wanted)

    return test


def _as_kept(found: Field, value: Any) -> Any:
    if found.kind == "date":
        return date(value.year, value.month, value.day)
    return wire.milliseconds(value) if found.kind == "stamp" else value
