"""Run the command line as its users do: in this process for speed, or as a process of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import structlog

from syncd.cli.root import run
from tests.clocks import SetClock

REPOSITORY = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str


@pytest.fixture
def clock() -> SetClock:
    """What `syncd` takes the time to be."""
    return SetClock()


@pytest.fixture
def syncd(capsys: pytest.CaptureFixture[str], clock: SetClock) -> Iterator[Callable[..., Ran]]:
    """One command line, run in this process. Its log went to a stream that ends with the test."""

    def call(*arguments: str | Path) -> Ran:
        code = run([str(argument) for argument in arguments], clock)
        captured = capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    yield call
    structlog.reset_defaults()


@pytest.fixture
def syncd_process() -> Callable[..., subprocess.CompletedProcess[str]]:
    """One command line as its own process, in the repository's folder."""

    def call(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "syncd.cli", *map(str, arguments)]
        return subprocess.run(  # noqa: S603 - our own program
            command,
            capture_output=True,
            text=True,
            cwd=REPOSITORY,
            env={"PATH": "/usr/bin:/bin", **environment},
            check=False,
        )

    return call
