"""A real mail server on loopback, with a certificate of its own where a test wants one."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.links.email.office import Certificate, Postmaster, Serve


class AnyPort(Controller):
    """Listens where there is room, and knows where that is."""

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start a server; returns its postmaster and port."""
    running: list[Controller] = []

    def start(
        *, tls: ssl.SSLContext | None = None, implicit: bool = False, login: bool = False
    ) -> tuple[Postmaster, int]:
        postmaster = Postmaster()
        controller = AnyPort(
            postmaster,
            hostname="127.0.0.1",
            port=0,
            ssl_context=tls if implicit else None,
            tls_context=None if implicit else tls,
            authenticator=postmaster.authenticate if login else None,
            auth_required=login,
            auth_require_tls=False,
        )
        controller.start()
        running.append(controller)
        return postmaster, controller.port

    yield start
    for controller in running:
        controller.stop()


@pytest.fixture
def postmaster(serve: Serve) -> tuple[Postmaster, int]:
    return serve()


@pytest.fixture
def certificate(tmp_path: Path) -> Certificate:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail on loopback")])
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))])
    today = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    both = tmp_path / "server.pem"
    both.write_bytes(
        signed.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    authority = tmp_path / "authority.pem"
    authority.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(both)
    return Certificate(context, authority)
