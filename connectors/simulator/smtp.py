"""A mailbox on loopback: takes any message by SMTP, keeps it, sends nothing on. Ships: the demo and trials use it."""

from __future__ import annotations

import socketserver
import threading
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Self

_LONGEST_LINE = 10_000
_ORDINARY = {
    "EHLO": "250-mailbox\r\n250-8BITMIME\r\n250 SMTPUTF8",
    "HELO": "250 mailbox",
    "NOOP": "250 mailbox",
    "MAIL": "250 sender ok",
    "RCPT": "250 recipient ok",
    "DATA": "354 end with a dot",
    "RSET": "250 forgotten",
    "QUIT": "221 bye",
}


@dataclass(frozen=True, slots=True)
class Delivered:
    """One message as it came in, with the addresses of its envelope."""

    sender: str
    recipients: tuple[str, ...]
    message: EmailMessage


class Mailbox:
    """Listens on a loopback port. `messages` holds what came, oldest first; each is also a file in `folder`.

    `greeting` is its first line: another may turn a client away. `answers` are what it says instead to a verb, and to
    the end of a message under ``END``; of an empty one it hangs up without a word. What it says no to it does not keep.
    """

    def __init__(self, folder: Path | None = None, port: int = 0) -> None:
        self.greeting = "220 mailbox ready"
        self.answers: dict[str, str] = {}
        self.messages: list[Delivered] = []
        self._folder = folder
        self._lock = threading.Lock()
        mailbox = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                _Conversation(self, mailbox).hold()

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_address[1])

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def deliver(self, sender: str, recipients: tuple[str, ...], content: bytes) -> None:
        """Keep a message."""
        message = message_from_bytes(content, policy=default)
        with self._lock:
            self.messages.append(Delivered(sender, recipients, message))
            if self._folder is not None:
                self._folder.mkdir(parents=True, exist_ok=True)
                (self._folder / f"{len(self.messages):05}.eml").write_bytes(content)


class _Conversation:
    """One client's SMTP dialogue, as far as a mailbox needs it (RFC 5321)."""

    def __init__(self, line: socketserver.StreamRequestHandler, mailbox: Mailbox) -> None:
        self._line = line
        self._mailbox = mailbox
        self._sender = ""
        self._recipients: list[str] = []

    def hold(self) -> None:
        self._say(self._mailbox.greeting)
        while raw := self._line.rfile.readline(_LONGEST_LINE):
            verb, _, rest = raw.decode(errors="replace").strip().partition(" ")
            if not self._answer(verb.upper(), rest):
                return

    def _answer(self, verb: str, rest: str) -> bool:
        """Whether the conversation goes on after this answer."""
        if (instead := self._mailbox.answers.get(verb)) is not None:
            return self._say(instead)
        match verb:
            case "MAIL":
                self._sender, self._recipients = _address(rest), []
            case "RCPT":
                self._recipients.append(_address(rest))
            case "RSET":
                self._sender, self._recipients = "", []
        self._say(_ORDINARY.get(verb, "502 not here"))
        return self._take() if verb == "DATA" else verb != "QUIT"

    def _take(self) -> bool:
        content, answer = self._content(), self._mailbox.answers.get("END", "250 kept")
        if content is None:
            return False
        if not answer.startswith(("4", "5")):
            self._mailbox.deliver(self._sender, tuple(self._recipients), content)
        return self._say(answer)

    def _content(self) -> bytes | None:
        """The message; None where the line went dead before its end: then there is none (RFC 5321, 4.1.1.4)."""
        lines: list[bytes] = []
        while (raw := self._line.rfile.readline()) not in (b".\r\n", b".\n"):
            if not raw:
                return None
            lines.append(raw[1:] if raw.startswith(b".") else raw)
        return b"".join(lines)

    def _say(self, text: str) -> bool:
        """Say it; of nothing to say the line is hung up, and False returned."""
        if text:
            self._line.wfile.write(f"{text}\r\n".encode())
        return bool(text)


def _address(rest: str) -> str:
    """``FROM:<a@b> BODY=8BITMIME`` -> ``a@b``."""
    return rest.partition("<")[2].partition(">")[0]
