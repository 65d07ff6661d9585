"""What the mail tests share: a real server's postmaster that can be told to misbehave, and a message to send."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from connectors.email import MailSettings
from connectors.email.client import Mailer, Patience
from rules.domain.actions import DueLine, SendMessage
from rules.domain.money import Money

NOW = datetime(2025, 3, 31, 9, 30, tzinfo=UTC)
KEY = "reminders/I-1/level-2"


@dataclass
class Postmaster:
    """Takes mail. `answers` gives another reply to a verb; `drop` closes the line at it; `hang_s` waits with DATA."""

    answers: dict[str, str] = field(default_factory=dict)
    drop: str = ""
    hang_s: float = 0.0
    sessions: int = 0
    envelopes: list[Envelope] = field(default_factory=list)
    logins: list[bytes] = field(default_factory=list)

    @property
    def mails(self) -> list[EmailMessage]:
        return [message_from_bytes(envelope.original_content, policy=default) for envelope in self.envelopes]

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's name
        self, _: SMTP, session: Session, __: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        self.sessions += 1
        return responses

    async def handle_MAIL(self, server: SMTP, _: Session, envelope: Envelope, address: str, __: list[str]) -> str:  # noqa: N802
        envelope.mail_from = address
        return self._say(server, "MAIL", "250 ok")

    async def handle_RCPT(self, server: SMTP, _: Session, envelope: Envelope, address: str, __: list[str]) -> str:  # noqa: N802
        answer = self.answers.get(address, self._say(server, "RCPT", "250 ok"))
        if answer.startswith("2"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, _: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.hang_s:
            await asyncio.sleep(self.hang_s)
        self.envelopes.append(envelope)
        return self._say(server, "DATA", "250 2.0.0 queued as 4711")

    def _say(self, server: SMTP, verb: str, otherwise: str) -> str:
        if self.drop == verb:
            server.transport.abort()
        return self.answers.get(verb, otherwise)

    def authenticate(self, _: SMTP, __: Session, ___: Envelope, ____: str, data: LoginPassword) -> AuthResult:
        self.logins.append(data.login)
        return AuthResult(success=data.password == b"secret", handled=False)


Serve = Callable[..., tuple[Postmaster, int]]


def settings(port: int, **changed: object) -> MailSettings:
    plain = {
        "host": "127.0.0.1",
        "port": port,
        "security": "none",
        "from_": "Acme Accounts <ar@acme.example>",
        "reply_to": "dana@acme.example",
        "bcc": ("archive@acme.example",),
    }
    return MailSettings(**{**plain, **changed})  # type: ignore[arg-type]


def mailer(port: int, templates: Path | None = None, **changed: object) -> Mailer:
    return Mailer(settings(port, **changed), templates, lambda: NOW, Patience(5.0, 5.0, 1.0))


def usd(digits: str) -> Money:
    return Money(Decimal(digits), "USD")


LINE = DueLine("I-1", "1001", date(2025, 1, 30), date(2025, 3, 1), 30, usd("550.00"), usd("1000.00"))


def reminder(**changed: object) -> SendMessage:
    plain = {
        "customer": "C-1",
        "to": "ap@oak.example",
        "name": "Oak Ltd",
        "template": "firm",
        "level": 2,
        "channel": "email",
        "lines": (LINE,),
        "as_of": date(2025, 3, 31),
        "company": "Acme",
    }
    return SendMessage(**{**plain, **changed})  # type: ignore[arg-type]


@dataclass(frozen=True)
class Certificate:
    """A server's own certificate, and the file that trusts it."""

    context: ssl.SSLContext
    authority: Path
