"""Times what users wait for: the start of a command, deciding on a book, a first pass and an idle one."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench.books import book

CUSTOMERS, INVOICES_EACH = 2000, 10

CONFIG = """
state_dir = "state"
mode = "review"
[connections.bench]
kind = "file"
path = "books"
timezone = "America/New_York"
"""
RULES = '[select]\ndefault = "standard"\n[policies.standard]\nextends = "standard"\n'


def timed(label: str, work: Callable[[], object]) -> None:
    """Run `work` once and print how long it took, in seconds."""
    started = time.perf_counter()
    work()
    print(f"{label:<58} {time.perf_counter() - started:7.2f} s", flush=True)


def syncd(*arguments: str, folder: Path) -> None:
    """One command as its own process; whether it needs a person does not matter here."""
    command = [sys.executable, "-m", "syncd.cli", *arguments]
    ran = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, env={"PYTHONPATH": str(Path.cwd())}
    )
    if ran.returncode not in (0, 1):
        sys.exit(f"{' '.join(arguments)}: {ran.stderr}")


def main() -> None:
    """Print one line a measurement."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for below in ("books", "rules.d"):
            (folder / below).mkdir()
        (folder / "config.toml").write_text(CONFIG)
        (folder / "rules.d" / "10.toml").write_text(RULES)
        (folder / "books" / "book.json").write_text(json.dumps(book(CUSTOMERS, INVOICES_EACH)))
        size = f"{CUSTOMERS} customers, {CUSTOMERS * INVOICES_EACH} invoices"
        config = ("--config", "config.toml")
        timed("syncd --help", lambda: syncd("--help", folder=folder))
        assess = ("assess", "--book", "books/book.json", "--rules", "rules.d", "--json")
        timed(f"assess: {size}", lambda: syncd(*assess, folder=folder))
        timed(f"first pass: {size}", lambda: syncd("cycle", *config, folder=folder))
        timed("idle pass", lambda: syncd("cycle", *config, folder=folder))
        timed("status", lambda: syncd("status", *config, folder=folder))


main()
