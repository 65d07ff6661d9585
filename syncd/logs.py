"""Log lines: `noun.past_verb` events with fixed keys, to standard error. Ids and amounts only, nothing else.

Under the journal each line starts with its priority; `json` is for log shippers.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from importlib import import_module
from typing import Any, Literal, TextIO

from connectors.transport import redacted

Format = Literal["text", "json", "journal"]

# The only keys a line may carry. Names, addresses, payloads and tokens have no key, so they cannot get out.
ALLOWED = frozenset(
    [
        "event",
        "level",
        "timestamp",
        "connection",
        "pass_id",
        "key",
        "verb",
        "kind",
        "state",
        "ref",
        "remote_id",
        "trace",
        "why",
        "error",
        "problems",
        "count",
        "records",
        "changed",
        "vanished",
        "quarantined",
        "pages",
        "decisions",
        "planned",
        "held",
        "withdrawn",
        "confirmed",
        "stale",
        "rejected",
        "unclear",
        "accounts",
        "absent",
        "version",
        "amount",
        "seconds",
        "calls",
        "day_left",
        "until",
        "limit",
        "signal",
        "exit_code",
        "path",
        "policy",
        "brake",
        "reads",
        "writes",
        "duration_s",
        "interval_s",
    ]
)
_PRIORITY = {"debug": 7, "info": 6, "warning": 4, "error": 3, "critical": 2}


class Log:
    """Structlog's logger. It is loaded and set up with the first line: a report that has none would wait for it."""

    def __init__(self) -> None:
        self._set_up: Callable[[Any], None] | None = None
        self._turn = threading.Lock()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._structlog().get_logger(), name)

    @contextmanager
    def about(self, connection: str) -> Iterator[None]:
        """Every line of the block names the connection."""
        with self._structlog().contextvars.bound_contextvars(connection=connection):
            yield

    def configure(self, set_up: Callable[[Any], None]) -> None:
        """Set up structlog: now where it is loaded already."""
        self._set_up = set_up
        if "structlog" in sys.modules:
            self._structlog()

    def _structlog(self) -> Any:
        structlog = import_module("structlog")
        if self._set_up is not None:
            with self._turn:  # no line of another thread goes out before what keeps names and tokens out is there
                if self._set_up is not None:
                    self._set_up(structlog)
                    self._set_up = None
        return structlog


log = Log()


def configure(form: Format = "text", *, level: int = logging.INFO, stream: TextIO | None = None) -> None:
    """Set up logging for this process. Libraries' own loggers are kept to warnings: their debug lines hold tokens."""
    logging.basicConfig(level=logging.WARNING, stream=stream or sys.stderr, format="%(message)s", force=True)
    log.configure(lambda structlog: _set_up(structlog, form, level, stream or sys.stderr))


def _set_up(structlog: Any, form: Format, level: int, stream: TextIO) -> None:
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            only_allowed,
            structlog.processors.JSONRenderer(sort_keys=True) if form == "json" else _line(form),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(stream),
        cache_logger_on_first_use=False,
    )


def only_allowed(_logger: object, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Drop every key that is not on the list and cut what looks like a credential out of the rest."""
    return {key: redacted(value) if isinstance(value, str) else value for key, value in line.items() if key in ALLOWED}


def _line(form: Format) -> Any:
    def render(_logger: object, _method: str, line: MutableMapping[str, Any]) -> str:
        level, event = str(line.pop("level", "info")), line.pop("event", "")
        at = line.pop("timestamp", "")
        rest = " ".join(f"{key}={value}" for key, value in sorted(line.items()))
        head = f"<{_PRIORITY.get(level, 6)}>" if form == "journal" else f"{at} {level:<7} "
        return f"{head}{event} {rest}".rstrip()

    return render
