"""What the network did is said in words, whichever HTTP library wrapped it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator

import pytest
import requests
import urllib3

from connectors.transport import network_cause

Ask = Callable[[str], object]


def with_requests(url: str) -> object:
    return requests.get(url, timeout=0.3)


def with_urllib3(url: str) -> object:
    return urllib3.PoolManager(retries=False).request("GET", url, timeout=0.3)


both = pytest.mark.parametrize("ask", [with_requests, with_urllib3])


def said_of(ask: Ask, url: str) -> str:
    with pytest.raises((requests.RequestException, urllib3.exceptions.HTTPError)) as failed:
        ask(url)
    return network_cause(failed.value)


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def address(server: socket.socket) -> str:
    return f"http://127.0.0.1:{server.getsockname()[1]}"


@both
def test_a_closed_port(ask: Ask, listener: socket.socket) -> None:
    url = address(listener)
    listener.close()
    assert said_of(ask, url) == "nothing listens there"


@both
def test_a_silent_server(ask: Ask, listener: socket.socket) -> None:
    assert said_of(ask, address(listener)) == "it took too long"


@both
def test_a_server_that_hangs_up(ask: Ask, listener: socket.socket) -> None:
    def hang_up() -> None:
        listener.accept()[0].close()

    hanging_up = threading.Thread(target=hang_up)
    hanging_up.start()
    assert said_of(ask, address(listener)) == "it hung up"
    hanging_up.join()


@both
def test_a_name_nobody_has(ask: Ask) -> None:
    assert said_of(ask, "http://no-such-name.invalid") in ("its name is not found", "it took too long")


def test_what_we_do_not_know_keeps_its_name() -> None:
    assert network_cause(ValueError("?")) == "ValueError"
