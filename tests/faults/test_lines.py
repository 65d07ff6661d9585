"""Rows N and R: what the line does to an answer, and what a provider says instead of one."""

from __future__ import annotations

import socket
import time
from collections import Counter
from datetime import timedelta

import pytest

from connectors.simulator.http import Response
from connectors.simulator.quickbooks import faults as intuit
from connectors.simulator.xero import faults as xero
from syncd.outbox import MOST_UNCLEAR
from tests.faults.cases import CASE, Case
from tests.faults.matrix import ROWS, pairs
from tests.faults.world import Builder, World


def each(row: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(("case", "provider"), pairs(row), ids=str)


def ends(row: str, world: World, provider: str) -> None:
    """Once the line is good again, one pass makes it what the matrix says, and a day later it is still so."""
    world.mend()
    world.check_promise()
    world.one_pass()
    found = world.outcome()
    assert found in ROWS[row].expected(world.case, provider), found
    world.advance(days=1)
    world.one_pass()
    assert world.outcome() == found


def breaks_off() -> None:
    raise ConnectionAbortedError


@each("N1")
def test_n1_no_answer_in_time_after_the_commit(build: Builder, case: Case, provider: str) -> None:
    world = build(case, provider)
    world.break_writes("hang_after", delay_s=1.5)
    if case.verb == "send_message":
        world.mailbox.on_delivery = lambda: time.sleep(1.5)
    report = world.one_pass(read_timeout_s=0.4)
    assert report.drained.unclear == 1
    ends("N1", world, provider)


@each("N2")
@pytest.mark.parametrize("how", ["reset_after", "close_after"])
def test_n2_the_line_breaks_after_the_commit(build: Builder, case: Case, provider: str, how: str) -> None:
    world = build(case, provider)
    world.break_writes(how)
    if case.verb == "send_message":
        world.mailbox.on_delivery = breaks_off
    report = world.one_pass()
    assert report.drained.unclear == 1
    ends("N2", world, provider)


@each("N3")
def test_n3_an_idle_connection_is_closed_as_we_send(build: Builder, case: Case, provider: str) -> None:
    world = build(case, provider)
    if case.verb == "send_message":  # no line to it is kept from one message to the next; it hangs up on this one
        world.mailbox.answers = {"MAIL": ""}
        assert "cannot be used" in world.one_pass().drained.mail_down
        assert world.state() == "planned"
        ends("N3", world, provider)
        return
    world.break_writes("reset_before")
    report = world.one_pass()
    assert report.drained.unclear == 1
    sent = [request for request in world.writes if not request.path.endswith("/item")]
    assert len(sent) == 1, "no library may repeat it"
    ends("N3", world, provider)


@pytest.mark.parametrize("provider", ["quickbooks", "xero"])
def test_n3_a_connection_that_was_closed_while_idle_is_not_written_to(build: Builder, provider: str) -> None:
    world = build(CASE["finance charge"], provider, idle_s=0.15)
    with world.ledger() as (ledger, ground):
        world.before_drain(ledger, ground)
        time.sleep(0.4)
        assert ledger.outbox().drain().unclear == 0
    assert world.outcome() == "once"


HTML = Response(200, b"<html><body>Please wait</body></html>", {"Content-Type": "text/html"})
XML = Response(200, b'<?xml version="1.0"?><IntuitResponse/>', {"Content-Type": "application/xml"})


@each("N4")
@pytest.mark.parametrize("what", ["cut short", "html", "xml"])
def test_n4_an_answer_nobody_can_read(build: Builder, case: Case, provider: str, what: str) -> None:
    world = build(case, provider)
    if case.verb == "send_message":
        world.mailbox.answers = {"END": {"cut short": "25", "html": "<html>Please wait</html>", "xml": "<?xml?>"}[what]}
    elif what == "cut short":
        world.break_writes("cut_short")
    else:
        answers = {"html": HTML, "xml": XML}
        world.break_writes("replace_after", response=answers[what])
    world.one_pass()
    ends("N4", world, provider)


@pytest.mark.parametrize("provider", ["quickbooks", "xero"])
def test_n5_who_cannot_prove_to_be_the_provider_is_told_nothing(build: Builder, provider: str) -> None:
    """The server speaks no TLS: as with a wrong certificate, the handshake fails before any request."""
    world = build(CASE["finance charge"], provider)
    file = world.folder / "config.toml"
    before = file.read_text()
    file.write_text(before.replace("http://", "https://"))
    assert world.one_pass().exit_code == 69
    assert world.server.seen == []
    file.write_text(before)
    ends("N5", world, provider)


@each("N5")
def test_n5_nobody_is_there(build: Builder, case: Case, provider: str) -> None:
    world = build(case, provider)
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        port = reserved.getsockname()[1]
    is_smtp = case.verb == "send_message"
    with world.lines_at(mail=port) if is_smtp else world.lines_at(api=port):
        report = world.one_pass()
    assert report.drained.mail_down if is_smtp else report.exit_code == 69
    assert world.count == 0
    ends("N5", world, provider)


def asks_to_wait(world: World, *, response: Response, least_s: float, most_s: float) -> None:
    """The refusal is not slept out but parks the connection, and what waits is sent after it."""
    world.break_writes("refuse", response=response)
    before = world.clock.now()
    report = world.one_pass()
    assert report.exit_code == 75, report
    assert (world.clock.now() - before).total_seconds() < 400, "a pass never sleeps out a limit"
    with world.ledger() as (ledger, _):
        standing = ledger.connections.standing()
    assert standing.is_parked(world.clock.now())
    assert least_s <= (standing.parked_until - world.clock.now()).total_seconds() <= most_s
    assert world.count == 0
    world.clock.move_to(standing.parked_until)


@each("R1")
def test_r1_throttled_for_this_minute(build: Builder, case: Case, provider: str) -> None:
    world = build(case, provider)
    if case.verb == "send_message":
        welcome, world.mailbox.greeting = world.mailbox.greeting, "421 too many connections, try again later"
        assert world.one_pass().drained.mail_down
        world.mailbox.greeting = welcome
    else:
        reply = intuit.throttled_json() if provider == "quickbooks" else xero.throttled("minute", 30)
        asks_to_wait(world, response=reply, least_s=25, most_s=60)
    ends("R1", world, provider)


@each("R2")
def test_r2_throttled_for_the_day(build: Builder, case: Case, provider: str) -> None:
    world = build(case, provider)
    if case.verb == "send_message":
        mail_waits(world, {"MAIL": "450 4.7.1 you have sent your messages of today"})
    elif provider == "quickbooks":  # it knows no limit of the day; its wait is a minute
        asks_to_wait(world, response=intuit.throttled_json(), least_s=59, most_s=60)
    else:
        asks_to_wait(world, response=xero.throttled("day", 40_000), least_s=39_000, most_s=40_000)
    ends("R2", world, provider)


def mail_waits(world: World, answers: dict[str, str]) -> None:
    """A mail server that wants to be asked later is: by the next pass, and by nothing before it."""
    world.mailbox.answers = answers
    report = world.one_pass()
    assert next(iter(answers.values())) in report.drained.mail_down
    assert report.exit_code == 0, "the books are not left alone for it"
    assert (world.count, world.state()) == (0, "planned")


@each("R3")
def test_r3_throttled_in_disguise(build: Builder, case: Case, provider: str) -> None:
    world = build(case, provider)
    if case.verb == "send_message":
        for answers in ({"RCPT": "450 greylisted"}, {"DATA": "421 too busy"}, {"END": "452 no room just now"}):
            mail_waits(world, answers)
        ends("R3", world, provider)
        return
    replies = (
        [intuit.throttled_xml(), intuit.fault_reply("3001", "slow down", 403)]
        if provider == "quickbooks"
        else [xero.throttled("concurrent", None)]
    )
    for reply in replies:
        asks_to_wait(world, response=reply, least_s=0, most_s=60)
        world.mend()
    ends("R3", world, provider)


@each("R4")
@pytest.mark.parametrize("moment", ["before", "after"])
def test_r4_out_of_order_before_or_after_the_commit(build: Builder, case: Case, provider: str, moment: str) -> None:
    world = build(case, provider)
    if case.verb == "send_message":
        no = {"before": {"MAIL": "554 out of order"}, "after": {"END": "554 not with these words"}}[moment]
        world.mailbox.answers = no
        drained = world.one_pass().drained
        assert (drained.unclear, drained.rejected) == (0, int(moment == "after"))
    else:
        world.break_writes("refuse" if moment == "before" else "replace_after", response=Response(503))
        assert world.one_pass().drained.unclear == 1
    ends("R4", world, provider)


@pytest.mark.parametrize("provider", ["quickbooks", "xero"])
def test_r4_a_provider_out_of_order_is_asked_three_times_and_then_left_alone(build: Builder, provider: str) -> None:
    world = build(CASE["finance charge"], provider)
    due_on = world.today - timedelta(days=40)
    for number in range(6):
        world.company.add_invoice(world.customer, f"20{number}", due_on - timedelta(days=30), due_on, 50_000)
    world.break_writes("refuse", response=Response(503))
    for fault in world.server.faults:
        fault.times = 1000
    report = world.one_pass()
    assert (report.exit_code, report.drained.unclear) == (69, MOST_UNCLEAR)
    assert "answers in a row were unclear" in report.failure
    world.mend()
    world.quiet()
    assert Counter(effect.kind for effect in world.company.effects())["finance_charge"] == 7
    assert set(world.states().values()) == {"confirmed"}


def test_r4_a_mail_server_out_of_order_is_left_alone_and_the_books_are_not(build: Builder) -> None:
    world = build(CASE["SMTP e-mail"], "quickbooks")
    for number in range(5):
        customer = world.company.add_customer(f"Elm {number}", f"e{number}@elm.example")
        due_on = world.today - timedelta(days=3)
        world.company.add_invoice(customer, f"30{number}", due_on - timedelta(days=30), due_on, 50_000)
    world.mailbox.answers = {"END": "<html>"}
    report = world.one_pass()
    assert (report.exit_code, report.drained.unclear) == (0, 1)
    assert "got no clear answer, so no other was tried" in report.drained.mail_down
    assert len(world.mailbox.messages) == 1
    world.mend()
    world.quiet()
    assert len(world.mailbox.messages) == 6
