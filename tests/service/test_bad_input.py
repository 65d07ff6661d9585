"""What goes wrong on an office server, each with its sentence and its exit code."""

from __future__ import annotations

import json
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from connectors.errors import Unavailable
from connectors.simulator.http import Fault, Response
from syncd.attempt import attempt_pass
from syncd.cli.root import run
from syncd.errors import DiskFull
from syncd.memory.mail_log import LoggedMailer
from tests.service.conftest import Site, trade

KINDS = pytest.mark.parametrize("kind", ["quickbooks", "xero"])
PAGE = Response(200, b"<!doctype html><title>Down for maintenance</title>", {"Content-Type": "text/html"})
PAGE_503 = Response(503, b"<html>The Organisation is offline</html>", {"Content-Type": "text/html"})


@pytest.fixture
def cycle(live: Site, capsys) -> Callable[..., tuple[int, str]]:
    """Runs `syncd cycle` and tells its exit code and all it said."""

    def call(*command: str) -> tuple[int, str]:
        code = run([*(command or ("cycle",)), "--config", str(live.config_file)])
        captured = capsys.readouterr()
        return code, captured.out + captured.err

    return call


@KINDS
def test_a_wrong_client_id_names_the_settings_to_look_at(site, ground, kind):
    site.add("acme", kind)
    site.tables[0] = site.tables[0].replace('client_id = "demo-client"', 'client_id = "wrong"')
    site.write()
    site.clock.advance(timedelta(hours=2))  # the access token is over, a refresh is due
    with site.opened() as office:
        report = attempt_pass(office.ledger("acme"), ground(office))
    assert report.exit_code == 77
    assert "client_id and client_secret" in report.failure


@KINDS
def test_a_consent_that_ended_parks_its_connection_and_names_the_command(site, ground, kind):
    site.add("acme", kind)
    site.add("other", kind)
    site.clock.advance(timedelta(days=120))
    site.connect("other")
    with site.opened() as office:
        reports = {ledger.name: attempt_pass(ledger, ground(office)) for ledger in office.ledgers}
        why = office.ledger("acme").connections.standing().parked_why
    assert (reports["acme"].exit_code, reports["other"].failure) == (77, None)
    assert "syncd connect acme" in why
    assert why.count("syncd connect") == 1


@KINDS
def test_an_app_that_was_disconnected_at_the_provider_needs_consent_again(live, cycle, kind):
    live.add("acme", kind)
    refused = Response(401 if kind == "quickbooks" else 403, b'{"Title":"Forbidden","Status":403,"Detail":"x"}')
    live.servers["acme"].faults += [
        Fault("reply", "GET", "/v3/" if kind == "quickbooks" else "/api.xro/", refused, times=50),
        Fault("reply", "POST", "token", Response(400, b'{"error":"invalid_grant"}'), times=50),
    ]
    code, said = cycle()
    assert code == 77
    assert "syncd connect" in said


def test_another_tenant_than_the_one_connected_is_refused_by_name(live, cycle):
    company = live.add("kauri", "xero")
    live.tables[0] = live.tables[0].replace(company.account, "00000000-0000-4000-8000-000000000000")
    live.write()
    code, said = cycle()
    assert code == 78
    assert company.account in said
    code, said = cycle("connect", "kauri", "--tokens", str(_tokens(live)))
    assert code == 78


def test_tokens_of_another_tenant_are_refused_with_both_ids(live, cycle):
    company = live.add("kauri", "xero", connected=False)
    document = {**company.issue_tokens(), "tenant_id": "another-tenant"}
    path = live.folder / "tokens.json"
    path.write_text(json.dumps(document))
    code, said = cycle("connect", "kauri", "--tokens", str(path))
    assert code == 77
    assert "another-tenant" in said
    assert company.account in said


def _tokens(live: Site) -> Path:
    path = live.folder / "tokens.json"
    path.write_text(json.dumps(live.companies["kauri"].issue_tokens()))
    return path


@KINDS
@pytest.mark.parametrize("page", [PAGE, PAGE_503], ids=["200", "503"])
def test_a_maintenance_page_is_told_as_such_and_nothing_is_taken_from_it(site, ground, kind, page):
    trade(site, site.add("acme", kind))
    site.servers["acme"].faults.append(Fault("reply", None, "", page, times=100))
    with site.opened() as office:
        ledger = office.ledger("acme")
        report = attempt_pass(ledger, ground(office))
        assert report.exit_code == 69
        assert "maintenance" in report.failure
        assert ledger.connections.standing().pulled_at is None
        site.servers["acme"].faults.clear()
        assert attempt_pass(ledger, ground(office)).failure is None


def test_a_database_locked_by_another_program_is_tried_again(live, cycle):
    live.add("acme", "quickbooks")
    holder = sqlite3.connect(live.folder / "state" / "syncd.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    code, said = cycle()
    holder.close()
    assert code == 75
    assert "locked by another program" in said


def test_a_full_disk_is_told_before_and_when_it_happens_and_costs_nothing(site, ground):
    trade(site, site.add("acme", "quickbooks"))
    with site.opened() as office:
        ledger = office.ledger("acme")
        with closing(sqlite3.connect(site.folder / "state" / "syncd.db")) as file:
            file.execute("VACUUM")  # migrations leave empty pages behind, and the pass would find its room there
        with ledger.store.writing() as tx:
            (pages,) = tx.exec_driver_sql("PRAGMA page_count").one()
            tx.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
        report = attempt_pass(ledger, ground(office))
        assert report.exit_code == 75
        assert "disk" in report.failure
        assert "full" in report.failure
        with ledger.store.writing() as tx:
            tx.exec_driver_sql("PRAGMA max_page_count = 1000000")
        assert attempt_pass(ledger, ground(office)).failure is None


def test_a_disk_that_fills_up_beside_the_database_stops_the_pass_not_the_program(site, ground):
    trade(site, site.add("acme", "quickbooks"))
    with site.opened() as office:
        ledger = office.ledger("acme")
        (office.config.state_dir / "mail.log").symlink_to("/dev/full")
        with pytest.raises(DiskFull, match="The disk is full"):
            ledger.mail_log.add("reminders/1/level-1", "now")
        mailer = LoggedMailer(ledger.connector, ledger.mail_log, site.clock)
        with pytest.raises(Unavailable, match="disk is full"):
            mailer.write(None, "reminders/1/level-1")


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder every user of the machine may enter, unlike those of tests."""
    path = Path(tempfile.mkdtemp())
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


def test_a_secret_that_everybody_can_read_is_refused_with_the_command_that_mends_it(live, cycle, open_folder):
    live.add("acme", "quickbooks")
    secret = open_folder / "secret"
    secret.write_text("demo-secret\n")
    secret.chmod(0o644)
    live.tables[0] = live.tables[0].replace('client_secret_file = "secret"', f'client_secret_file = "{secret}"')
    live.write()
    code, said = cycle()
    assert (code, f"chmod 600 {secret}" in said) == (78, True)
    code, said = cycle("check")
    assert (code, f"chmod 600 {secret}" in said) == (78, True)


@pytest.mark.parametrize(
    ("content", "words"), [(None, "cannot be read"), ("", "is empty"), ("not a key", "not a key made by")]
)
def test_a_key_that_cannot_be_used_is_named(live, cycle, content, words):
    live.add("acme", "quickbooks")
    key = live.folder / "key"
    if content is None:
        key.mkdir()
    else:
        key.write_text(content)
        key.chmod(0o600)
    live.head = 'secrets_key_file = "key"\nstate_dir = "state"\n'
    live.write()
    code, said = cycle()
    assert code == 78
    assert str(key) in said
    assert words in said


@KINDS
def test_a_slip_in_the_companys_id_can_be_mended_before_the_first_consent(live, cycle, kind):
    """What `check` or a refused `connect` saw of the wrong id must not stand in the right one's way."""
    company = live.add("acme", kind, connected=False)
    right = live.tables[0]
    live.tables[0] = right.replace(company.account, "00000000-0000-4000-8000-000000000000")
    live.write()
    assert cycle("check")[0] == 77
    path = live.folder / "tokens.json"
    path.write_text(json.dumps(company.issue_tokens()))
    code, said = cycle("connect", "acme", "--tokens", str(path))
    assert (code, company.account in said) == (77, True)
    live.tables[0] = right
    live.write()
    assert cycle("connect", "acme", "--tokens", str(path))[0] == 0
    assert cycle("cycle")[0] == 0


def test_a_mere_consent_for_another_company_than_the_configured_one_ends_with_the_named_command(live, cycle):
    company = live.add("kauri", "xero")
    live.tables[0] = live.tables[0].replace(company.account, "00000000-0000-4000-8000-000000000000")
    live.write()
    code, said = cycle()
    assert (code, "syncd disconnect kauri" in said) == (78, True)
    assert cycle("disconnect", "kauri")[0] == 0
    code, said = cycle()
    assert (code, "syncd connect kauri" in said) == (77, True)


@KINDS
def test_check_says_that_no_passes_are_made_though_the_provider_answers(live, cycle, kind):
    live.add("acme", kind)
    with live.opened() as office:
        office.ledger("acme").connections.park("they do not know this app: run `syncd connect acme`", None)
    code, said = cycle("check")
    assert (code, "no passes are made until a person acts: they do not know" in said) == (77, True)


@KINDS
def test_a_dead_consent_is_told_by_check_with_the_whole_command_and_nothing_is_called_lost(live, cycle, kind):
    live.add("acme", kind)
    live.servers["acme"].faults += [
        Fault("reply", "GET", "/v3/" if kind == "quickbooks" else "/api.xro/", Response(401, b"{}"), times=2),
        Fault("reply", "POST", "token", Response(400, b'{"error":"invalid_grant"}'), times=50),
    ]
    for command in ("cycle", "check"):
        code, said = cycle(command)
        assert (code, "syncd connect acme" in said, "lost" in said) == (77, True, False)


def test_a_disk_without_room_to_open_the_database_is_tried_again_and_not_called_a_wrong_setting(live):
    """78 would keep systemd from starting the service again once there is room."""
    live.add("acme", "quickbooks")
    ran = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", "syncd.cli", "cycle", "--config", str(live.config_file)],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000)),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (ran.returncode, "The disk is full" in ran.stderr) == (75, True), ran.stderr
