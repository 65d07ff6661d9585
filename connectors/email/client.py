"""Our own SMTP: one connection for one message, handed over at most once.

Until the server asks for the content, nothing can have been delivered: what fails by then may be tried again
(Unavailable) or never will work (Rejected). From the first byte of content on only the server's own clear answer
counts; silence and a lost connection are OutcomeUnknown, and nothing here sends again.
"""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path

from connectors import Receipt
from connectors.email import MailSettings
from connectors.email.address import addresses, one_line
from connectors.email.message import Envelope, Sender, envelope_of, letter_of, message_of
from connectors.email.templates import exists, names, render
from connectors.errors import OutcomeUnknown, Rejected, Unavailable
from connectors.transport import network_cause, redacted
from rules.domain.actions import Operation, SendMessage

_START_OF_LINE_DOT = re.compile(rb"(?m)^\.")
_ADDRESS = re.compile(r"[^\s<>,;:]+@[^\s<>,;:]+")
_GOODBYE_S = 5.0
_OK, _GO_ON, _TEMPORARY, _FOR_GOOD = 200, 354, 400, 500
_ABOUT_US = (530, 534, 535, 538)  # refusals of our login, not of a message


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds to wait: for a greeting, for an answer, and for the answer to the content.

    The last is far below the ten minutes of RFC 5321 (4.5.3.2.6), so that the daemon's watchdog sees it alive; a server
    that takes longer has most likely taken the message, and OutcomeUnknown treats it so.
    """

    connect_s: float = 30.0
    answer_s: float = 60.0
    content_s: float = 100.0


class Mailer:
    """Writes reminders by SMTP. `now` gives the moment that a message bears as its date."""

    def __init__(
        self,
        settings: MailSettings,
        templates: Path | None,
        now: Callable[[], datetime],
        patience: Patience | None = None,
    ) -> None:
        """Check the settings; no connection is made.

        Raises:
            ValueError: an address is none, or an open line to another machine than this one.
        """
        if settings.security == "none" and not _is_loopback(settings.host):
            raise ValueError(f'security: "none" is for this very machine only, and {settings.host} is another one')
        self._settings = settings
        self._sender = Sender.parse(settings.from_, settings.reply_to, settings.bcc)
        self._templates = templates
        self._now = now
        self._patience = patience or Patience()

    def unsupported(self, operation: Operation) -> str | None:
        """Why the operation cannot go out by mail, in one sentence; None where it can. No connection is made."""
        if not isinstance(operation, SendMessage):
            return f"{operation.verb} is not a message"
        if operation.channel == "letter":
            return "a letter is printed and posted, not sent by SMTP"
        if not exists(operation.template, self._templates):
            return f'there is no text called "{operation.template}"'
        if not operation.to.strip():
            return "the customer has no mail address"
        try:
            envelope_of(operation, self._sender)
        except ValueError as error:
            return f"an address cannot be used: {error}"
        return None

    def texts(self) -> tuple[str, ...]:
        """The names of the texts there are, ours and the office's."""
        return names(self._templates)

    def render(self, operation: SendMessage, key: str) -> EmailMessage:
        """The mail as it would go out now.

        Raises:
            Rejected: a template or an address does not allow it.
        """
        try:
            rendered = render(operation, self._templates, self._sender.name)
            return message_of(operation, key, self._sender, rendered, self._now())
        except ValueError as error:
            raise Rejected("address", str(error)) from error

    def write(self, operation: Operation, key: str) -> Receipt:
        """Hand the message over, once.

        Raises:
            Rejected: it is no mail, or the server refuses it for good.
            Unavailable: no connection, or refused for now; nothing was delivered.
            OutcomeUnknown: the connection was lost when the content was under way.
        """
        if (refused := self.unsupported(operation)) is not None or not isinstance(operation, SendMessage):
            raise Rejected("unsupported", refused or "")
        message = self.render(operation, key)
        with self._line() as server:
            refused_copies = _address_it(server, self._sender, envelope_of(operation, self._sender))
            trace = _hand_over(server, message.as_bytes(), self._patience.content_s)
        note = f"; {refused_copies} of the copies refused" if refused_copies else ""
        return Receipt(remote_id=str(message["Message-ID"]), trace=trace + note)

    def tell(self, to: Sequence[str], subject: str, body: str, key: str) -> Receipt:
        """Send the office's own people a plain letter, handed over once.

        Raises:
            Rejected: an address is none, or the server refuses it for good.
            Unavailable, OutcomeUnknown: as for `write`.
        """
        try:
            message = letter_of(self._sender, to, subject, body, key=key, now=self._now())
        except ValueError as error:
            raise Rejected("address", str(error)) from error
        recipients = tuple(address.addr_spec for text in to for address in addresses(text))
        with self._line() as server:
            _address_it(server, self._sender, Envelope(recipients, ()))
            trace = _hand_over(server, message.as_bytes(), self._patience.content_s)
        return Receipt(remote_id=str(message["Message-ID"]), trace=trace)

    def check(self) -> None:
        """Connect, encrypt and log in; send nothing.

        Raises:
            Unavailable: one of these fails; the text says which.
        """
        with self._line() as server, _before_content():
            server.noop()

    @contextmanager
    def _line(self) -> Iterator[smtplib.SMTP]:
        """A connection, greeted, encrypted and logged in. Raises Unavailable."""
        with _before_content():
            server = self._connected()
        try:
            with _before_content():
                self._log_in(server)
            yield server
        finally:
            _wait(server, _GOODBYE_S)
            with suppress(smtplib.SMTPException, OSError):
                server.quit()
            server.close()

    def _connected(self) -> smtplib.SMTP:
        """A greeted, encrypted connection. The server's certificate is checked against the machine's authorities."""
        settings, name, wait_s = self._settings, self._sender.domain, self._patience.connect_s
        if settings.security == "tls":
            context = ssl.create_default_context()
            server: smtplib.SMTP = smtplib.SMTP_SSL(settings.host, settings.port, name, timeout=wait_s, context=context)
        else:
            server = smtplib.SMTP(settings.host, settings.port, name, timeout=wait_s)
        _wait(server, self._patience.answer_s)
        with ExitStack() as on_failure:
            on_failure.callback(server.close)
            if settings.security == "starttls":
                server.starttls(context=ssl.create_default_context())
            server.ehlo_or_helo_if_needed()
            on_failure.pop_all()
        return server

    def _log_in(self, server: smtplib.SMTP) -> None:
        if self._settings.username is not None:
            server.login(self._settings.username, self._settings.password or "")


@contextmanager
def _before_content() -> Iterator[None]:
    """What goes wrong here goes wrong before any content: nothing was delivered, and it is not about the message."""
    try:
        yield
    except smtplib.SMTPResponseException as error:
        raise Unavailable(f"the mail server refused us: {_said(error.smtp_code, error.smtp_error)}") from error
    except (smtplib.SMTPException, OSError, UnicodeError) as error:
        cause = network_cause(error)
        said = _masked(str(error)) if cause == type(error).__name__ else cause
        raise Unavailable(f"the mail server cannot be used: {said}") from error


def _address_it(server: smtplib.SMTP, sender: Sender, envelope: Envelope) -> int:
    """Sender and recipients. Returns how many copies the server would not take."""
    with _before_content():
        code, answer = server.mail(sender.from_.addr_spec)
        if code >= _TEMPORARY:  # for good, too: it is about us, and every message would meet it
            raise Unavailable(f"the mail server does not let us send: {_said(code, answer)}")
        for address in envelope.to:
            _accepted(*server.rcpt(address))
        return sum(server.rcpt(copy)[0] >= _TEMPORARY for copy in envelope.copies)


def _hand_over(server: smtplib.SMTP, content: bytes, content_s: float) -> str:
    """The content, and the server's answer to it."""
    with _before_content():
        code, answer = server.docmd("DATA")
        if code != _GO_ON:
            _accepted(max(code, _TEMPORARY), answer)
    try:
        _wait(server, content_s)
        server.send(_START_OF_LINE_DOT.sub(b"..", content) + b".\r\n")
        code, answer = server.getreply()
    except (smtplib.SMTPException, OSError) as error:
        raise OutcomeUnknown(f"the connection was lost with the message under way: {_masked(str(error))}") from error
    if code < _OK:
        raise OutcomeUnknown(f"the mail server's answer to the message is none: {_said(code, answer)}")
    _accepted(code, answer)
    return _said(code, answer)


def _wait(server: smtplib.SMTP, seconds: float) -> None:
    """How long each further answer may take."""
    if server.sock is not None:
        server.sock.settimeout(seconds)


def _accepted(code: int, answer: bytes) -> None:
    """Go on where the server said yes; else the error its answer stands for."""
    if _OK <= code < _TEMPORARY:
        return
    if code >= _FOR_GOOD and code not in _ABOUT_US:
        raise Rejected(str(code), _masked(answer))
    raise Unavailable(f"the mail server said {_said(code, answer)}")


def _said(code: int, answer: bytes | str) -> str:
    return f"{code} {_masked(answer)}"


def _masked(answer: bytes | str) -> str:
    """A server's words on one line, without anybody's address: they end up in logs."""
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    return redacted(_ADDRESS.sub("(address)", one_line(text)))


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"
