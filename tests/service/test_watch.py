"""The dead man's ping, the weekly letter, and the one line a pass leaves in the log."""

from __future__ import annotations

import io
import json
import os
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connectors.simulator.http import Fault, Request, Response, Server
from connectors.simulator.smtp import Mailbox
from syncd import digest, logs
from syncd.attempt import attempt_pass
from syncd.cli.root import run
from syncd.config import DigestConfig, load_config
from syncd.daemon import Daemon
from syncd.ping import Ping
from tests.service.conftest import trade

SETTINGS = DigestConfig(("dana@example.test",), "mon", "08:00")


@pytest.fixture
def switch():
    """A monitoring service; the paths it was told, oldest first."""
    told: list[str] = []

    def application(request: Request) -> Response:
        told.append(request.path)
        return Response(200)

    with Server(application) as server:
        yield server, told


def test_a_round_is_told_as_started_and_well_and_nothing_but_the_fact_is_sent(live, switch):
    server, told = switch
    live.head = f'state_dir = "state"\nmode = "auto"\n[watch]\nping_url = "{server.url}/uuid"\n'
    live.add("acme", "quickbooks")
    assert run(["cycle", "--config", str(live.config_file)]) == 0
    assert told == ["/uuid/start", "/uuid"]
    assert {request.body for request in server.seen} == {b""}
    live.servers["acme"].faults.append(Fault("refuse", times=50, response=Response(403, b"{}")))
    run(["cycle", "--config", str(live.config_file)])
    assert told[2:] == ["/uuid/start", "/uuid/fail"]


def test_the_daemon_pings_at_most_once_a_minute_and_says_fail_while_a_connection_cannot_work(site, switch):
    server, told = switch
    site.head = f'state_dir = "state"\nmode = "auto"\n[watch]\nping_url = "{server.url}/uuid"\n'
    site.add("acme", "quickbooks")
    with site.opened() as office:
        daemon, ledger = Daemon(office), office.ledger("acme")
        daemon.pass_of(ledger)
        daemon.pass_of(ledger)
        assert told == ["/uuid"]
        site.clock.sleep(61)
        ledger.connections.park("the consent is gone", None)
        daemon._tell_people()
        assert told == ["/uuid", "/uuid/fail"]


def test_the_figures_are_written_for_a_collector_that_reads_files(site):
    site.head = 'state_dir = "state"\n[watch]\nmetrics_file = "syncd.prom"\n'
    site.add("acme", "quickbooks")
    with site.opened() as office:
        before = os.umask(0o077)  # as the unit has it
        try:
            Daemon(office).pass_of(office.ledger("acme"))
        finally:
            os.umask(before)
        written = office.config.state_dir / "syncd.prom"
        assert 'syncd_ready{connection="acme"} 1.0' in written.read_text()
        assert written.stat().st_mode & 0o444 == 0o444


def test_a_ping_nobody_answers_changes_nothing():
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        Ping(f"http://127.0.0.1:{reserved.getsockname()[1]}").tell("ok")
    Ping(None).tell("ok")


@pytest.mark.parametrize(
    ("now", "due"),
    [
        (datetime(2026, 11, 23, 12, 59, tzinfo=UTC), datetime(2026, 11, 16, 13, 0, tzinfo=UTC)),
        (datetime(2026, 11, 23, 13, 0, tzinfo=UTC), datetime(2026, 11, 23, 13, 0, tzinfo=UTC)),
        (datetime(2026, 11, 29, 23, 0, tzinfo=UTC), datetime(2026, 11, 23, 13, 0, tzinfo=UTC)),
    ],
)
def test_a_letter_is_due_once_a_week_at_its_local_hour(now, due):
    assert digest.slot(SETTINGS, now, "America/New_York") == due


@pytest.fixture
def lettered(site):
    """An office with business, whose letters land in a mailbox."""
    with Mailbox() as mailbox:
        site.head = 'state_dir = "state"\nmode = "review"\n[watch]\ndigest_to = ["Dana <dana@example.test>"]\n'
        company = site.add("acme", "quickbooks")
        trade(site, company)
        site.write(
            f'[email]\nhost = "127.0.0.1"\nport = {mailbox.port}\nsecurity = "none"\nfrom = "Us <us@ours.example>"\n'
        )
        with site.opened() as office:
            yield office, mailbox, site.clock


def test_the_letter_says_what_was_done_what_waits_whom_to_call_and_what_looks_wrong(lettered, ground):
    office, _, clock = lettered
    ledger = office.ledger("acme")
    attempt_pass(ledger, ground(office))
    for intent in ledger.intents.of_kind("finance_charge"):
        ledger.intents.approve(intent, "dana", clock.now())
    attempt_pass(ledger, ground(office))
    ledger.connections.brake("too many actions", clock.now())
    text = digest.compose(office).text
    assert "BRAKE: too many actions" in text
    assert "2 x finance charge" in text
    assert "for your approval" in text
    assert "Oak:" in text.partition("Whom to call")[2]
    assert digest.compose(office, "the unit failed").subject == "the unit failed"


def test_the_letter_goes_out_once_a_week_and_a_mail_server_that_is_down_is_tried_again(lettered):
    office, mailbox, clock = lettered
    digest.send_if_due(office)
    assert mailbox.messages == [], "the first one comes when its hour comes"
    clock.advance(timedelta(days=7))
    mailbox.greeting = "421 not now"
    digest.send_if_due(office)
    mailbox.greeting = "220 ready"
    digest.send_if_due(office)
    digest.send_if_due(office)
    (letter,) = mailbox.messages
    assert letter.recipients == ("dana@example.test",)
    assert letter.message["Subject"].startswith("Credit control:")
    assert "What looks wrong" in letter.message.get_content()
    clock.advance(timedelta(days=7))
    digest.send_if_due(office)
    assert len(mailbox.messages) == 2


def test_the_letter_is_printed_or_sent_by_command(live, capsys):
    with Mailbox() as mailbox:
        live.head = 'state_dir = "state"\n'
        live.add("acme", "quickbooks", connected=False)
        assert run(["digest", "--config", str(live.config_file)]) == 0
        assert "syncd connect acme" in capsys.readouterr().out
        assert run(["digest", "--send", "--config", str(live.config_file)]) == 78
        assert "digest_to and [email]" in capsys.readouterr().err
        live.head += '[watch]\ndigest_to = ["dana@example.test"]\n'
        live.write(f'[email]\nhost = "127.0.0.1"\nport = {mailbox.port}\nsecurity = "none"\nfrom = "us@ours.example"\n')
        command = ["digest", "--send", "--because", "syncd.service failed", "--config", str(live.config_file)]
        assert run(command) == 0
        assert mailbox.messages[0].message["Subject"] == "syncd.service failed"
        capsys.readouterr()
        mailbox.answers["END"] = ""
        assert run(command) == 1
        assert capsys.readouterr().err.endswith("; it may have been done all the same: look before you do it again\n")


@pytest.mark.parametrize("refused", ["configuration", "rules", "database"])
def test_a_service_that_cannot_start_is_told_by_letter_with_what_is_refused(live, capsys, refused):
    with Mailbox() as mailbox:
        live.head = 'state_dir = "state"\n[watch]\ndigest_to = ["dana@example.test"]\n'
        live.add("acme", "quickbooks", connected=False)
        email = f'[email]\nhost = "127.0.0.1"\nport = {mailbox.port}\nsecurity = "none"\nfrom = "us@ours.example"\n'
        live.write(email)
        if refused == "configuration":
            live.head = f'mode = "revew"\n{live.head}'
            live.write(email)
        elif refused == "rules":
            (live.folder / "rules.d" / "10.toml").write_text("[policies.standard.remainders]\n")
        else:
            (live.folder / "state").mkdir(exist_ok=True)
            (live.folder / "state" / "syncd.db").write_text("no database " * 1000)
        command = ["digest", "--send", "--because", "syncd.service failed", "--config", str(live.config_file)]
        assert run(command) == 78
        (letter,) = mailbox.messages
        assert letter.message["Subject"] == "syncd.service failed"
        said, told = capsys.readouterr().err.splitlines(), letter.message.get_content()
        assert all(line in told for line in said if "sent to" not in line)
        assert "syncd check" in told


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('ping_url = "http://hc.example/x"', "https"),
        ('ping_url = "hc.example"', "not an address such as"),
        ('digest_at = "8"', 'not a time such as "08:00"'),
        ('digest_day = "monday"', "mon"),
        ('digest_to = ["nobody"]', "not a mail address"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, line, problem):
    (tmp_path / "config.toml").write_text(f'state_dir = "state"\n[watch]\n{line}\n')
    with pytest.raises(Exception, match=problem):
        load_config(tmp_path / "config.toml")


def test_a_pass_leaves_one_line_with_every_figure(site, ground):
    trade(site, site.add("acme", "xero"))
    stream = io.StringIO()
    with site.opened() as office:
        logs.configure("json", stream=stream)
        attempt_pass(office.ledger("acme"), ground(office))
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    (line,) = [line for line in lines if line["event"] == "pass.finished"]
    wanted = {"connection", "pages", "records", "changed", "calls", "accounts", "decisions", "planned", "held"}
    wanted |= {"confirmed", "stale", "rejected", "unclear", "problems", "duration_s"}
    assert wanted <= set(line)
    assert "Oak" not in stream.getvalue()
