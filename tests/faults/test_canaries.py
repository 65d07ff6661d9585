"""Secrets seeded into a whole day's work are found nowhere they do not belong, and what is broken is told in words."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest

from syncd.store import journal
from syncd.store.engine import open_store
from tests.faults.cases import CASE
from tests.faults.world import KILLED, Builder, World

PERSONAL = ("accounts@oak.example", "Oak Furniture", "accounts@office.example")


@pytest.fixture(params=["quickbooks", "xero"])
def unclear(build: Builder, request: pytest.FixtureRequest) -> World:
    """A company whose first command was killed over a mail: nobody knows whether it went."""
    world = build(CASE["SMTP e-mail"], request.param, on_machine_clock=True)
    killed = world.cli("cycle", "-v", crash_at="after_claim/send_message")
    assert killed.returncode == KILLED
    return world


@pytest.fixture
def worked(unclear: World) -> World:
    """That company after mails were sent, one unclear, tokens refreshed and a command that failed."""
    for command in (("cycle", "-v"), ("status",), ("plan",), ("audit",), ("check",)):
        ran = unclear.cli(*command)
        assert "Traceback" not in ran.stderr
        with (unclear.folder / "child.log").open("a") as log:
            log.write(ran.stdout + ran.stderr)
    return unclear


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


def test_what_is_unclear_is_listed_and_a_person_ends_it_with_who_and_why(unclear: World) -> None:
    world = unclear
    assert world.typed("cycle").code == 1  # something needs a person
    listed = json.loads(world.typed("audit", "--unclear", "--json").out)
    assert [row["verb"] for row in listed] == ["send_message"]
    what = f"{listed[0]['name']}, {listed[0]['said']}"
    assert f"unclear: {what}: " in world.typed("status").out
    number = str(listed[0]["action"])

    asked = world.typed("approve", number)
    assert (asked.code, "syncd resolve NO." in asked.out) == (1, True), "nothing was approved"
    assert world.typed("resolve", number, "--why", "x").code == 2
    assert world.typed("resolve", "999", "--done", "--why", "x").code == 2
    ended = world.typed("resolve", number, "--not-done", "--why", "their mailbox has nothing", "--as", "dana")
    assert ended.code == 0, ended.err
    line = next(entry for entry in world.journal() if entry.event == "operation.resolved")
    assert (line.who, line.detail) == ("dana", {"done": False, "why": "their mailbox has nothing"})
    assert world.typed("cycle").code == 0
    assert world.outcome() == "once"
    assert world.typed("audit", "--unclear").out == "nothing is unclear\n"


@pytest.mark.parametrize("provider", ["quickbooks", "xero"])
def test_a_backup_is_whole_and_never_overwrites(build: Builder, provider: str, tmp_path: Path) -> None:
    world, copy = build(CASE["SMTP e-mail"], provider), tmp_path / "copy.db"
    world.quiet()
    written = world.journal()
    assert "operation.confirmed" in {entry.event for entry in written}
    assert world.typed("backup", str(copy)).code == 0
    assert copy.stat().st_mode & 0o777 == 0o600
    with closing(open_store(f"sqlite:///{copy}")) as whole:
        assert journal.read(whole) == written
    again = world.typed("backup", str(copy))
    assert again.code == 2
    assert "never overwrites" in again.err
    nowhere = tmp_path / "no-folder" / "copy.db"
    lost = world.typed("backup", str(nowhere))
    assert (lost.code, lost.err) == (2, f"{nowhere}: cannot be written: No such file or directory\n")
