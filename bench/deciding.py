"""Deciding on a book file in one process, for its profile: ``python -m bench.deciding FOLDER --profile FILE``."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from bench.profiling import profiled
from rules.policy import load_policies
from syncd.assess_file import Question, assess_file
from syncd.uncollected import uncollected


def main() -> None:
    """What `syncd assess --json` does on one core, without its start and its printing."""
    folder = Path(sys.argv[1])
    rules = load_policies([("rules.toml", (folder / "rules.toml").read_text())])
    with uncollected(), profiled():
        found = assess_file(folder / "book.json", Question(rules), processes=1)
    print(json.dumps({"decisions": len(found["decisions"])}))


if __name__ == "__main__":
    main()
