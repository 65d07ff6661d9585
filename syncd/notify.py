"""Tells systemd how we are: one datagram to the socket it names; nothing where there is none."""

from __future__ import annotations

import os
import socket


def notify(state: str) -> None:
    """Send `state` (``READY=1``, ``WATCHDOG=1``, ``STATUS=…``)."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.connect("\0" + address[1:] if address.startswith("@") else address)
        line.sendall(state.encode())
