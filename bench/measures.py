"""What is measured: each a function from an empty folder to figures. What counts memory runs as its own process."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from bench.calls import calls_of
from bench.open_book import open_book
from bench.proof import proofs
from bench.results import FOLDER

Figures = dict[str, Any]
_OF_A_PASS = ("wall_s", "cpu_s", "accounts", "statements", "rows", "vm_steps")
Measure = Callable[[Path], Figures]
DAYS = ("5m", "5m webhooks", "30m webhooks")  # how often it is polled
_PARSE = "import json; json.load(open('book.json', encoding='utf-8'))"
RULES = '[select]\ndefault = "standard"\n[policies.standard]\nextends = "standard"\n'


@dataclass(frozen=True, slots=True)
class Sizes:
    """How large the books are that each measurement works on."""

    name: str = "full"
    books: tuple[int, ...] = (1_000, 10_000, 100_000)
    accounts: int = 10_000
    large: int = 20_000
    months: int = 25
    soak_s: float = 60
    companies: tuple[int, ...] = (1, 10, 100)

    @classmethod
    def tenth(cls) -> Sizes:
        """All of it a tenth as large."""
        return cls("quick", (100, 1_000, 10_000), 1_000, 2_000, 3, 10, (1, 10))


def measures(sizes: Sizes, *, profile: bool) -> Mapping[str, Measure]:
    """Every measurement by its name."""
    found: dict[str, Measure] = {
        "syncd --help": partial(command, ("--help",)),
        "demo": partial(command, ("demo",), tries=1),
    }
    for invoices in sizes.books:
        found[f"assess, {invoices} open invoices"] = partial(assess, invoices, profile)
    for customers in (100, sizes.large):
        found[f"status, {customers * 10} open invoices"] = partial(status, customers)
    found["one pass, 10000 open invoices"] = partial(passes, 1_000, profile)
    found[f"passes, {sizes.accounts * 10} open invoices"] = partial(passes, sizes.accounts, profile)
    found[f"backfill, {sizes.months * 4000} invoices"] = partial(backfill, sizes.months, profile)
    found |= {f"backfill at the limits of {kind}": partial(pace, kind) for kind in ("quickbooks", "xero")}
    found |= {f"memory, {count} companies": partial(memory, count) for count in sizes.companies}
    found |= {f"a day, {kind}, {how}": partial(day, kind, how) for kind in ("quickbooks", "xero") for how in DAYS}
    found["calls, QuickBooks"] = partial(_calls, "quickbooks")
    found["calls, Xero"] = partial(_calls, "xero")
    found |= proofs(sizes.soak_s, sizes.accounts // 10)
    return found


def command(arguments: tuple[str, ...], folder: Path, *, tries: int = 3) -> Figures:
    """One command as its own process: the best of some starts."""
    return min((_run(arguments, folder) for _ in range(tries)), key=lambda one: float(one["wall_s"]))


def _run(arguments: tuple[str, ...], folder: Path) -> Figures:
    return _timed([sys.executable, "-m", "syncd.cli", *arguments], folder)


def _timed(words: list[str], folder: Path) -> Figures:
    folder.mkdir(parents=True, exist_ok=True)
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    process = subprocess.Popen(
        words, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env=_as_installed(),
    )  # fmt: skip
    _, said = process.communicate()
    wall = time.perf_counter() - started
    if process.returncode not in (0, 1):
        sys.exit(f"{' '.join(words)}: {said.decode()}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"wall_s": round(wall, 3), "cpu_s": round(cpu, 3)}


def _as_installed() -> dict[str, str]:
    """The environment of an installed program: its modules are compiled once, not with every start."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPATH": str(Path.cwd())}


def assess(invoices: int, profile: bool, folder: Path) -> Figures:
    """Deciding on a book file, in turns with the plainest reading of it: a fresh Python that parses the file, no more.

    `parses` is how many of those a decision takes; both from the start of the process to its end, the best of some.
    """
    folder.mkdir(parents=True)
    (folder / "book.json").write_text(json.dumps(open_book(invoices)))
    (folder / "rules.toml").write_text(RULES)
    plain, asked = [], []
    for _ in range(3):
        plain.append(_timed([sys.executable, "-c", _PARSE], folder)["wall_s"])
        asked.append(_run(("assess", "--book", "book.json", "--rules", "rules.toml", "--json"), folder))
    if profile:
        _module("bench.deciding", str(folder), *_profile(f"assess-{invoices}", on=True))
    found, parse_s = min(asked, key=lambda one: float(one["wall_s"])), min(plain)
    wall_s = found["wall_s"]
    return {**found, "parse_s": parse_s, "parses": round(wall_s / parse_s, 1), "a_second": round(invoices / wall_s)}


def status(customers: int, folder: Path) -> Figures:
    """Looking at a store in use, and what an idle pass asks of it."""
    idle = _module("bench.fill", str(folder), str(customers), "10")
    found = command(("status", "--config", "config.toml"), folder)
    return found | {f"idle pass: {name}": idle[name] for name in _OF_A_PASS}


def passes(customers: int, profile: bool, folder: Path) -> Figures:
    """The seconds of a day's first pass, and the counts of every kind of pass."""
    found = _module("bench.passes", str(folder), str(customers), "10", *_profile(f"passes-{customers}", on=profile))
    flat: Figures = {"wall_s": found["new day"]["wall_s"], "peak_mb": found["peak_mb"]}
    for kind in ("first", "idle", "10 changed", "new day"):
        flat |= {f"{kind}: {name}": found[kind][name] for name in _OF_A_PASS}
    return flat


def backfill(months: int, profile: bool, folder: Path) -> Figures:
    """Loading history from a provider that answers at once."""
    with _provider(months) as url:
        return _module("bench.load", str(folder), url, *_profile("backfill", on=profile))


def pace(kind: str, folder: Path) -> Figures:
    """Loading history from a provider that enforces its real limits, on a simulated clock."""
    return _module("bench.pace", str(folder), kind)


def memory(companies: int, folder: Path) -> Figures:
    """The memory of a daemon that looks after so many companies."""
    return _module("bench.memory", str(folder), str(companies))


def day(kind: str, how: str, folder: Path) -> Figures:
    """What a day of one company costs in requests, and how soon a payment releases a hold."""
    interval, _, told = how.partition(" ")
    return _module("bench.day", str(folder), kind, interval, told or "no webhooks")


def _calls(kind: str, folder: Path) -> Figures:
    folder.mkdir(parents=True)
    return dict(calls_of(kind, folder))


@contextmanager
def _provider(months: int) -> Iterator[str]:
    command = [sys.executable, "-m", "bench.provider", str(months)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def _profile(name: str, *, on: bool) -> tuple[str, ...]:
    """Where a profile of the work goes, if one is wanted."""
    if not on:
        return ()
    (FOLDER / "profiles").mkdir(parents=True, exist_ok=True)
    return ("--profile", str(FOLDER / "profiles" / f"{name}.txt"))


def _module(*arguments: str) -> Figures:
    """One of our measuring programs as its own process; its last line is JSON."""
    ran = subprocess.run([sys.executable, "-m", *arguments], capture_output=True, text=True, check=False)
    if ran.returncode:
        sys.exit(f"{' '.join(arguments)}: {ran.stderr[-2000:]}")
    found: Figures = json.loads(ran.stdout.strip().splitlines()[-1])
    return found
