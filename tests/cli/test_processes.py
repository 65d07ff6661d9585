"""The commands that stay: the daemon and the simulator, as processes that are told to stop."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from syncd.clock import SystemClock

REPOSITORY = Path(__file__).resolve().parents[2]
Syncd = Callable[..., Any]
PATIENCE_S = 60.0  # a loaded machine is slow to start; nothing waits this long on a quiet one

CONFIG = (
    'state_dir = "state"\npoll_interval = "1s"\nmode = "auto"\n[limits]\nfirst_plan = "go"\n'
    '[connections.acme]\nkind = "file"\npath = "books"\n'
)
BOOK: dict[str, Any] = {
    "as_of": "2025-03-31",
    "company": {"name": "Acme", "currency": "USD"},
    "customers": [{"ref": "C-1", "name": "Oak Ltd"}],
    "invoices": [
        {"ref": "I-1", "customer": "C-1", "issued_on": "2025-01-01", "due_on": "2025-02-01", "total": "9.00 USD"}
    ],
}
RULES = '[select]\ndefault = "p"\n[policies.p.credit_hold]\nhold = { any = { days_past_due = 30 } }\n'


@pytest.fixture
def clock() -> SystemClock:
    """What `syncd` takes the time to be: the same as the processes beside it."""
    return SystemClock()


@pytest.fixture(autouse=True)
def _ctrl_c_reaches_whoever_is_started() -> Iterator[None]:
    """As at a keyboard. Whoever runs the tests in the background has them, and what they start, ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@contextmanager
def running(*arguments: str, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A command that stays, its output in files so that no pipe can fill; killed at the end if it still runs."""
    with (folder / "out").open("w") as out, (folder / "err").open("w") as err:
        process = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-m", "syncd.cli", *arguments],
            cwd=folder, stdout=out, stderr=err, text=True, env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        )  # fmt: skip
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()
            process.wait(PATIENCE_S)


def wait_for(what: Callable[[], object]) -> None:
    ends = time.monotonic() + PATIENCE_S
    while not what():
        assert time.monotonic() < ends, "this never came"
        time.sleep(0.1)


@pytest.fixture
def office(tmp_path: Path) -> Path:
    for below in ("books", "rules.d"):
        (tmp_path / below).mkdir()
    (tmp_path / "config.toml").write_text(CONFIG)
    (tmp_path / "rules.d" / "10.toml").write_text(RULES)
    (tmp_path / "books" / "book.json").write_text(json.dumps(BOOK))
    return tmp_path


def test_the_daemon_makes_passes_reloads_and_ends_when_told(office: Path, syncd: Syncd) -> None:
    outbox = office / "books" / "outbox.jsonl"
    config = ("--config", str(office / "config.toml"))
    with running("run", *config, folder=office) as daemon:
        wait_for(outbox.exists)
        second = syncd("cycle", *config)
        assert second.code == 75
        assert syncd("status", *config).code == 0
        (office / "rules.d" / "10.toml").write_text("[policies.p.credit_hol]")
        daemon.send_signal(signal.SIGHUP)
        wait_for(lambda: "rules.reload_refused" in (office / "err").read_text())
        daemon.send_signal(signal.SIGTERM)
        assert daemon.wait(PATIENCE_S) == 0
    log = (office / "err").read_text()
    assert "daemon.started" in log
    assert "daemon.stopped" in log
    assert "Traceback" not in log
    assert (office / "out").read_text() == ""
    assert len(outbox.read_text().splitlines()) == 1


def test_the_daemon_tells_systemd_that_it_lives_also_while_no_pass_is_due(
    office: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (office / "config.toml").write_text(CONFIG.replace('"1s"', '"2h"'))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd, tempfile.TemporaryDirectory() as short:
        systemd.bind(f"{short}/notify")
        systemd.settimeout(PATIENCE_S)
        monkeypatch.setenv("NOTIFY_SOCKET", f"{short}/notify")
        told = []
        with running("run", "--config", str(office / "config.toml"), folder=office):
            while told[-2:] != ["WATCHDOG=1", "WATCHDOG=1"] or "STATUS=1 company" not in told:
                told.append(systemd.recv(4096).decode())
    assert told[0] == "READY=1"


def test_a_daemon_with_refused_rules_leaves_with_78(office: Path) -> None:
    (office / "rules.d" / "10.toml").write_text("[policies.p.credit_hol]")
    with running("run", "--config", str(office / "config.toml"), folder=office) as daemon:
        assert daemon.wait(PATIENCE_S) == 78
    assert "credit_hold" in (office / "err").read_text()


def test_the_simulator_serves_both_companies_and_what_it_prints_is_a_configuration(
    tmp_path: Path, syncd: Syncd
) -> None:
    owed = ["5369.50", "5369.50"]
    arguments = ("simulator", "--quickbooks-port", "0", "--xero-port", "0", "--tokens", str(tmp_path))
    with running(*arguments, folder=tmp_path) as simulator:
        wait_for(lambda: "serving until" in (tmp_path / "err").read_text())
        config = tmp_path / "config.toml"
        config.write_text('state_dir = "state"\n' + (tmp_path / "out").read_text())
        (tmp_path / "rules.d").mkdir()
        (tmp_path / "rules.d" / "10.toml").write_text(RULES)
        for name in ("acme", "kauri"):
            connected = syncd("connect", name, "--tokens", tmp_path / f"{name}.tokens.json", "--config", config)
            assert connected.code == 0, connected.err
        told = (tmp_path / "err").read_text()
        secrets = ("acme.tokens.json", "demo.client_secret", "kauri.tokens.json")
        assert [name for name in secrets if f"written  {tmp_path / name}\n" not in told] == []
        assert syncd("check", "--config", config).code == 0
        assert syncd("pull", "--config", config).code == 0
        aged = json.loads(syncd("aging", "--json", "--config", config).out)
        assert [one["totals"][currency]["open"] for one, currency in zip(aged, ("USD", "NZD"), strict=True)] == owed
        simulator.send_signal(signal.SIGTERM)
        assert simulator.wait(PATIENCE_S) == 0


def test_a_port_that_is_taken_is_named(tmp_path: Path, syncd: Syncd) -> None:
    with running("simulator", "--quickbooks-port", "0", "--xero-port", "0", folder=tmp_path):
        wait_for(lambda: "serving until" in (tmp_path / "err").read_text())
        address = re.search(r'api_url = "(.*)"', (tmp_path / "out").read_text())
        assert address is not None
        port = urlsplit(address[1]).port
        assert requests.get(f"{address[1]}/nothing", timeout=10).status_code >= 400
        ran = syncd("simulator", "--quickbooks-port", str(port))
    assert ran.code == 2
    assert f"port {port} cannot be served on" in ran.err


def test_ctrl_c_while_a_command_still_loads_is_no_bug(tmp_path: Path) -> None:
    (tmp_path / "rules.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n")
    load = f"import sys, runpy; sys.path.insert(0, {str(REPOSITORY)!r})\n"
    load += (
        "import syncd.cli as cli, signal, os\ncli.misplaced_packages = lambda: os.kill(os.getpid(), signal.SIGINT)\n"
    )
    ended = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", f"{load}cli.main()"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stderr) == (130, "")


LOST = """
import os, signal, sys
sys.path.insert(0, {home!r})
import syncd.cli as cli
def lost():
    try:
        os.kill(os.getpid(), signal.SIGINT)
    except KeyboardInterrupt:
        {then}
cli.misplaced_packages = lost
sys.argv = ["syncd", "run", "--config", "config.toml"]
cli.main()
"""


@pytest.mark.parametrize(("then", "code"), [("pass", 0), ("raise AttributeError('half loaded')", 130)])
def test_a_ctrl_c_that_something_half_loaded_swallows_still_ends_the_daemon(
    tmp_path: Path, then: str, code: int
) -> None:
    (tmp_path / "config.toml").write_text(CONFIG)
    (tmp_path / "rules.d").mkdir()
    (tmp_path / "rules.d" / "10.toml").write_text(RULES)
    ended = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", LOST.format(home=str(REPOSITORY), then=then)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == code, ended.stderr
    assert "bug" not in ended.stderr


MIDST = """
import os, signal, sys
sys.path.insert(0, {home!r})
class Press:
    def find_spec(self, name, *_):
        if name == "structlog.contextvars":
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Press())
sys.argv = ["syncd", "run", "--config", "config.toml"]
from syncd.cli import main
main()
"""


def test_a_ctrl_c_in_the_midst_of_loading_what_writes_the_log_ends_the_daemon(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(CONFIG)
    (tmp_path / "rules.d").mkdir()
    (tmp_path / "rules.d" / "10.toml").write_text(RULES)
    ended = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", MIDST.format(home=str(REPOSITORY))],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode in (0, 130), ended.stderr
    assert "bug" not in ended.stderr


@pytest.mark.parametrize(("command", "room"), [(("init", "new"), 4096), (("backup", "copy.db"), 65536)])
def test_a_file_that_does_not_fit_is_taken_away_again(
    syncd: Syncd, tmp_path: Path, command: tuple[str, str], room: int
) -> None:
    """Half a configuration would be kept by the next init, and half a copy be taken for one."""
    (tmp_path / "config.toml").write_text(CONFIG)
    (tmp_path / "rules.d").mkdir()
    (tmp_path / "rules.d" / "10.toml").write_text(RULES)
    (tmp_path / "books").mkdir()
    (tmp_path / "books" / "book.json").write_text(json.dumps(BOOK))
    assert syncd("pull", "--config", tmp_path / "config.toml").code == 0
    limited = (
        f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({room}, {room}))\n"
        "from syncd.cli import main; main()"
    )
    ended = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", limited, *command, "--config", "config.toml"],
        cwd=tmp_path, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
    )  # fmt: skip
    assert ended.returncode in (1, 75)
    assert command[1] in ended.stderr
    assert "bug" not in ended.stderr
    assert not (tmp_path / "new" / "config.toml").exists()
    assert not (tmp_path / "copy.db").exists()
