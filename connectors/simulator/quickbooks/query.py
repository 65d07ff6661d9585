"""The query language: reads a statement into a value. Knows the grammar only; `select` knows the fields.

`select *|count(*)|fields from Entity [where a = 'x' and b in ('y', 'z')] [orderby f [asc|desc], …]
[startposition n] [maxresults n]`. There is no OR, NOT, JOIN, GROUP BY, and no `!=`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from connectors.simulator.quickbooks.faults import Refused

DEFAULT_ROWS = 100
MOST_ROWS = 1000

_TOKEN = re.compile(
    r"""\s*(?:(?P<string>'(?:\\.|[^'\\])*')|(?P<number>-?\d+(?:\.\d+)?(?![\w.-]))|(?P<sign><=|>=|<|>|=|\(|\)|,|\*)"""
    r"""|(?P<word>[A-Za-z_][\w.]*))""",
)
_SIGNS = ("=", "<", ">", "<=", ">=")


@dataclass(frozen=True, slots=True)
class Condition:
    """One comparison. `sign` is = < > <= >=, IN or LIKE; `values` are the literals as text."""

    field: str
    sign: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """A query as a value. No `fields` means all of them; `start` is 1-based."""

    entity: str
    fields: tuple[str, ...] = ()
    count: bool = False
    conditions: tuple[Condition, ...] = ()
    order: tuple[tuple[str, bool], ...] = ()  # field, descending
    start: int = 1
    rows: int = DEFAULT_ROWS


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    at: int


def parse(statement: str) -> Statement:
    """Read a statement. Raises Refused 4000 for grammar, 4001 for values out of range."""
    return _Parser(statement).statement()


def _tokens(statement: str) -> Iterator[_Token]:
    position = 0
    while statement[position:].strip():
        found = _TOKEN.match(statement, position)
        if found is None:
            raise _lexical(statement, position)
        kind = str(found.lastgroup)
        text = found[kind]
        yield _Token(kind, re.sub(r"\\(.)", r"\1", text[1:-1]) if kind == "string" else text, found.start(kind) + 1)
        position = found.end()


def _lexical(statement: str, position: int) -> Refused:
    rest = statement[position:].lstrip()
    return Refused(
        "4000",
        f"Error parsing query : QueryParserError: Lexical error at line 1, column {len(statement) - len(rest) + 1}.  "
        f'Encountered: "{rest[0]}" ({ord(rest[0])}), after : ""',
    )


class _Parser:
    """Reads one statement, token by token."""

    def __init__(self, statement: str) -> None:
        self._tokens = [*_tokens(statement), _Token("end", "<EOF>", len(statement) + 1)]
        self._next = 0

    def statement(self) -> Statement:
        self._word("select")
        fields, count = self._projection()
        self._word("from")
        entity = self._name()
        conditions = self._conditions() if self._takes("where") else ()
        order = self._order() if self._orders() else ()
        start, rows = self._window()
        if self._token.kind != "end":
            raise self._unexpected()
        return Statement(entity, fields, count, conditions, order, start, rows)

    @property
    def _token(self) -> _Token:
        return self._tokens[self._next]

    def _unexpected(self) -> Refused:
        token = self._token
        return Refused(
            "4000",
            f'Error parsing query : QueryParserError: Encountered " <{token.kind.upper()}> "{token.text} "" '
            f"at line 1, column {token.at}.",
        )

    def _is(self, word: str) -> bool:
        return self._token.kind in ("word", "sign") and self._token.text.lower() == word

    def _takes(self, word: str) -> bool:
        found = self._is(word)
        self._next += found
        return found

    def _word(self, word: str) -> None:
        if not self._takes(word):
            raise self._unexpected()

    def _name(self) -> str:
        if self._token.kind != "word":
            raise self._unexpected()
        self._next += 1
        return self._tokens[self._next - 1].text

    def _projection(self) -> tuple[tuple[str, ...], bool]:
        if self._takes("*"):
            return (), False
        if self._is("count") and self._tokens[self._next + 1].text == "(":
            self._next += 1
            for sign in "(*)":
                self._word(sign)
            return (), True
        fields = [self._name()]
        while self._takes(","):
            fields.append(self._name())
        return tuple(fields), False

    def _conditions(self) -> tuple[Condition, ...]:
        found = [self._condition()]
        while self._takes("and"):
            found.append(self._condition())
        return tuple(found)

    def _condition(self) -> Condition:
        field = self._name()
        if self._takes("in"):
            return Condition(field, "IN", self._literals())
        if self._takes("like"):
            return Condition(field, "LIKE", (self._literal(),))
        sign = self._token.text
        if self._token.kind != "sign" or sign not in _SIGNS:
            raise self._unexpected()
        self._next += 1
        return Condition(field, sign, (self._literal(),))

    def _literals(self) -> tuple[str, ...]:
        self._word("(")
        values = [self._literal()]
        while self._takes(","):
            values.append(self._literal())
        self._word(")")
        return tuple(values)

    def _literal(self) -> str:
        token = self._token
        if token.kind not in ("string", "number") and token.text.lower() not in ("true", "false"):
            raise self._unexpected()
        self._next += 1
        return token.text

    def _orders(self) -> bool:
        if self._takes("orderby"):
            return True
        if self._takes("order"):
            self._word("by")
            return True
        return False

    def _order(self) -> tuple[tuple[str, bool], ...]:
        found = [self._order_field()]
        while self._takes(","):
            found.append(self._order_field())
        return tuple(found)

    def _order_field(self) -> tuple[str, bool]:
        field = self._name()
        descending = self._takes("desc")
        if not descending:
            self._takes("asc")
        return field, descending

    def _window(self) -> tuple[int, int]:
        """STARTPOSITION and MAXRESULTS, in either order."""
        start, rows = 1, DEFAULT_ROWS
        for _ in range(2):
            if self._takes("startposition"):
                start = self._count(10**9)
            elif self._takes("maxresults"):
                rows = self._count(MOST_ROWS)
        return start, rows

    def _count(self, most: int) -> int:
        token = self._token
        if token.kind != "number" or not token.text.lstrip("-").isdecimal():
            raise self._unexpected()
        self._next += 1
        value = int(token.text)
        if value < 1:
            raise Refused("4001", f"QueryValidationError: value {value} is too small. Min allowed value is 1.")
        if value > most:
            raise Refused("4001", f"QueryValidationError: value {value} is too large. Max allowed value is {most}.")
        return value
