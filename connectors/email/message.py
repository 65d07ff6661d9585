"""Makes the mail: headers and both bodies, the same bytes for the same operation, key and moment. Sends nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from connectors.email.address import addresses, colleague, one_line
from connectors.email.templates import Rendered
from connectors.markers import digest
from rules.domain.actions import SendMessage

# Everything in seven bits, so that no relay on the way has a reason to touch it.
_BODIES = SMTP.clone(cte_type="7bit")
# A header folded before its first word shows as empty in some mail programs; the wire takes lines of 998.
POLICY = _BODIES.clone(max_line_length=900)


@dataclass(frozen=True, slots=True)
class Sender:
    """Who writes: the addresses of ``[email]``, checked once."""

    from_: Address
    reply_to: tuple[Address, ...]
    bcc: tuple[Address, ...]

    @classmethod
    def parse(cls, from_: str, reply_to: str | None, bcc: tuple[str, ...]) -> Sender:
        """The sender these settings name. Raises ValueError naming the key that is wrong."""
        (sender, *others) = _checked("from", from_)
        if others:
            raise ValueError("from: there must be one address")
        copies = tuple(address for text in bcc for address in _checked("bcc", text))
        return cls(sender, _checked("reply_to", reply_to) if reply_to else (), copies)

    @property
    def domain(self) -> str:
        """Our own domain, as mail knows it."""
        return str(self.from_.domain)

    @property
    def name(self) -> str:
        """How we sign where the books have no company name."""
        return self.from_.display_name or self.domain


@dataclass(frozen=True, slots=True)
class Envelope:
    """Who a mail goes to. It is refused where `to` is; a copy that cannot be delivered stops nothing."""

    to: tuple[str, ...]
    copies: tuple[str, ...]


def envelope_of(operation: SendMessage, sender: Sender) -> Envelope:
    """The addresses a mail is handed over for. Raises ValueError where one is no address."""
    to = tuple(address.addr_spec for address in addresses(operation.to))
    copies = [address.addr_spec for address in (*_copied(operation, sender), *sender.bcc)]
    return Envelope(to, tuple(dict.fromkeys(copy for copy in copies if copy not in to)))


def message_of(operation: SendMessage, key: str, sender: Sender, rendered: Rendered, now: datetime) -> EmailMessage:
    """The mail. Raises ValueError where the customer's or a copy's address is none."""
    message = EmailMessage(policy=_BODIES)
    message["From"] = sender.from_
    message["To"] = [_named(address, operation.name) for address in addresses(operation.to)]
    if copied := _copied(operation, sender):
        message["Cc"] = list(copied)
    if sender.reply_to:
        message["Reply-To"] = list(sender.reply_to)
    message["Subject"] = rendered.subject
    message["Date"] = format_datetime(now)
    identify = _identity(operation, sender)
    message["Message-ID"] = identify(key)
    if operation.replies_to:
        message["In-Reply-To"] = identify(operation.replies_to[-1])
        message["References"] = " ".join(identify(earlier) for earlier in operation.replies_to)
    # Says to other machines that a machine wrote this. No Precedence: it is one letter to one customer, not a mailing.
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "OOF, AutoReply"
    message["X-Syncd-Key"] = one_line(key)
    message.set_content(rendered.text, cte="quoted-printable")
    message.add_alternative(rendered.html, subtype="html", cte="quoted-printable")
    message["Content-Language"] = "en"  # only now: setting a body takes such headers away
    message.set_boundary(f"=_{digest(key)}")
    message.policy = POLICY
    return message


def letter_of(sender: Sender, to: Sequence[str], subject: str, text: str, *, key: str, now: datetime) -> EmailMessage:
    """A plain letter to the office's own people. Raises ValueError where an address is none."""
    message = EmailMessage(policy=_BODIES)
    message["From"] = sender.from_
    message["To"] = [address for line in to for address in addresses(line)]
    message["Subject"] = one_line(subject)
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<{digest(key, sender.domain)}@{sender.domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "OOF, AutoReply"
    message.set_content(text, cte="quoted-printable")
    message.policy = POLICY
    return message


def _identity(operation: SendMessage, sender: Sender) -> Callable[[str], str]:
    """Message ids from keys. Two companies may use the same keys; what is behind the id tells their customers apart."""

    def identify(key: str) -> str:
        return f"<{digest(key, f'{operation.company}/{operation.customer}')}@{sender.domain}>"

    return identify


def _copied(operation: SendMessage, sender: Sender) -> tuple[Address, ...]:
    return (colleague(operation.copy_to, sender.domain),) if operation.copy_to else ()


def _named(address: Address, name: str) -> Address:
    """The address with the customer's name where it has none of its own."""
    if address.display_name:
        return address
    return Address(display_name=one_line(name), addr_spec=address.addr_spec)


def _checked(key: str, text: str) -> tuple[Address, ...]:
    try:
        return addresses(text)
    except ValueError as error:
        raise ValueError(f"{key}: {error}") from error
