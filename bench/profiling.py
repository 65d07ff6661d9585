"""Where the time of a measured program went: its own profile as text, where ``--profile FILE`` asks for one."""

from __future__ import annotations

import cProfile
import pstats
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_LINES = 60


@contextmanager
def profiled() -> Iterator[None]:
    """Write the profile of the block to the file named on the command line, if one is."""
    if "--profile" not in sys.argv:
        yield
        return
    profile = cProfile.Profile()
    profile.enable()
    try:
        yield
    finally:
        profile.disable()
        with Path(sys.argv[sys.argv.index("--profile") + 1]).open("w", encoding="utf-8") as file:
            pstats.Stats(profile, stream=file).strip_dirs().sort_stats("tottime").print_stats(_LINES)
