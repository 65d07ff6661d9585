"""Handing mail over to a real server that answers, refuses, hangs and goes away."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from connectors.email.client import Mailer
from connectors.errors import OutcomeUnknown, Rejected, Unavailable
from rules.domain.actions import AddNote
from tests.links.email.office import KEY, Certificate, Postmaster, Serve, mailer, reminder, settings

Place = tuple[Postmaster, int]


def test_a_message_is_handed_over_once_on_a_connection_of_its_own(postmaster: Place) -> None:
    master, port = postmaster
    receipt = mailer(port).write(reminder(), KEY)
    (envelope,) = master.envelopes
    assert master.sessions == 1
    assert envelope.mail_from == "ar@acme.example"
    assert envelope.rcpt_tos == ["ap@oak.example", "archive@acme.example"]
    (mail,) = master.mails
    assert receipt.remote_id == mail["Message-ID"]
    assert receipt.trace == "250 2.0.0 queued as 4711"


def test_lines_that_begin_with_a_dot_arrive_as_they_were(postmaster: Place, tmp_path) -> None:
    master, port = postmaster
    text = "{% extends layout %}{% block subject %}s{% endblock %}{% block opening %}.\n\n..two{% endblock %}"
    (tmp_path / "firm.txt").write_text(text + "{% block closing %}.{% endblock %}")
    mailer(port, tmp_path).write(reminder(), KEY)
    body = master.mails[0].get_body(("plain",))
    assert body is not None
    assert "\r\n.\r\n\r\n..two\r\n" in body.get_content()


def test_the_same_message_is_the_same_bytes_each_time(postmaster: Place) -> None:
    master, port = postmaster
    for _ in range(2):
        mailer(port).write(reminder(), KEY)
    assert master.envelopes[0].original_content == master.envelopes[1].original_content


def test_a_sender_the_server_does_not_take_is_about_us_and_no_message_is_given_up(
    postmaster: Place,
) -> None:
    master, port = postmaster
    master.answers = {"MAIL": "553 5.7.1 not the owner of ar@acme.example"}
    with pytest.raises(Unavailable, match=r"does not let us send: 553 5\.7\.1 not the owner of \(address\)"):
        mailer(port).write(reminder(), KEY)


@pytest.mark.parametrize("verb", ["RCPT", "DATA"])
def test_a_refusal_for_now_may_be_tried_again_and_one_for_good_may_not(postmaster: Place, verb: str) -> None:
    master, port = postmaster
    master.answers = {verb: "451 4.3.0 try later"}
    with pytest.raises(Unavailable, match=r"451 4\.3\.0 try later"):
        mailer(port).write(reminder(), KEY)
    master.answers = {verb: "550 5.1.1 <ap@oak.example>: no such user"}
    with pytest.raises(Rejected) as refused:
        mailer(port).write(reminder(), KEY)
    assert refused.value.code == "550"
    assert refused.value.detail == "5.1.1 <(address)>: no such user"


@pytest.mark.parametrize("verb", ["MAIL", "RCPT"])
def test_a_line_lost_before_the_content_means_nothing_went_out(postmaster: Place, verb: str) -> None:
    master, port = postmaster
    master.drop = verb
    with pytest.raises(Unavailable):
        mailer(port).write(reminder(), KEY)
    assert master.envelopes == []


def test_a_line_lost_after_the_content_leaves_the_outcome_unknown_and_nothing_is_sent_again(postmaster: Place) -> None:
    master, port = postmaster
    master.drop = "DATA"
    with pytest.raises(OutcomeUnknown):
        mailer(port).write(reminder(), KEY)
    assert len(master.envelopes) == 1
    assert master.sessions == 1


def test_a_server_that_never_answers_the_content_leaves_the_outcome_unknown(postmaster: Place) -> None:
    master, port = postmaster
    master.hang_s = 3.0
    with pytest.raises(OutcomeUnknown):
        mailer(port).write(reminder(), KEY)


@contextmanager
def scripted(*answers: bytes) -> Iterator[int]:
    """A server that gives these answers one by one, whatever is said, then closes. After 354 it reads the content."""
    listener = socket.create_server(("127.0.0.1", 0))

    def hold() -> None:
        line, _ = listener.accept()
        with suppress(ConnectionError), line, line.makefile("rb") as said:
            for answer in answers[:-1]:
                line.sendall(answer)
                for heard in said:
                    if not answer.startswith(b"354") or heard == b".\r\n":
                        break
            line.sendall(answers[-1])

    thread = threading.Thread(target=hold, daemon=True)
    thread.start()
    yield listener.getsockname()[1]
    thread.join(5)
    listener.close()


GREETED = (b"220 hi\r\n", b"250 hi\r\n", b"250 ok\r\n", b"250 ok\r\n", b"250 ok\r\n")


def test_content_refused_before_it_is_sent_was_never_sent() -> None:
    with scripted(*GREETED, b"452 no room\r\n") as port, pytest.raises(Unavailable, match="452 no room"):
        mailer(port).write(reminder(), KEY)
    with scripted(*GREETED, b"554 no\r\n") as port, pytest.raises(Rejected, match="554: no"):
        mailer(port).write(reminder(), KEY)
    with scripted(*GREETED, b"250 what?\r\n") as port, pytest.raises(Unavailable):
        mailer(port).write(reminder(), KEY)
    with scripted(*GREETED) as port, pytest.raises(Unavailable):
        mailer(port).write(reminder(), KEY)


@pytest.mark.parametrize("rubbish", [b"hello\r\n", b"250", b"x" * 20_000 + b"\r\n", b"199 hm\r\n"])
def test_rubbish_for_an_answer_to_the_content_leaves_the_outcome_unknown(rubbish: bytes) -> None:
    answers = [*GREETED, b"354 go on\r\n", rubbish]
    if rubbish == b"250":  # half an answer, then the line is closed: still a yes that was heard
        with scripted(*answers) as port:
            assert mailer(port).write(reminder(), KEY).trace.startswith("250")
        return
    with scripted(*answers) as port, pytest.raises(OutcomeUnknown):
        mailer(port).write(reminder(), KEY)


@pytest.mark.parametrize("greeting", [b"554 go away\r\n", b"", b"rubbish\r\n", b"220 hi\r\n"])
def test_a_server_that_does_not_greet_us_is_unavailable(greeting: bytes) -> None:
    with scripted(greeting) as port, pytest.raises(Unavailable):
        mailer(port).write(reminder(), KEY)


def test_a_server_that_is_not_there_is_unavailable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
    with pytest.raises(Unavailable, match="nothing listens there"):
        mailer(port).check()


def test_a_copy_the_server_will_not_take_stops_nothing(postmaster: Place) -> None:
    master, port = postmaster
    master.answers = {"archive@acme.example": "550 who?"}
    receipt = mailer(port).write(reminder(copy_to="dana"), KEY)
    assert master.envelopes[0].rcpt_tos == ["ap@oak.example", "dana@acme.example"]
    assert receipt.trace.endswith("; 1 of the copies refused")


def test_starttls_is_insisted_on_and_the_certificate_checked(
    serve: Serve, certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    master, port = serve(tls=certificate.context)
    strangers = mailer(port, security="starttls")
    with pytest.raises(Unavailable, match="certificate"):
        strangers.write(reminder(), KEY)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.authority))
    mailer(port, security="starttls").write(reminder(), KEY)
    mailer(port, security="starttls", host="localhost").check()
    assert len(master.envelopes) == 1


def test_a_server_without_starttls_is_never_spoken_to_in_the_open(postmaster: Place) -> None:
    master, port = postmaster
    with pytest.raises(Unavailable, match="STARTTLS"):
        mailer(port, security="starttls", username="u", password="secret").write(reminder(), KEY)
    assert master.envelopes == []


def test_tls_from_the_first_byte_is_checked_too(
    serve: Serve, certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    master, port = serve(tls=certificate.context, implicit=True)
    with pytest.raises(Unavailable, match="certificate"):
        mailer(port, security="tls").check()
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.authority))
    mailer(port, security="tls").write(reminder(), KEY)
    assert len(master.envelopes) == 1


def test_an_open_line_leads_to_this_machine_only() -> None:
    for host in ("mail.example", "10.0.0.1", "::2", "127.0.0.1.example"):
        with pytest.raises(ValueError, match="for this very machine only"):
            Mailer(settings(25, host=host), None, lambda: None)  # type: ignore[arg-type, return-value]
    for host in ("localhost", "127.0.0.1", "::1", "127.3.2.1"):
        Mailer(settings(25, host=host), None, lambda: None)  # type: ignore[arg-type, return-value]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"from_": "Accounts"}, "from: "),
        ({"from_": "a@b.example, c@d.example"}, "from: there must be one address"),
        ({"reply_to": "nobody"}, 'reply_to: "nobody" is not a mail address'),
        ({"bcc": ("x@y.example", "z")}, 'bcc: "z" is not a mail address'),
        ({"from_": "Acme\r\nBcc: x@y.example <ar@acme.example>"}, "from: it has a line end"),
    ],
)
def test_settings_that_cannot_work_are_refused_at_once(changed: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        mailer(25, **changed)


# The test server warns that its own open login is a bad idea; on loopback it is what is tested.
open_login = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS:UserWarning")


@open_login
def test_a_login_that_is_refused_is_no_fault_of_the_message(serve: Serve) -> None:
    master, port = serve(login=True)
    with pytest.raises(Unavailable, match="535"):
        mailer(port, username="ar", password="wrong").write(reminder(), KEY)
    with pytest.raises(Unavailable, match="530"):
        mailer(port).write(reminder(), KEY)
    with pytest.raises(Unavailable, match="cannot be used"):
        mailer(port, username="ar", password="pässword").check()
    mailer(port, username="ar", password="secret").write(reminder(), KEY)
    assert len(master.envelopes) == 1


@open_login
def test_a_check_greets_and_logs_in_and_sends_nothing(serve: Serve) -> None:
    master, port = serve(login=True)
    mailer(port, username="ar", password="secret").check()
    assert master.logins == [b"ar"]
    assert master.envelopes == []
    with pytest.raises(Unavailable, match="535"):
        mailer(port, username="ar", password="wrong").check()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"channel": "letter"}, "a letter is printed and posted"),
        ({"to": ""}, "the customer has no mail address"),
        ({"to": "ap@oak"}, None),
        ({"to": "  Jo  Oak <jo@oak.example> ,  ap@oak.example;" + ", x@oak.example" * 20}, None),
        ({"to": "ap@oak.example\u202e"}, "line end or an invisible character"),
        ({"to": "not an address"}, "is not a mail address"),
        ({"to": "ap@oak.example\nBcc: x@y.example"}, "line end or an invisible character"),
        ({"to": "größe@oak.example"}, "is not a mail address"),
        ({"copy_to": "Dana Smith"}, "neither a mail address nor a mailbox at acme.example"),
        ({"template": "frendly"}, 'there is no text called "frendly"'),
        ({"template": "../conftest"}, "there is no text called"),
        ({}, None),
    ],
)
def test_what_cannot_go_out_is_known_beforehand(changed: dict[str, object], said: str | None) -> None:
    found = mailer(25).unsupported(reminder(**changed))
    assert found is None if said is None else said in str(found)


def test_what_is_no_message_is_refused_without_a_connection() -> None:
    note = AddNote("C-1", "invoice", "I-1", "x")
    assert mailer(1).unsupported(note) == "add_note is not a message"
    with pytest.raises(Rejected, match="not a message"):
        mailer(1).write(note, KEY)
    with pytest.raises(Rejected, match="printed and posted"):
        mailer(1).write(reminder(channel="letter"), KEY)


def test_a_template_that_fails_is_refused_without_a_connection(tmp_path) -> None:
    (tmp_path / "firm.txt").write_text("{% extends layout %}{% block subject %}{{ nonsense }}{% endblock %}")
    with pytest.raises(Rejected, match=r"firm\.txt: line 1: 'nonsense' is undefined"):
        mailer(1, tmp_path).write(reminder(), KEY)


def test_secrets_do_not_show() -> None:
    assert "hunter2" not in repr(settings(25, password="hunter2"))
