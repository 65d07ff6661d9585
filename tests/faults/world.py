"""One company's world under test: its books served from this process, an office beside it, and children that may die.

The simulated company is the durable ledger. It lives here, outlives every child, and `effects()` reads what was done
from the books themselves. A child is a process of its own, killed with SIGKILL where a test says so.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from io import StringIO
from pathlib import Path
from typing import Any, NamedTuple, Self
from zoneinfo import ZoneInfo

from connectors import open_connector
from connectors.email.client import Mailer, Patience
from connectors.simulator.clock import SimulatedClock
from connectors.simulator.http import Fault, FaultKind, Request, Response, Server
from connectors.simulator.quickbooks import QuickBooksCompany
from connectors.simulator.smtp import Mailbox
from connectors.simulator.xero import XeroCompany
from syncd.attempt import attempt_pass
from syncd.cli.root import run
from syncd.clock import SystemClock, timing
from syncd.config import load_config
from syncd.cycle import due_accounts, plan_accounts, pull_changes, settle_open
from syncd.ledger import Ledger
from syncd.office import Office, open_office
from syncd.pass_report import Ground, PassReport
from syncd.store import journal
from tests.databases import new_store
from tests.faults.cases import HEAD, Case

REPOSITORY = Path(__file__).resolve().parents[2]
START = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
KILLED = -signal.SIGKILL
TOKEN_PATHS = ("/oauth2/", "/connect/token", "/v2/oauth2/")


class SystemTime(SimulatedClock):
    """This machine's clock, where a test may call for time to pass: it does not."""

    def __init__(self) -> None:
        super().__init__(SystemClock().now())

    def now(self) -> datetime:
        return SystemClock().now()


def is_write(request: Request) -> bool:
    """Whether a request asks for a change of the books."""
    return request.method != "GET" and not request.path.startswith(TOKEN_PATHS)


class WatchedMailbox(Mailbox):
    """A mailbox that tells when it took a message, before the sender learns of it."""

    on_delivery: Callable[[], None] | None = None

    def deliver(self, sender: str, recipients: tuple[str, ...], content: bytes) -> None:
        super().deliver(sender, recipients, content)
        if self.on_delivery is not None:
            self.on_delivery()

    def __init__(self) -> None:
        super().__init__()
        self._server.handle_error = lambda *_: None  # a hook that breaks the line raises; the client tells the story


class Zygote:
    """The forking process, started when it is first needed."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "tests.faults.zygote"]
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            command, cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def run(self, order: dict[str, Any], on_start: Callable[[int], None]) -> int:
        """Run one child to its end; `on_start` hears its process id."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        on_start(int(self._process.stdout.readline()))
        return int(self._process.stdout.readline())

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(timeout=10)
        self._process.stdout.close()


class Typed(NamedTuple):
    """What a command said."""

    code: int
    out: str
    err: str


@dataclass
class World:
    """Everything of one test. `customer` and `invoice` are the ids the case works on."""

    folder: Path
    case: Case
    company: Any
    clock: SimulatedClock
    server: Server
    mailbox: WatchedMailbox
    zygote: Callable[[], Zygote]
    customer: str = ""
    invoice: str = ""
    after_commit: Callable[[Request], None] | None = None
    before_commit: Callable[[Request], None] | None = None
    garble: Callable[[Request, Response], Response] | None = None
    victim: int = 0
    _started: threading.Event = field(default_factory=threading.Event)

    @property
    def today(self) -> date:
        """The company's local day."""
        return self.clock.now().astimezone(ZoneInfo(self.company.timezone)).date()

    @property
    def count(self) -> int:
        """How often the effect was done, by the books."""
        return self.case.count(self)

    @property
    def writes(self) -> list[Request]:
        """The requests for a change that arrived, oldest first."""
        return [request for request in self.server.seen if is_write(request)]

    def advance(self, **by: float) -> None:
        self.clock.advance(timedelta(**by))

    # -- a pass in a process of its own

    def child(self, *, crash_at: str | None = None) -> int:
        """One pass in a child. Returns its exit code; KILLED where it was."""
        self.advance(minutes=5)
        order = {
            "config": str(self.folder / "config.toml"),
            "now": self.clock.now().isoformat(),
            "crash_at": crash_at,
            "output": str(self.folder / "child.log"),
        }
        self._started.clear()
        try:
            return self.zygote().run(order, self._born)
        finally:
            self._started.clear()

    def cli(self, *arguments: str, crash_at: str | None = None) -> subprocess.CompletedProcess[str]:
        """A command as people run it, in an interpreter of its own, on this machine's clock."""
        environment = {**os.environ, **({"SYNCD_CRASH_AT": crash_at} if crash_at else {})}
        command = [sys.executable, "-m", "syncd.cli", *arguments, "--config", str(self.folder / "config.toml")]
        return subprocess.run(  # noqa: S603 - our own module
            command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False, timeout=60
        )

    def typed(self, *arguments: str) -> Typed:
        """The same in this process, by this world's clock: for what a command says, where nothing kills it."""
        with redirect_stdout(StringIO()) as out, redirect_stderr(StringIO()) as err:
            code = run([*arguments, "--config", str(self.folder / "config.toml")], self.clock)
        return Typed(code, out.getvalue(), err.getvalue())

    def child_killed_after(self, number: int) -> int:
        """One pass, killed the moment the books took its `number`th request for a change, or the mail server a mail."""
        seen = [0]

        def committed(request: Request | None) -> None:
            if request is None or (self.case.verb != "send_message" and is_write(request)):
                seen[0] += 1
                if seen[0] == number:
                    self.kill()

        self.after_commit = committed
        self.mailbox.on_delivery = (lambda: committed(None)) if self.case.verb == "send_message" else None
        try:
            return self.child()
        finally:
            self.after_commit = self.mailbox.on_delivery = None

    def quiet_child(self) -> None:
        """One more pass in a child, which must not be killed."""
        assert self.child() in (0, 1)

    @contextmanager
    def lines_at(self, *, api: int | None = None, mail: int | None = None) -> Iterator[None]:
        """For the length of the block the office finds the provider, or the mail server, at another port."""
        file = self.folder / "config.toml"
        before = file.read_text()
        after = before
        if api is not None:
            after = after.replace(self.server.url, f"http://127.0.0.1:{api}")
        if mail is not None:
            after = after.replace(f"port = {self.mailbox.port}", f"port = {mail}")
        assert after != before
        file.write_text(after)
        try:
            yield
        finally:
            file.write_text(before)

    def kill(self, _request: object = None) -> None:
        """SIGKILL the child now: no handler runs, nothing is flushed."""
        assert self._started.wait(10)
        os.kill(self.victim, signal.SIGKILL)

    def kill_if_born(self) -> None:
        """SIGKILL the child where there is one now: before it is born and after its end nobody else is hit for it."""
        if self._started.is_set():
            with suppress(ProcessLookupError):
                os.kill(self.victim, signal.SIGKILL)

    def _born(self, pid: int) -> None:
        self.victim = pid
        self._started.set()

    # -- a pass in this process

    @contextmanager
    def office(self) -> Iterator[Office]:
        with open_office(load_config(self.folder / "config.toml"), self.clock, exclusive=True) as office:
            yield office

    @contextmanager
    def ledger(self, read_timeout_s: float | None = None) -> Iterator[tuple[Ledger, Ground]]:
        """The company's ledger in this process; with a patience for answers of its own, if given."""
        with self.office() as office:
            ledger = office.ledgers[0]
            if read_timeout_s is not None:
                ledger.connector.close()
                patient = replace(timing(self.clock), read_timeout_s=read_timeout_s)
                settings = replace(ledger.config.settings(), account=self.company.account)
                ledger.connector = open_connector(settings, ledger.vault, patient)
                patience = Patience(connect_s=5, answer_s=5, content_s=read_timeout_s)
                ledger.mailer = Mailer(ledger.mailer._settings, None, self.clock.now, patience)
            yield ledger, self.ground(office)

    @staticmethod
    def ground(office: Office) -> Ground:
        return Ground(office.policies, office.config.limits, office.config.mode)

    def before_drain(self, ledger: Ledger, ground: Ground) -> None:
        """All of a pass that comes before the sending."""
        self.advance(minutes=5)
        settle_open(ledger)
        pull_changes(ledger, ground.limits)
        today = ledger.today()
        plan_accounts(ledger, ground, due_accounts(ledger, ground, today), PassReport(ledger.name), today)

    def one_pass(self, **options: Any) -> PassReport:
        """One pass in this process, five minutes after what was before."""
        self.advance(minutes=5)
        with self.ledger(**options) as (ledger, ground):
            return attempt_pass(ledger, ground)

    def attempt(self, ledger: Ledger, ground: Ground) -> PassReport:
        """One pass over a ledger that is open already."""
        self.advance(minutes=5)
        return attempt_pass(ledger, ground)

    @staticmethod
    def rules_with(rules: str) -> str:
        """A whole rules file with these tables."""
        return HEAD + rules

    def break_writes(self, kind: FaultKind, *, response: Response | None = None, delay_s: float = 2.0) -> None:
        """The next request for a change meets this fault, whatever its method; a mail meets its like."""
        for method in ("POST", "PUT", "DELETE"):
            place = "/v3/company/" if self.company.kind == "quickbooks" else "/api.xro/"
            if (self.company.kind, self.case.verb) == ("quickbooks", "create_invoice"):
                place = "/invoice"  # not the item for charges, which is made first
            fault = Fault(kind, method, place, response or Response(500), delay_s)
            self.server.faults.append(fault)

    def mend(self) -> None:
        """Nothing goes wrong any more."""
        self.server.faults.clear()
        self.mailbox.answers = {}
        self.mailbox.on_delivery = self.before_commit = self.after_commit = None

    def quiet(self) -> None:
        """Passes until there is nothing left to do; none of them may fail."""
        for _ in range(6):
            report = self.one_pass()
            assert report.failure is None, report.failure
            if not report.drained.confirmed and not report.drained.stale and not report.settled.absent:
                return
        raise AssertionError("the office never comes to rest")

    # -- what is found afterwards

    def states(self) -> dict[str, str]:
        """The state of every operation, by its key."""
        with self.ledger() as (ledger, _):
            return states_in(ledger)

    def state(self) -> str:
        """The state of the newest operation of the case's verb; its action's where that was given up before."""
        with self.ledger() as (ledger, _):
            return self._state_in(ledger)

    def journal(self) -> list[journal.Entry]:
        with self.ledger() as (ledger, _):
            return journal.read(ledger.store)

    def check_promise(self) -> None:
        """What holds at any moment: nothing twice, and each end written down once."""
        with self.ledger() as (ledger, _):
            self._check_promise_in(ledger)

    def outcome(self) -> str:
        """What became of the effect, in the words of the matrix."""
        with self.ledger() as (ledger, _):
            self._check_promise_in(ledger)
            state = self._state_in(ledger)
        return {
            (1, "confirmed"): "once",
            (1, "unknown"): "once, shown as unclear",
            (0, "unknown"): "not sent, shown as unclear",
            (0, "stale"): "not sent, stale",
            (0, "rejected"): "not sent, refused",
            (0, "planned"): "not sent, waits",
        }[self.count, state]

    def _check_promise_in(self, ledger: Ledger) -> None:
        assert self.count <= 1, f"{self.case} was done {self.count} times"
        ends = Counter(entry.key for entry in journal.read(ledger.store) if entry.event == "operation.confirmed")
        assert set(ends.values()) <= {1}, ends
        confirmed = {key for key, state in states_in(ledger).items() if state == "confirmed"}
        assert confirmed == set(ends)

    def _state_in(self, ledger: Ledger) -> str:
        found = [
            action.state if step.state == "planned" and action.state == "stale" else step.state
            for action in ledger.intents.actions()
            for step in ledger.intents.steps(action.id)
            if step.operation.verb == self.case.verb
        ]
        return found[-1]


def states_in(ledger: Ledger) -> dict[str, str]:
    """The state of every operation, by its key."""
    return {step.key: step.state for action in ledger.intents.actions() for step in ledger.intents.steps(action.id)}


def config_text(company: Any, url: str, mail_port: int, database: str | None = None) -> str:
    own = f'realm_id = "{company.account}"'
    if company.kind == "xero":
        own = f'tenant_id = "{company.account}"\nfinance_charge_account = "260"\nfinance_charge_status = "AUTHORISED"'
    store = f'database = "{database}"' if database else ""
    return f"""state_dir = "state"
{store}
mode = "auto"
[limits]
max_charges_per_cycle = "20000.00"
max_vanished_share = "1"
first_plan = "go"
[connections.acme]
kind = "{company.kind}"
{own}
client_id = "demo-client"
client_secret_file = "client-secret"
timezone = "{company.timezone}"
api_url = "{url}"
auth_url = "{url}"
[email]
host = "127.0.0.1"
port = {mail_port}
security = "none"
from = "Accounts <accounts@office.example>"
"""


@dataclass
class Builder:
    """Makes worlds below one folder and takes them down."""

    folder: Path
    zygote: Callable[[], Zygote]
    opened: ExitStack = field(default_factory=ExitStack)
    made: int = 0

    def __call__(
        self,
        case: Case,
        provider: str,
        *,
        start: datetime = START,
        prepare: bool = True,
        on_machine_clock: bool = False,
        idle_s: float | None = None,
        database: str | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> World:
        self.made += 1
        folder = self.folder / f"world-{self.made}"
        (folder / "rules.d").mkdir(parents=True)
        clock = SystemTime() if on_machine_clock else SimulatedClock(start)
        company: Any = QuickBooksCompany(clock, rate_limited=False) if provider == "quickbooks" else XeroCompany(clock)
        world: World

        def application(request: Request) -> Response:
            if world.before_commit is not None:
                world.before_commit(request)
            response: Response = company.application(request)
            if world.garble is not None:
                response = world.garble(request, response)
            if world.after_commit is not None:
                world.after_commit(request)
            return response

        server = self.opened.enter_context(Server(application, idle_s=idle_s))
        mailbox = self.opened.enter_context(WatchedMailbox())
        world = World(folder, case, company, clock, server, mailbox, self.zygote)
        (folder / "rules.d" / "10.toml").write_text(HEAD + case.rules)
        text = config_text(company, server.url, mailbox.port, database)
        limits = "".join(f"{key} = {value}\n" for key, value in (settings or {}).items())
        (folder / "config.toml").write_text(text.replace("[limits]\n", f"[limits]\n{limits}"))
        (folder / "client-secret").touch(mode=0o600)
        (folder / "client-secret").write_text("demo-secret\n")
        if database is None:
            new_store(folder / "state")
        connect(world)
        if prepare:
            case.prepare(world)
            server.seen.clear()
        return world

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.opened.close()


def connect(world: World) -> None:
    """Hand the office its tokens, as `syncd connect --tokens` does."""
    with world.office() as office:
        ledger = office.ledgers[0]
        settings = ledger.config.settings()
        auth = import_module(f"connectors.{settings.kind}.auth")
        ledger.vault.store(auth.adopt(settings, world.company.issue_tokens(), world.clock.now()))
