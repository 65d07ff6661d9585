"""The promise, measured: crash cases run and survived, hours of soak and what they found, and what durability costs."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from bench.results import FOLDER

Figures = dict[str, Any]
_LONG = FOLDER / "soak.json"  # kept by `python -m bench.proof SECONDS`, for soaks longer than a benchmark may take


def proofs(soak_s: float, charges: int) -> Mapping[str, Callable[[Path], Figures]]:
    """Every measurement of the promise by its name."""
    return {
        "crash cases": crashes,
        f"soak, {soak_s:.0f} s": partial(soak, soak_s),
        "soak, the longest kept": longest,
        f"durability, {charges} accounts": partial(durability, charges),
    }


def crashes(folder: Path) -> Figures:
    """Processes killed at every point of every effect, at both providers: how many cases, and how many ended well."""
    folder.mkdir(parents=True)
    report = folder / "report.xml"
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "tests/faults/test_kills.py", f"--junitxml={report}"]
    subprocess.run(command, capture_output=True, check=False)
    suite = ET.parse(report).getroot()[0]
    run, bad = int(suite.attrib["tests"]), int(suite.attrib["failures"]) + int(suite.attrib["errors"])
    return {"wall_s": float(suite.attrib["time"]), "run": run, "survived": run - bad}


def soak(seconds: float, folder: Path) -> Figures:
    """Bad luck for a while, under a new seed."""
    del folder
    return _short(_soaked(seconds))


def longest(folder: Path) -> Figures:
    """The figures of the last long soak, with its day and seed."""
    del folder
    return _short(json.loads(_LONG.read_text())) if _LONG.exists() else {}


def durability(charges: int, folder: Path) -> Figures:
    """A pass that sends, with full sync and without."""
    command = [sys.executable, "-m", "bench.durability", str(folder), str(charges)]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    found: Figures = json.loads(ran.stdout)
    return found


def _soaked(seconds: float) -> Figures:
    command = [sys.executable, "-m", "tests.faults.soak", str(seconds)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    seed, _, rest = ran.stdout.partition("\n")
    if not rest:
        sys.exit(f"{seed}: {ran.stderr[-2000:]}")
    found: Figures = json.loads(rest)
    return found


def _short(found: Figures) -> Figures:
    """What is told of a soak: all but each provider's own figures."""
    return {name: value for name, value in found.items() if not isinstance(value, dict)}


def main() -> None:
    """``python -m bench.proof SECONDS``: a long soak, whose figures are kept beside those of the benchmark."""
    found = _soaked(float(sys.argv[1]))
    FOLDER.mkdir(exist_ok=True)
    _LONG.write_text(json.dumps(found, indent=2) + "\n")
    print(f"kept in {_LONG}")


if __name__ == "__main__":
    main()
