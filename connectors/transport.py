"""Once, for every SDK: time-outs, pacing to a provider's budget, retries of reads, counting calls, redaction.

Nothing here reads a clock of its own: `Timing` is handed in, so that a simulated year passes in a second.
"""

from __future__ import annotations

import errno
import random
import re
import socket
import ssl
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from typing import TypeVar

import tenacity

from connectors.errors import Throttled, Unavailable

CONNECT_TIMEOUT_S = 10.0
READ_TIMEOUT_S = 130.0  # both providers give up on their side after 120 s
READ_ATTEMPTS = 4
LONGEST_SLEEP_S = 90.0  # a longer wait parks the connection instead of sleeping in a pass

T = TypeVar("T")


_CAUSES = {
    errno.ECONNREFUSED: "nothing listens there",
    errno.ENETUNREACH: "no way to that network",
    errno.EHOSTUNREACH: "no way to that machine",
}


WEB_PAGE = "with a web page instead of data; it may be down for maintenance, or a proxy stands between"


def is_web_page(body: bytes) -> bool:
    """Whether an answer is a page for people: no provider's interface sends one while it works."""
    return body[:200].lstrip().lower().startswith((b"<!doctype html", b"<html"))


def network_cause(error: BaseException) -> str:
    """What the network did, in words; of an error an HTTP library may have wrapped several times. Holds no address."""
    for inner in _wrapped(error):
        if isinstance(inner, socket.gaierror):
            return "its name is not found"
        if isinstance(inner, TimeoutError):
            return "it took too long"
        if isinstance(inner, ConnectionResetError | BrokenPipeError):
            return "it hung up"
        if isinstance(inner, ssl.SSLCertVerificationError):
            return "its certificate is not trusted"
        if isinstance(inner, OSError) and inner.errno in _CAUSES:
            return _CAUSES[inner.errno]
    return type(error).__name__


def _wrapped(error: BaseException) -> Iterator[BaseException]:
    """The error and all it was made from: causes, contexts, and what urllib3 and requests keep beside the message."""
    seen: set[int] = set()
    waiting: list[object] = [error]
    while waiting:
        inner = waiting.pop(0)
        if isinstance(inner, BaseException) and id(inner) not in seen:
            seen.add(id(inner))
            yield inner
            waiting += [inner.__cause__, inner.__context__, getattr(inner, "reason", None), *inner.args]


@dataclass(frozen=True, slots=True)
class Timing:
    """The clock as a connector may use it: aware UTC `now`, a `monotonic` for durations, `sleep` in seconds.

    `read_timeout_s` is how long an answer may take, in real seconds.
    """

    now: Callable[[], datetime]
    monotonic: Callable[[], float]
    sleep: Callable[[float], None]
    read_timeout_s: float = READ_TIMEOUT_S


@dataclass(slots=True)
class Usage:
    """Calls made since last taken, by purpose ("read", "write", "auth"), and what the provider says is left.

    `made` counts them all and is never taken back: it moves as long as something is going on. `share` is the part of
    the provider's limits that this process may use: less than all of them while another one of ours works beside it.
    """

    calls: Counter[str] = field(default_factory=Counter)
    day_left: int | None = None
    minute_left: int | None = None
    made: int = 0
    share: Fraction = Fraction(1)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    def count(self, purpose: str) -> None:
        """One request went out."""
        with self._lock:
            self.calls[purpose] += 1
            self.made += 1

    def part_of(self, limit: int) -> int:
        """How much of a limit the share is; never nothing."""
        return max(1, int(limit * self.share))

    def take(self) -> Counter[str]:
        """The counts since the last take, which are then forgotten."""
        with self._lock:
            taken, self.calls = self.calls, Counter()
        return taken


class Pacer:
    """Keeps a connection within its share of `per_window` calls in any `window_s` seconds by sleeping before a call.

    Several threads may wait at one pacer: each gets its turn.
    """

    def __init__(self, per_window: int, window_s: float, timing: Timing, usage: Usage) -> None:
        self._per_window = per_window
        self._usage = usage
        self._sent: deque[float] = deque(maxlen=per_window)
        self._window_s = window_s
        self._timing = timing
        self._turn = threading.Lock()

    def wait(self) -> None:
        """Return when one more call fits."""
        with self._turn:
            most = self._usage.part_of(self._per_window)
            if len(self._sent) >= most:
                wait_s = self._sent[-most] + self._window_s - self._timing.monotonic()
                if wait_s > 0:
                    self._timing.sleep(wait_s)
            self._sent.append(self._timing.monotonic())


class Lanes:
    """Keeps a connection within its share of `count` requests on the wire or answered within `rest_s` seconds.

    However late some of them arrive, the provider never sees more than `count` in any `rest_s` of its own.
    """

    def __init__(self, count: int, rest_s: float, timing: Timing, usage: Usage) -> None:
        self._count = count
        self._usage = usage
        self._free_at: deque[float] = deque([timing.monotonic()] * count)
        self._freed = threading.Condition()
        self._turn = threading.Lock()
        self._rest_s = rest_s
        self._timing = timing

    @contextmanager
    def one(self) -> Iterator[None]:
        """Wait for a lane, and keep it until the answer is here."""
        with self._turn:
            spared = self._count - self._usage.part_of(self._count)
            with self._freed:
                self._freed.wait_for(lambda: len(self._free_at) > spared)
                wait_s = self._free_at[spared] - self._timing.monotonic()
                self._free_at.popleft()
            if wait_s > 0:
                self._timing.sleep(wait_s)
        try:
            yield
        finally:
            with self._freed:
                self._free_at.append(self._timing.monotonic() + self._rest_s)
                self._freed.notify()


def retry_read(call: Callable[[], T], timing: Timing) -> T:
    """Call until it answers: short waits with jitter for Unavailable and Throttled, at most `READ_ATTEMPTS` times.

    Raises:
        Throttled: at once when the provider asks for more than `LONGEST_SLEEP_S`, so that the connection is parked.
        Unavailable: when the last try failed too.
    """
    retrying = tenacity.Retrying(
        stop=tenacity.stop_after_attempt(READ_ATTEMPTS),
        wait=_wait_s,
        retry=tenacity.retry_if_exception(_worth_waiting_for),
        sleep=timing.sleep,
        reraise=True,
    )
    return retrying(call)


def _worth_waiting_for(error: BaseException) -> bool:
    if isinstance(error, Throttled):
        return error.limit != "day" and error.retry_after_s <= LONGEST_SLEEP_S
    return isinstance(error, Unavailable)


def _wait_s(state: tenacity.RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    jitter = random.random()  # noqa: S311 - spreads retries, guards nothing
    if isinstance(error, Throttled):
        return error.retry_after_s + jitter
    return float(2**state.attempt_number) * (0.5 + jitter)


_SECRET = re.compile(
    r"(?i)(bearer\s+|basic\s+|[?&]code=|(?:access_token|refresh_token|client_secret)[\"']?\s*[=:]\s*[\"']?)[^\s\"'&,}]+"
)


def redacted(text: str, limit: int = 300) -> str:
    """`text` without anything that looks like a credential, cut to `limit` characters."""
    return _SECRET.sub(r"\1***", text)[:limit]
