"""A line that may break in the middle of a request: bytes pass through unchanged until one is to be cut in half."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable
from typing import Self

_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")


def whole_write(data: bytes) -> bool:
    """Whether `data` is one complete HTTP request for a change of the books."""
    head, end, body = data.partition(b"\r\n\r\n")
    if not end or head.startswith(b"GET ") or b"/oauth2/" in head.split(b"\r\n", 1)[0] or b"/connect/" in head:
        return False
    length = _LENGTH.search(head)
    return len(body) >= (int(length[1]) if length else 0)


def is_write_begun(data: bytes) -> bool:
    """Whether a request for a change has begun and is not complete yet: hold it back."""
    return data[:4] in (b"POST", b"PUT ", b"DELE") and not whole_write(data) and b"/connect/" not in data[:100]


def message_content(data: bytes) -> bool:
    """Whether `data` is the content of a mail."""
    return b"\r\nSubject:" in data or data.startswith(b"Subject:")


class Pipe:
    """Listens on loopback and passes on to `port`. The first request `is_due` is cut in half, then `then` is called."""

    def __init__(self, port: int, is_due: Callable[[bytes], bool], then: Callable[[], None]) -> None:
        self._target = port
        self._is_due, self._then = is_due, then
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._cut = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._target))
            threading.Thread(target=self._out, args=(client, server), daemon=True).start()
            threading.Thread(target=self._back, args=(server, client), daemon=True).start()

    def _out(self, client: socket.socket, server: socket.socket) -> None:
        kept = b""
        with client, server:
            while data := _received(client):
                kept += data
                if not self._cut.is_set() and self._is_due(kept):
                    self._cut.set()
                    server.sendall(kept[: len(kept) // 2])
                    self._then()
                    return
                if self._cut.is_set() or not is_write_begun(kept):
                    server.sendall(kept)
                    kept = b""

    def _back(self, server: socket.socket, client: socket.socket) -> None:
        try:
            while data := _received(server):
                client.sendall(data)
            client.shutdown(socket.SHUT_WR)
        except OSError:
            return


def _received(line: socket.socket) -> bytes:
    try:
        return line.recv(65_536)
    except OSError:
        return b""
