"""Our own SMTP: renders a message from its frozen operation and hands it over, at most once.

`client` speaks to the server, `message` makes the mail, `wording` and `templates` what it says, `address` for whom.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class MailSettings:
    """What a mailer needs of ``[email]``, the password already read. Addresses as ``Name <local@domain>`` or bare."""

    host: str
    port: int
    security: Literal["starttls", "tls", "none"]
    from_: str
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    reply_to: str | None = None
    bcc: tuple[str, ...] = ()
