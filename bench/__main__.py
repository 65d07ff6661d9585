"""Runs every measurement, prints a table beside a plain baseline, keeps the figures, compares them with the last ones.

``make bench`` takes all of it, ``python -m bench quick`` a tenth of the sizes; ``--profile`` writes where the time went
to bench/results/profiles. Times depend on what else the machine does: the ratios to the baseline, which runs in the
same minute, say more.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from bench.baseline import baseline
from bench.measures import Sizes, measures
from bench.results import compare, keep, last
from bench.results import table as printed


def main() -> None:
    """Measure, print, keep, compare."""
    sizes = Sizes.tenth() if "quick" in sys.argv else Sizes()
    before = last(sizes.name)
    found: dict[str, dict[str, object]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, measure in measures(sizes, profile="--profile" in sys.argv).items():
            print(f"… {name}", file=sys.stderr, flush=True)
            plain_s = baseline()
            figures = measure(Path(folder) / name.replace(" ", "-").replace(",", ""))
            found[name] = {**figures, "baseline_s": round(plain_s, 4), "load": round(os.getloadavg()[0], 1)}
    for line in printed(found):
        print(line)
    for line in compare(found, before):
        print(line)
    print(f"kept in {keep(sizes.name, found)}")


main()
