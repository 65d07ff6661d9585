"""The texts of our messages: one file for each tone, a layout for each medium. Renders; knows no server.

A file of the same name in the office's own folder takes the place of ours. A tone's file extends the layout it is given
and says three things: the blocks `subject`, `opening` and `closing`. Templates run in a sandbox, see only plain values,
and may not speak of what they were not given.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Any, get_args

import jinja2
from markupsafe import Markup

from connectors.email.address import one_line
from connectors.email.sandbox import Sandbox, joined
from connectors.email.wording import words_of
from connectors.errors import Rejected
from rules.domain.actions import DueLine, SendMessage, Tone
from rules.domain.money import Money

TONES: tuple[str, ...] = get_args(Tone)
LAYOUTS = ("layout.txt", "layout.html", "letter.html")
_TEXTS = Path(__file__).parent / "texts"
_NAME = re.compile(r"[\w-]+")
_WIDTH = 78
_PARAGRAPH = re.compile(r"\n\s*\n")


class TemplateRefused(Rejected):
    """A template is absent or cannot be rendered; `detail` says which, where and why."""

    def __init__(self, problem: str) -> None:
        super().__init__("template", problem)


@dataclass(frozen=True, slots=True)
class Rendered:
    """What a mail says."""

    subject: str
    text: str
    html: str


def render(operation: SendMessage, folder: Path | None, sender: str = "") -> Rendered:
    """The mail's subject and both its bodies. `sender` signs where the books have no company name.

    Raises:
        TemplateRefused: the template is absent or wrong.
    """
    words = words_of(operation, sender)
    subject, text = _page(operation.template, "layout.txt", words, folder)
    _, html = _page(operation.template, "layout.html", words, folder)
    return Rendered(subject, _spaced(text), html)


def letter(operation: SendMessage, folder: Path | None) -> str:
    """The message as an HTML page for printing on A4 or Letter.

    Raises:
        TemplateRefused: the template is absent or wrong.
    """
    return _page(operation.template, "letter.html", words_of(operation, ""), folder)[1]


def exists(name: str, folder: Path | None) -> bool:
    """Whether there is a text of that name, ours or the office's."""
    places = [_TEXTS, *([folder] if folder is not None else [])]
    return _NAME.fullmatch(name) is not None and any((place / _file(name)).is_file() for place in places)


def names(folder: Path | None) -> tuple[str, ...]:
    """The texts there are, ours and the office's."""
    places = [place for place in (_TEXTS, folder) if place is not None and place.is_dir()]
    found = {file.stem for place in places for file in place.glob("*.txt") if file.name not in LAYOUTS}
    return tuple(sorted(name for name in found if exists(name, folder)))


def validate(folder: Path) -> list[str]:
    """Every problem of the office's own templates, each as ``FILE: problem``; every text tried in every layout."""
    if not folder.is_dir():
        return [f"{folder.name}: there is no such folder"]
    files = sorted(path.name for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    own = [name.removesuffix(".txt") for name in files if name.endswith(".txt") and name not in LAYOUTS]
    problems = [f"{name}: {problem}" for name in files if (problem := _misnamed(name)) is not None]
    for tone in dict.fromkeys((*TONES, *own)):
        problems += _problems(tone, folder)
    return list(dict.fromkeys(problems))


def _problems(tone: str, folder: Path) -> Iterator[str]:
    for operation in _trials(tone):
        for make in (render, letter):
            try:
                make(operation, folder)
            except TemplateRefused as error:
                yield error.detail


def _misnamed(name: str) -> str | None:
    """Why a file would never be used: another ending, or nearly the name of one of ours."""
    ours = [*(_file(tone) for tone in TONES), *LAYOUTS]
    if name in ours:
        return None
    stem = name.rpartition(".")[0]
    near = [_file(stem)] if stem in TONES else get_close_matches(name, ours, n=1, cutoff=0.8)
    if near:
        return f'this replaces nothing; did you mean "{near[0]}"?'
    return None if name.endswith(".txt") else f"only texts (.txt) and {', '.join(LAYOUTS)} are used here"


def _file(tone: str) -> str:
    return f"{tone}.txt"


@lru_cache(maxsize=8)
def _environment(folder: Path | None, *, markup: bool) -> jinja2.Environment:
    own = [jinja2.FileSystemLoader(folder)] if folder is not None else []
    environment = Sandbox(
        loader=jinja2.ChoiceLoader([*own, jinja2.FileSystemLoader(_TEXTS)]),
        undefined=jinja2.StrictUndefined,
        autoescape=markup,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"wrapped": _wrapped, "paragraphs": _paragraphs, "capitalize_first": _capitalize_first}
    return environment


def _page(tone: str, layout: str, words: dict[str, Any], folder: Path | None) -> tuple[str, str]:
    """The subject and the page a tone makes in a layout."""
    try:
        subject = one_line(_subject(tone, words, folder))
        if not subject:
            raise TemplateRefused(f"{_file(tone)}: the block subject is empty")
        template = _environment(folder, markup=layout.endswith(".html")).get_template(_file(tone))
        return subject, joined(template.generate(words, layout=layout, subject=subject))
    except jinja2.TemplateNotFound as error:
        raise TemplateRefused(f"{error.name}: there is no such template") from error
    except jinja2.TemplateSyntaxError as error:
        raise TemplateRefused(f"{error.name or _file(tone)}: line {error.lineno}: {error.message}") from error
    except (
        jinja2.TemplateError,
        ArithmeticError,
        AttributeError,
        LookupError,
        MemoryError,
        OSError,
        RuntimeError,
        TypeError,
        ValueError,
    ) as error:
        raise TemplateRefused(f"{_where(error, _file(tone))}: {error}") from error


def _subject(tone: str, words: dict[str, Any], folder: Path | None) -> str:
    template = _environment(folder, markup=False).get_template(_file(tone))
    block = template.blocks.get("subject")
    if block is None:
        raise TemplateRefused(f"{_file(tone)}: there is no block subject")
    return joined(block(template.new_context({**words, "layout": "layout.txt", "subject": ""})))


def _where(error: BaseException, otherwise: str) -> str:
    """The template's file and line that an error came from."""
    found = otherwise
    trace = error.__traceback__
    while trace is not None:
        name = Path(trace.tb_frame.f_code.co_filename)
        compiled = trace.tb_frame.f_globals.get("__jinja_template__")
        line = compiled.get_corresponding_lineno(trace.tb_lineno) if compiled is not None else trace.tb_lineno
        if name.suffix in (".txt", ".html"):
            found = f"{name.name}: line {line}"
        trace = trace.tb_next
    return found


def _wrapped(text: str) -> str:
    """Paragraphs as lines that fit a mail."""
    parts = [part.split() for part in _PARAGRAPH.split(text.strip())]
    return "\n\n".join(textwrap.fill(" ".join(words), _WIDTH, break_long_words=False) for words in parts)


def _paragraphs(text: str) -> Markup:
    """Paragraphs as HTML has them; the text is escaped already."""
    parts = [part.strip() for part in _PARAGRAPH.split(str(text).strip())]
    return Markup("\n".join(f'<p style="margin:0 0 16px;">{part}</p>' for part in parts if part))  # noqa: S704 - is escaped


def _capitalize_first(text: str) -> str:
    return text[:1].upper() + text[1:]


def _spaced(text: str) -> str:
    """Never more than one empty line, and one line end at the end."""
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def _trials(tone: str) -> Iterator[SendMessage]:
    """Messages that between them use all a template may speak of."""
    one = DueLine("I-1", "1001", date(2025, 1, 30), date(2025, 3, 1), 30, _usd("550.00"), _usd("1000.00"))
    link = "https://pay.example"
    two = DueLine("I-2", "1002", date(2025, 2, 1), date(2025, 3, 31), 0, _usd("20.00"), _usd("20.00"), link)
    euro = DueLine("I-3", "1003", date(2025, 2, 1), date(2025, 3, 3), 28, *(Money(Decimal(7), "EUR"),) * 2)
    plain = SendMessage("C-1", "ap@oak.example", "Oak Ltd", tone, 2, "email", (one,), date(2025, 3, 31), company="Acme")
    yield plain
    yield replace(plain, name="", lines=(one, two, euro), fee=_usd("10.00"), replies_to=("reminders/I-1/level-1",))
    yield replace(plain, answer_by=date(2025, 4, 30))


def _usd(digits: str) -> Money:
    return Money(Decimal(digits), "USD")
