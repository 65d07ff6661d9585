"""Runs every measurement, prints a table beside a plain baseline, keeps the figures, compares them with the last ones.

Times depend on what else the machine does: the ratios to the baseline, which runs in the same minute, say more.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from bench.baseline import baseline
from bench.measures import Figures, Measure, Sizes, measures
from bench.results import compare, keep, last
from bench.results import table as printed


def main() -> None:
    """Measure, print, keep, compare."""
    asked = _asked()
    sizes = Sizes.tenth() if asked.size == "quick" else Sizes()
    chosen = _chosen(measures(sizes, profile=asked.profile), asked.only)
    if asked.list:
        print("\n".join(chosen))
        return
    before, started = last(sizes.name), time.perf_counter()
    found = _measured(chosen)
    for line in (*printed(found), *compare(found, before)):
        print(line)
    took_s = time.perf_counter() - started
    kept = "only a part of it, so not kept" if asked.only else f"kept in {keep(sizes.name, found)}"
    print(f"{len(found)} measurements in {took_s / 60:.1f} minutes; {kept}")


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m bench", description=__doc__)
    parser.add_argument("size", nargs="?", choices=("full", "quick"), default="full", help="quick: a tenth as large")
    parser.add_argument("--only", action="append", default=[], metavar="WORD", help="what has this in its name")
    parser.add_argument("--list", action="store_true", help="say what would be measured, and stop")
    parser.add_argument(
        "--profile", action="store_true", help="write where the time goes to bench/results/profiles; times are longer"
    )
    return parser.parse_args()


def _chosen(all_of_them: Mapping[str, Measure], words: list[str]) -> dict[str, Measure]:
    return {name: one for name, one in all_of_them.items() if not words or any(word in name for word in words)}


def _measured(chosen: Mapping[str, Measure]) -> dict[str, Figures]:
    """Each in an empty folder of its own, with the baseline right before it."""
    found: dict[str, Figures] = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, measure in chosen.items():
            print(f"… {name}", file=sys.stderr, flush=True)
            plain_s, started = baseline(), time.perf_counter()
            figures = measure(Path(folder) / name.replace(" ", "-").replace(",", ""))
            took_s = round(time.perf_counter() - started, 1)
            load = round(os.getloadavg()[0], 1)
            found[name] = {**figures, "took_s": took_s, "baseline_s": round(plain_s, 4), "load": load}
    return found


if __name__ == "__main__":
    main()
