"""A consent given on a laptop, handed over to a server without a browser, sealed so that only that server can open it.

TICKET   what the server shows: where to consent, where the browser comes back to, and a public key made for this once.
BLOB     what the laptop answers: the address the browser came back to, sealed to that key.
The client secret never leaves the server, and the key lives only as long as the command that waits for the blob.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from syncd.errors import DataRefused

_TICKET, _BLOB = "syncd-ticket-1.", "syncd-blob-1."
_KEY_BYTES = 32
_NONCE = bytes(12)  # each key seals one message


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a laptop needs to know."""

    name: str
    address: str
    redirect_uri: str
    key: bytes

    def to_text(self) -> str:
        """One line to copy."""
        shown = {"name": self.name, "address": self.address, "redirect": self.redirect_uri, "key": self.key.hex()}
        return _TICKET + base64.urlsafe_b64encode(json.dumps(shown).encode()).decode()

    @classmethod
    def parse(cls, line: str) -> Ticket:
        """Read the line back.

        Raises:
            DataRefused: it is no ticket, or not all of one.
        """
        try:
            shown = json.loads(_bytes_of(line, _TICKET))
            ticket = cls(shown["name"], shown["address"], shown["redirect"], bytes.fromhex(shown["key"]))
        except (ValueError, KeyError, TypeError):
            raise DataRefused([_no("ticket", _TICKET)]) from None
        if not ticket.address.startswith(("https://", "http://127.0.0.1", "http://localhost")):
            raise DataRefused(["this ticket leads to no address that consent may be given at"])
        return ticket


@dataclass(frozen=True, slots=True)
class Handover:
    """The server's side: the key that opens what the laptop seals."""

    _private: X25519PrivateKey = field(default_factory=X25519PrivateKey.generate, repr=False)

    @property
    def key(self) -> bytes:
        """The public half."""
        return self._private.public_key().public_bytes_raw()

    def unseal(self, line: str) -> str:
        """The address the browser came back to.

        Raises:
            DataRefused: it is no blob, or one sealed for another ticket.
        """
        try:
            sealed = _bytes_of(line, _BLOB)
            theirs, text = sealed[:_KEY_BYTES], sealed[_KEY_BYTES:]
            shared = self._private.exchange(X25519PublicKey.from_public_bytes(theirs))
            return ChaCha20Poly1305(_derived(shared, theirs, self.key)).decrypt(_NONCE, text, None).decode()
        except InvalidTag:
            raise DataRefused(["this blob was sealed for another ticket; start `syncd connect` again"]) from None
        except ValueError:
            raise DataRefused([_no("blob", _BLOB)]) from None


def sealed(ticket: Ticket, redirected: str) -> str:
    """The laptop's side: the address sealed for the server that made the ticket, as one line to copy."""
    ours = X25519PrivateKey.generate()
    public = ours.public_key().public_bytes_raw()
    shared = ours.exchange(X25519PublicKey.from_public_bytes(ticket.key))
    text = ChaCha20Poly1305(_derived(shared, public, ticket.key)).encrypt(_NONCE, redirected.encode(), None)
    return _BLOB + base64.urlsafe_b64encode(public + text).decode()


def _derived(shared: bytes, sender: bytes, receiver: bytes) -> bytes:
    return HKDF(SHA256(), _KEY_BYTES, salt=None, info=b"syncd hand-over" + sender + receiver).derive(shared)


def _bytes_of(line: str, prefix: str) -> bytes:
    text = "".join(line.split())
    if not text.startswith(prefix):
        raise ValueError("another kind of line")
    try:
        return base64.urlsafe_b64decode(text.removeprefix(prefix))
    except binascii.Error as error:
        raise ValueError("cut short") from error


def _no(what: str, prefix: str) -> str:
    return f"this is no {what}, or not all of it: it is one line that begins with {prefix}"
