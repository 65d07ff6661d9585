"""The unit as systemd itself reads it, and the promises it makes about the program."""

from __future__ import annotations

import configparser
import shutil
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
UNIT = REPOSITORY / "systemd" / "syncd.service"
ANALYZE = shutil.which("systemd-analyze")
EXPOSED_AT_MOST = 2.0  # of 10; most services stand above 9


def installed(folder: Path) -> Path:
    """The unit with commands that exist on any machine: `verify` looks for them."""
    unit = folder / "syncd.service"
    unit.write_text(UNIT.read_text().replace("/opt/syncd/bin/syncd", "/bin/echo").replace("User=syncd", "User=root"))
    return unit


@pytest.mark.systemd
def test_systemd_finds_nothing_to_say_about_the_unit(tmp_path: Path) -> None:
    command = [ANALYZE or "", "verify", "--man=no", str(installed(tmp_path))]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - a fixed tool on our file
    ours = [line for line in ran.stderr.splitlines() if "syncd.service" in line]
    assert (ran.returncode, ours) == (0, []), "an unknown key is only a warning to systemd, and an error to us"


@pytest.mark.systemd
def test_the_unit_is_closed_to_what_the_program_never_needs(tmp_path: Path) -> None:
    limit = f"--threshold={EXPOSED_AT_MOST * 10:.0f}"
    command = [ANALYZE or "", "security", "--offline=true", limit, str(installed(tmp_path))]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - a fixed tool on our file
    assert ran.returncode == 0, ran.stdout[-400:]


def test_a_refused_configuration_is_not_started_again() -> None:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(UNIT)
    assert unit["Service"]["RestartPreventExitStatus"] == "78"
    assert unit["Service"]["ExecStart"].endswith("syncd run")
    assert unit["Service"]["LoadCredential"].startswith("syncd.key:")
