"""How the command line behaves before and around any command."""

from __future__ import annotations

import errno
import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from connectors import errors
from syncd.cli import misplaced_packages
from syncd.cli.root import COMMANDS, run
from syncd.failures import exit_code_of, machine_trouble

REPOSITORY = Path(__file__).resolve().parents[2]
Process = Callable[..., subprocess.CompletedProcess[str]]

WHAT_HELP_LOADS = """
import sys
from syncd.cli.root import run
run(["--help"])
print([name for name in ("pydantic", "sqlalchemy", "rich", "requests", "tenacity") if name in sys.modules])
"""
BROKEN_COMMAND = """
import sys, types, click
from syncd.cli import main, root
broken = types.ModuleType("syncd.cli.broken")
broken.broken = click.Command("broken", callback=lambda: {}["key"])
sys.modules["syncd.cli.broken"] = broken
root.COMMANDS = {"broken": ("broken:broken", "")}
sys.argv = ["syncd", "broken"]
main()
"""
READER_GONE = """
import os, sys
reading, writing = os.pipe()
os.dup2(writing, sys.stdout.fileno())
os.close(writing)
os.close(reading)
sys.argv = ["syncd", "--help"]
from syncd.cli import main
main()
"""


def python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", code]
    return subprocess.run(  # noqa: S603 - our own program
        command, capture_output=True, text=True, check=False, env=environment, cwd=REPOSITORY
    )


def test_help_loads_nothing_that_only_commands_need() -> None:
    assert python(WHAT_HELP_LOADS).stdout.splitlines()[-1] == "[]"


def test_a_wrong_command_is_a_usage_error_that_names_the_right_one(syncd_process: Process) -> None:
    ran = syncd_process("ini")
    assert (ran.returncode, ran.stdout) == (2, "")
    assert 'there is no command "ini"; did you mean "init"?' in ran.stderr


def test_an_argument_of_bytes_that_are_no_text_is_refused_unless_it_names_a_file(tmp_path: Path, capfd: Any) -> None:
    cut = os.fsdecode(b"r\xe9")
    assert run(["silence", "add", "Oak", "--reason", cut]) == 2
    assert "no text in UTF-8" in capfd.readouterr().err
    (tmp_path / cut).touch()
    assert run(["assess", "--book", str(tmp_path / cut), "--rules", str(tmp_path)]) != 2


RECORDS = ("promise", "dispute", "installment", "contact", "hold", "waive", "assign")
BELOW = [f"{record} {word}" for record in RECORDS for word in ("add", "list", "end")]


@pytest.mark.parametrize(
    "name", [*COMMANDS, "rules check", "rules show", "rules schema", "rules test", *BELOW, "promise withdraw"]
)
def test_every_command_takes_config_and_help(syncd: Callable[..., Any], name: str) -> None:
    ran = syncd(*name.split(), "--help")
    assert ran.code == 0
    assert "--help" in ran.out
    assert "--config" in ran.out or "Commands:" in ran.out, "a group leaves it to its commands"


def test_what_nobody_expected_is_one_clear_line_and_never_a_traceback() -> None:
    ran = python(BROKEN_COMMAND)
    assert ran.returncode == 70
    assert ran.stderr.splitlines()[0] == "syncd: this is a bug: KeyError: 'key'"
    assert "Traceback" not in ran.stderr


def test_the_trace_is_there_for_those_who_ask() -> None:
    ran = python(BROKEN_COMMAND, SYNCD_DEBUG="1")
    assert ran.returncode == 70
    assert "Traceback" in ran.stderr


def test_a_reader_that_goes_away_is_no_error() -> None:
    ran = python(READER_GONE)
    assert (ran.returncode, ran.stderr) == (0, "")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), 75),
        (PermissionError(errno.EACCES, "Permission denied", "/var/lib/syncd"), 78),
        (ConnectionResetError(errno.ECONNRESET, "reset"), None),
    ],
)
def test_what_this_machine_lacks_is_named_and_other_trouble_is_a_bug(error: OSError, code: int | None) -> None:
    assert machine_trouble(error) == code


def test_the_three_packages_stand_side_by_side() -> None:
    assert misplaced_packages() is None


def test_a_strangers_package_of_the_same_name_ends_the_start_with_78(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "__init__.py").write_text("")
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r})\nfrom syncd.cli import main\nmain()"
    ran = python(code)
    assert ran.returncode == 78
    assert f"another package named rules is in the way: {tmp_path}/rules/__init__.py" in ran.stderr


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.Unavailable("x"), 69),
        (errors.Throttled("x", 1), 75),
        (errors.ConsentNeeded("x"), 77),
        (errors.WrongCompany("x"), 77),
        (errors.MalformedRecordError("x"), 65),
        (errors.Rejected("6000", "x"), 1),
        (errors.OutcomeUnknown("x"), 1),
        (errors.Unprovable("x"), 1),
    ],
)
def test_an_error_of_a_provider_has_the_exit_code_of_the_contract(error: Exception, code: int) -> None:
    assert exit_code_of(error) == code


@pytest.mark.parametrize(("no_color", "coloured"), [("", True), ("1", False)])
def test_colour_is_for_terminals_that_want_it(tmp_path: Path, no_color: str, coloured: bool) -> None:
    (tmp_path / "config.toml").write_text('state_dir = "state"')
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "syncd.cli", "check", "--config", str(tmp_path / "config.toml")]
    environment = {"TERM": "xterm", "NO_COLOR": no_color}
    ran = subprocess.Popen(command, stdout=theirs, cwd=REPOSITORY, env=environment)  # noqa: S603 - our own program
    shown = os.read(ours, 200)
    ran.wait(60)
    os.close(theirs)
    os.close(ours)
    assert (b"\x1b[" in shown) is coloured


SHEET = (
    "customer,name,number,issued_on,due_on,total,currency\n"
    "C-1,Elm Street Bakery,1001,2025-01-01,2025-02-01,12345.00,USD\n"
)


@pytest.mark.parametrize("width", [80, 40])
def test_a_table_breaks_between_words_where_it_can_and_never_in_a_number(tmp_path: Path, width: int) -> None:
    (tmp_path / "open.csv").write_text(SHEET)
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "syncd.cli", "aging", "--book", str(tmp_path / "open.csv")]
    environment = {"TERM": "xterm", "NO_COLOR": "1", "COLUMNS": str(width)}
    subprocess.run(command, stdout=theirs, cwd=REPOSITORY, env=environment, check=True)  # noqa: S603 - our own program
    os.close(theirs)
    shown = re.sub(r"\x1b\[[0-9;]*m", "", os.read(ours, 10_000).decode())
    os.close(ours)
    assert {"12,345.00", "0.00"} <= set(shown.split())
    fits = width == 80  # the numbers alone are wider than forty columns
    assert (max(map(len, shown.splitlines())) <= width) is fits
    assert ({"Elm", "Bakery"} <= set(shown.split())) is fits
