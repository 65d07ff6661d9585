"""The units as systemd itself reads them, and the promises they make about the program."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from syncd.cli.root import COMMANDS

REPOSITORY = Path(__file__).resolve().parents[2]
SYSTEMD = REPOSITORY / "systemd"
UNIT = SYSTEMD / "syncd.service"
SERVICES = sorted(path.name for path in SYSTEMD.glob("*.service"))
ANALYZE = shutil.which("systemd-analyze")
EXPOSED_AT_MOST = 2.0  # of 10; most services stand above 9


def installed(folder: Path) -> dict[str, Path]:
    """All units, templates with an instance, with commands that exist on any machine: `verify` looks for them."""
    units = {}
    for path in (*SYSTEMD.glob("*.service"), *SYSTEMD.glob("*.timer")):
        text = path.read_text().replace("/opt/syncd/bin/syncd", "/bin/echo").replace("User=syncd", "User=root")
        (folder / path.name).write_text(text)
        units[path.name] = folder / path.name.replace("@.", "@acme.")
        units[path.name].write_text(text)
    return units


@pytest.mark.systemd
def test_systemd_finds_nothing_to_say_about_the_units(tmp_path: Path) -> None:
    units = [str(path) for path in installed(tmp_path).values()]
    command = [ANALYZE or "", "verify", "--man=no", *units]
    ran = subprocess.run(  # noqa: S603 - a fixed tool on our files
        command, capture_output=True, text=True, check=False, env={"SYSTEMD_UNIT_PATH": f"{tmp_path}:"}
    )
    ours = [line for line in ran.stderr.splitlines() if "syncd" in line]
    assert (ran.returncode, ours) == (0, []), "an unknown key is only a warning to systemd, and an error to us"


@pytest.mark.systemd
@pytest.mark.parametrize("name", SERVICES)
def test_a_unit_is_closed_to_what_the_program_never_needs(tmp_path: Path, name: str) -> None:
    limit = f"--threshold={EXPOSED_AT_MOST * 10:.0f}"
    command = [ANALYZE or "", "security", "--offline=true", limit, str(installed(tmp_path)[name])]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - a fixed tool on our file
    assert ran.returncode == 0, ran.stdout[-400:]


def read(name: str) -> configparser.ConfigParser:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(SYSTEMD / name)
    return unit


def test_a_refused_configuration_is_not_started_again() -> None:
    unit = read("syncd.service")
    assert unit["Service"]["RestartPreventExitStatus"] == "78"
    assert unit["Service"]["ExecStart"].endswith("syncd run")
    assert unit["Service"]["LoadCredential"].startswith("syncd.key:")


@pytest.mark.parametrize("name", SERVICES)
def test_every_unit_calls_commands_there_are_as_the_same_user_with_the_same_key(name: str) -> None:
    text = (SYSTEMD / name).read_text()
    called = set(re.findall(r"^Exec\w+=/opt/syncd/bin/syncd (\w+)", text, re.MULTILINE))
    assert called
    assert called <= set(COMMANDS)
    assert read(name)["Service"]["User"] == "syncd"
    assert read(name)["Service"]["LoadCredential"] == "syncd.key:/etc/syncd/syncd.key"


def test_what_fails_tells_people_except_the_teller_itself() -> None:
    for name in SERVICES:
        expected = None if name.startswith("syncd-alert") else "syncd-alert@%n.service"
        assert read(name)["Unit"].get("OnFailure") == expected, name


def test_the_timer_makes_up_for_the_time_the_machine_was_off() -> None:
    timer = read("syncd-cycle.timer")["Timer"]
    assert (timer["Persistent"], "RandomizedDelaySec" in timer) == ("true", True)
