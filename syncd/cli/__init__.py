"""The command line: parse, call, print. It decides nothing and keeps nothing.

Data goes to standard output, everything else to standard error; each error leaves with the exit code of the contract.
Commands are imported when they are called, so that `syncd --help` answers at once; and Ctrl-C is listened for before
anything heavy is imported, so that none is lost.
"""

from __future__ import annotations

import gc
import os
import sys

from syncd import interrupt

TYPE_CHECKING = False  # as typing has it, which is slow to load
if TYPE_CHECKING:
    from types import TracebackType
    from typing import NoReturn

BUG_EXIT_CODE = 70
INTERRUPTED_EXIT_CODE = 130  # as `run` says it, which may not be loaded yet
MISPLACED_EXIT_CODE = 78


def main() -> NoReturn:
    """The `syncd` console script."""
    interrupt.listen()
    sys.excepthook = _report_bug
    problem = misplaced_packages()
    if problem:
        sys.stderr.write(f"syncd: {problem}\n")
        sys.exit(MISPLACED_EXIT_CODE)
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # else it looks through all that is installed for some
    from syncd.cli.root import run

    code = run(sys.argv[1:])
    if code and interrupt.pressed():
        _leave(
            INTERRUPTED_EXIT_CODE
        )  # whatever a half-loaded module made of it, and before Python ends itself by signal
    gc.freeze()  # the process ends, and all it holds with it: no last search for circles
    sys.exit(code)


def misplaced_packages() -> str | None:
    """Why the three packages do not stand side by side, or None: `rules` is a name strangers use too."""
    from importlib.util import find_spec
    from pathlib import Path

    home = Path(__file__).resolve().parents[2]
    for package in ("connectors", "rules"):
        spec = find_spec(package)
        if spec is None or spec.origin is None:
            return (
                f"the package {package} is missing beside {home / 'syncd'}; install syncd in an environment of its own"
            )
        if Path(spec.origin).resolve().parents[1] != home:
            return f"another package named {package} is in the way: {spec.origin}; give syncd an environment of its own"
    return None


def _report_bug(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Whatever nobody expected is our bug: one line for the user, the trace only for those who ask.

    Ctrl-C while a command still loads is none, whatever the half-loaded module makes of it.
    """
    if interrupt.pressed():
        _leave(INTERRUPTED_EXIT_CODE)
    if os.environ.get("SYNCD_DEBUG"):
        sys.__excepthook__(kind, error, trace)
    else:
        what = " ".join(str(error).split())[:200]
        sys.stderr.write(
            f"syncd: this is a bug: {kind.__name__}: {what}\n"
            "syncd: run it again with SYNCD_DEBUG=1 to see where, for your report\n"
        )
    _leave(BUG_EXIT_CODE)


def _leave(code: int) -> NoReturn:
    """End at once: with nothing to find out any more, and before Python ends itself by the signal."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
