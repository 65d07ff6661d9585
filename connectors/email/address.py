"""Names and addresses from strangers' books, made safe to put into a mail: one line, nothing invisible, one meaning."""

from __future__ import annotations

import re
import unicodedata
from email.headerregistry import Address
from email.utils import getaddresses

_LOCAL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}")
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_JOINERS = "\u200c\u200d"  # shape letters of some scripts; they hide nothing
_LONGEST = 200


def one_line(text: str) -> str:
    """`text` as one line a reader sees as it is: no control or direction marks, no line ends, single spaces."""
    visible = "".join(
        character if character in _JOINERS or unicodedata.category(character)[0] != "C" else " " for character in text
    )
    return " ".join(visible.split())[:_LONGEST]


def addresses(text: str) -> tuple[Address, ...]:
    """The addresses in `text`, parted by commas or semicolons, each with its name where it has one.

    Raises:
        ValueError: there is none, or one of them is no address.
    """
    if any(unicodedata.category(character)[0] == "C" or character in "\u2028\u2029" for character in text.strip()):
        raise ValueError("it has a line end or an invisible character in it")
    found = [pair for pair in getaddresses([text.replace(";", ",")]) if pair != ("", "")]
    if not found:
        raise ValueError("there is no address")
    return tuple(_address(name, spec) for name, spec in found)


def _address(name: str, spec: str) -> Address:
    local, at, domain = spec.rpartition("@")
    host = _ascii(domain)
    if not at or not _LOCAL.fullmatch(local) or ".." in f".{local}." or not host:
        raise ValueError(f'"{one_line(spec)}" is not a mail address')
    return Address(display_name=one_line(name), username=local, domain=host)


def _ascii(domain: str) -> str:
    """The domain as the wire has it; empty where it is none."""
    try:
        host = domain.encode("idna").decode().lower() if domain else ""
    except UnicodeError:
        return ""
    return host if all(_LABEL.fullmatch(label) for label in host.split(".")) else ""


def colleague(text: str, domain: str) -> Address:
    """Somebody of ours: an address, or a name such as ``dana`` that has its mailbox at our own `domain`.

    Raises:
        ValueError: it is neither.
    """
    if "@" in text:
        (found,) = addresses(text)[:1]
        return found
    if not _LOCAL.fullmatch(text):
        raise ValueError(f'"{one_line(text)}" is neither a mail address nor a mailbox at {domain}')
    return Address(username=text, domain=domain)
