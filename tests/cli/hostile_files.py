"""What hostile files are made of: a sound one with a few places spoiled, by its meaning or byte by byte."""

from __future__ import annotations

import json
import random
import re
from typing import Any

JUNK: tuple[Any, ...] = (
    None, "", "x", "\u202e\x00", -1, 0, 10**30, float("inf"), float("nan"), True, [], {}, [[]], {"a": {}}, "9999-99-99",
    "0001-01-01", "9999-12-31", "1e999999", "NaN", "-0", "1E+999999999 USD", "0.00 XXX", "9" * 40 + ".99 USD", "\ud800",
    "A" * 5000, 1.5, "10.00 usd", "1_000.00 USD", "\u0663.00 USD", "5.00\u00a0USD", "=cmd|' /C calc'!A0",
)  # fmt: skip
VALUES = (
    '"1e999999"', '"NaN"', "-1", "0", "99999999999999999999", '"9999-12-31"', "9999-12-31", "0001-01-01", '"x"', '""',
    '"\\u202e"', '"\\u0000"', '"1.00 USD"', "1.5", "nan", "inf", "[]", "{}", "true", "[[]]", "{ a = 1 }", '"-5"',
    '"1E400"', '"0.00 XXX"', "07:32:00", '["a", 1]', '"' + "9" * 200 + '"', '"1/3"', '"\u0663"', "1" * 5000,
    "1979-05-27T07:32:00Z", '"1e-400"', '"../../etc/passwd"', "[" * 3000,
)  # fmt: skip
SCRAPS = (
    "\x00", "1e999999", "9999-12-31", "0000-00-00", "{", "}", "[", "]]]", "[[", '"', "'''", "\n\n", "=", ",", ";", "\t",
    "-1", "0x" + "f" * 400, "1" * 5000, "\\ud800", "\u202e", "\r", "[" * 3000, "a.b.c=1\n", "#", "\ufeff", "=1+1",
)  # fmt: skip
_TOML_VALUE = re.compile(r'(?<==)\s*("[^"\n]*"|-?\d[\d.-]*|true|false|\[[^\]\n]*\]|\{[^}\n]*\})')
_VALUE = re.compile(rb'"[^"\n]*"|\b\d[\d.-]*\b')


def spoiled_document(document: Any, luck: random.Random) -> bytes:
    """A JSON document with values replaced, doubled or taken out."""
    document = json.loads(json.dumps(document))
    for _ in range(luck.randrange(1, 4)):
        place = luck.choice(_places(document)[1:] or [()])
        if not place:
            break
        node = document
        for key in place[:-1]:
            node = node[key]
        if luck.random() < 0.15 and isinstance(node, dict):
            del node[place[-1]]
        elif luck.random() < 0.2 and isinstance(node, list):
            node.append(node[place[-1]])
        else:
            node[place[-1]] = luck.choice(JUNK)
    return json.dumps(document).encode()


def spoiled_toml(text: str, luck: random.Random) -> bytes:
    """A TOML file with values replaced; now and then with its bytes spoiled as well."""
    for _ in range(luck.randrange(1, 3)):
        found = list(_TOML_VALUE.finditer(text))
        if found:
            start, end = luck.choice(found).span(1)
            text = text[:start] + luck.choice(VALUES) + text[end:]
    return spoiled_bytes(text.encode(), luck) if luck.random() < 0.4 else text.encode()


def spoiled_bytes(content: bytes, luck: random.Random) -> bytes:
    """Bytes cut out, put in, replaced, lines doubled; rarely another encoding."""
    data = bytearray(content)
    for _ in range(luck.randrange(1, 4)):
        at = luck.randrange(len(data) + 1)
        to = min(len(data), at + luck.randrange(1, 30))
        found = [match.span() for match in _VALUE.finditer(bytes(data))]
        match luck.randrange(5):
            case 0:
                del data[at:to]
            case 1:
                data[at:to] = luck.choice(SCRAPS).encode()
            case 2:
                data[at:at] = luck.randbytes(luck.randrange(1, 5))
            case 3:
                lines = bytes(data).split(b"\n")
                lines.insert(luck.randrange(len(lines)), luck.choice(lines))
                data = bytearray(b"\n".join(lines))
            case _ if found:
                start, end = luck.choice(found)
                data[start:end] = luck.choice(VALUES).encode()
    if luck.random() < 0.05:
        text = bytes(data).decode("utf-8", "replace")
        return text.encode(luck.choice(["utf-16", "utf-32", "cp1252"]), "replace")
    return bytes(data)


def _places(node: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    below = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [at, *(place for key, child in below for place in _places(child, (*at, key)))]
