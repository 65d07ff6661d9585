"""How far a long load is: a bar on a terminal, a line now and then in a pipe, JSON lines where JSON is asked for.

All of it on standard error. Decides only how often something is said.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import click

if TYPE_CHECKING:
    from syncd.backfill.progress import Progress
    from syncd.clock import Clock

_EVERY_S = {"bar": 0.2, "line": 5.0, "json": 1.0}
_BAR, _WITH_BAR = 20, 100  # a bar's width, and the room from which on there is one


@dataclass
class Meter:
    """The progress of one connection's load."""

    name: str
    clock: Clock
    as_json: bool = False
    _said_at: float = field(default=float("-inf"))
    _bar: Any = None
    _task: Any = None
    _room: int = 0  # for words, on a terminal

    def __enter__(self) -> Self:
        if self._manner == "bar":
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TextColumn

            console = Console(stderr=True)
            self._room = console.width - len(self.name) - 1
            bar = (BarColumn(_BAR),) if self._room >= _WITH_BAR else ()
            self._room -= _BAR + 1 if bar else 0
            parts = (TextColumn("{task.description}"), *bar, TextColumn("{task.fields[said]}"))
            self._bar = Progress(*parts, console=console, auto_refresh=False)
            self._task = self._bar.add_task(self.name, total=None, said="")
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    @property
    def _manner(self) -> str:
        if self.as_json:
            return "json"
        return "bar" if sys.stderr.isatty() else "line"

    def show(self, now: Progress) -> None:
        """Say it, if it is time to; a pause is always said."""
        moment = self.clock.monotonic()
        if moment - self._said_at < _EVERY_S[self._manner] and now.waiting_until is None:
            return
        self._said_at = moment
        if self.as_json:
            click.echo(json.dumps({"connection": self.name, **_json(now)}), err=True)
        elif self._bar is not None:
            if now.waiting_until is not None:
                self._bar.console.print(f"{self.name}: {_sentence(now)}", highlight=False, markup=False, soft_wrap=True)
            said = fitting(now, self._room)
            self._bar.update(self._task, completed=now.documents, total=now.expected or None, said=said)
            self._bar.refresh()
        else:
            click.echo(f"{self.name}: {_sentence(now)}", err=True)


def _sentence(now: Progress) -> str:
    """``12,000 of about 50,000 documents, 3,900 a second, 12 calls, 788 left today, done in 0:00:10``."""
    if now.waiting_until is not None:
        then = "goes on" if now.is_sure else "nobody says when there are more; looks again"
        return f"{_done(now)}; {now.why}; {then} {_spoken(now.waiting_until)} (with --no-wait it leaves instead)"
    return ", ".join((_done(now), *_pace(now)))


def fitting(now: Progress, room: int) -> str:
    """As much of the sentence as there is room for: the end is kept longest."""
    if now.waiting_until is not None:
        return f"pauses until {_spoken(now.waiting_until)}"
    parts = [_done(now), *_pace(now)]
    while len(", ".join(parts)) > room and len(parts) > 1:
        del parts[1]
    return ", ".join(parts)


def _done(now: Progress) -> str:
    if now.is_counting:
        return f"counting, {now.expected:,} documents so far"
    return f"{now.documents:,} of about {now.expected:,} documents"


def _pace(now: Progress) -> Iterator[str]:
    if not now.is_counting:
        yield f"{now.rate:,.0f} a second"
    yield f"{now.calls:,} calls"
    if now.calls_left_today is not None:
        yield f"{now.calls_left_today:,} left today"
    if now.is_counting:
        return
    if now.calls_short:
        yield f"about {now.calls_short:,} more are needed"
    elif now.seconds_left is not None:
        yield f"done in {timedelta(seconds=round(now.seconds_left))}"


def _spoken(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _json(now: Progress) -> dict[str, Any]:
    return {
        "documents": now.documents,
        "expected": now.expected,
        "changed": now.changed,
        "documents_a_second": round(now.rate, 1),
        "calls": now.calls,
        "calls_left_today": now.calls_left_today,
        "calls_short": now.calls_short,
        "seconds_left": None if now.seconds_left is None else round(now.seconds_left),
        "waiting_until": now.waiting_until.isoformat() if now.waiting_until else None,
        "why": now.why or None,
    }
