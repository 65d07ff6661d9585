"""Keeping figures and setting them beside the last ones that were committed. Judges nothing."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "results"
Found = Mapping[str, Mapping[str, Any]]
_WORTH_SAYING = 1.25


def keep(name: str, found: Found) -> Path:
    """Write the figures as JSON; the file of the same name is replaced."""
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / f"{name}.json"
    path.write_text(json.dumps(found, indent=2) + "\n")
    return path


def last(name: str) -> Found:
    """The figures of that name as last committed; none where there are none."""
    ran = subprocess.run(
        ["git", "show", f"HEAD:bench/results/{name}.json"], capture_output=True, text=True, check=False
    )
    found: Found = json.loads(ran.stdout) if ran.returncode == 0 else {}
    return found


def table(found: Found) -> Iterator[str]:
    """One line a measurement: seconds, how many baselines that is, and everything else it counted."""
    yield f"{'':46} {'seconds':>9} {'baselines':>10}  counted"
    for name, figures in found.items():
        seconds, rest = figures.get("wall_s"), {key: value for key, value in figures.items() if key not in _SHOWN}
        shown = f"{seconds:9.2f} {seconds / figures['baseline_s']:10.0f}" if seconds is not None else f"{'':20}"
        yield f"{name:46} {shown}  {', '.join(f'{key} {_number(value)}' for key, value in rest.items())}"


_SHOWN = ("wall_s", "baseline_s")


def _number(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)


def compare(found: Found, before: Found) -> Iterator[str]:
    """What is a quarter more or less than it was: times by baselines, everything else as it is."""
    if not before:
        yield "nothing was committed to compare with"
        return
    for name, figures in found.items():
        for key, now in _comparable(figures).items():
            was = _comparable(before.get(name, {})).get(key)
            if was and now and not 1 / _WORTH_SAYING <= now / was <= _WORTH_SAYING:
                yield f"{name}: {key} is {now / was:.2f} times what it was"


def _comparable(figures: Mapping[str, Any]) -> dict[str, float]:
    plain = figures.get("baseline_s")
    numbers = {key: value for key, value in figures.items() if isinstance(value, int | float) and key not in _SHOWN}
    found = {key: float(value) for key, value in numbers.items() if not key.endswith("_s")}
    if plain and "wall_s" in figures:
        found["time in baselines"] = figures["wall_s"] / plain
    return found
