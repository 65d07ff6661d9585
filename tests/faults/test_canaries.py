"""Secrets seeded into a whole day's work are found nowhere they do not belong, and what is broken is told in words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.faults.cases import CASE
from tests.faults.world import KILLED, Builder, World

PERSONAL = ("accounts@oak.example", "Oak Furniture", "accounts@office.example")


@pytest.fixture(params=["quickbooks", "xero"])
def worked(build: Builder, request: pytest.FixtureRequest) -> World:
    """A company with mails sent, one unclear, tokens refreshed and a command that failed."""
    world = build(CASE["SMTP e-mail"], request.param, on_machine_clock=True)
    assert world.cli("cycle", "-v", crash_at="after_claim/send_message").returncode == KILLED
    for command in (("cycle", "-v"), ("status",), ("plan",), ("audit",), ("check",)):
        ran = world.cli(*command)
        assert "Traceback" not in ran.stderr
        with (world.folder / "child.log").open("a") as log:
            log.write(ran.stdout + ran.stderr)
    return world


def secrets(world: World) -> list[str]:
    with world.ledger() as (ledger, _):
        tokens = ledger.vault.tokens()
    return ["demo-secret", tokens.access_token, tokens.refresh_token]


def test_secrets_are_in_no_log_no_database_no_bundle_and_names_in_no_bundle(worked: World) -> None:
    world, canaries = worked, secrets(worked)
    bundle = world.folder / "bundle.json"
    ran = world.cli("check", "--bundle", str(bundle))
    assert ran.returncode in (0, 1), ran.stderr
    written = [file for file in (world.folder / "state").rglob("*") if file.is_file()]
    for file in [*written, world.folder / "child.log", bundle]:
        content = file.read_bytes()
        assert [canary for canary in canaries if canary.encode() in content] == [], file
    told = bundle.read_text()
    assert [name for name in PERSONAL if name in told] == []
    document = json.loads(told)
    assert document["versions"]["python"]
    assert document["configuration"]["connections"]["acme"]["client_secret_file"] == "(cut)"
    assert {line["event"] for line in document["journal"]} >= {"operation.sent", "operation.unclear"}
    log = (world.folder / "child.log").read_text()
    assert "accounts@oak.example" not in "".join(line for line in log.splitlines() if "event" in line)


def test_what_is_unclear_is_listed_and_a_person_ends_it_with_who_and_why(worked: World) -> None:
    world = worked
    listed = json.loads(world.cli("audit", "--unclear", "--json").stdout)
    assert [row["verb"] for row in listed] == ["send_message"]
    number = str(listed[0]["action"])

    assert world.cli("resolve", number, "--why", "x").returncode == 2
    assert world.cli("resolve", "999", "--done", "--why", "x").returncode == 2
    ended = world.cli("resolve", number, "--not-done", "--why", "their mailbox has nothing", "--as", "dana")
    assert ended.returncode == 0, ended.stderr
    line = next(entry for entry in world.journal() if entry.event == "operation.resolved")
    assert (line.who, line.detail) == ("dana", {"done": False, "why": "their mailbox has nothing"})
    assert world.cli("cycle").returncode == 0
    assert world.outcome() == "once"
    assert world.cli("audit", "--unclear").stdout == "nothing is unclear\n"


def test_a_backup_is_whole_and_never_overwrites(worked: World, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    assert worked.cli("backup", str(copy)).returncode == 0
    assert copy.stat().st_mode & 0o777 == 0o600
    again = worked.cli("backup", str(copy))
    assert again.returncode == 2
    assert "never overwrites" in again.stderr
    nowhere = tmp_path / "no-folder" / "copy.db"
    lost = worked.cli("backup", str(nowhere))
    assert (lost.returncode, lost.stderr) == (2, f"{nowhere}: cannot be written: No such file or directory\n")
