"""Whether a customer can be written to by mail at all. What a mail server makes of an address is its own word."""

from __future__ import annotations

import re

from rules.domain.facts import Customer

_MAILBOX = re.compile(r"[^\s@<>]+@[^\s@<>]+")


def has_mailbox(customer: Customer) -> bool:
    """Whether the customer's address names a mailbox: exports carry words and telephone numbers in its place."""
    return customer.email is not None and _MAILBOX.search(customer.email) is not None


def no_mailbox(customer: Customer) -> str:
    """Why a customer without one cannot be written to."""
    if not customer.email:
        return f"no e-mail address for {customer.name}"
    return f'"{customer.email}" is no e-mail address for {customer.name}'
