"""A dead man's ping: a monitoring service is told that we started and that all is well, and alerts when that stops.

Healthchecks-style addresses: `URL/start`, `URL`, `URL/fail`. Nothing but the fact is sent. A ping that fails is a line
in the log and changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import requests

from syncd.logs import log

Word = Literal["start", "ok", "fail"]
_PATH: dict[Word, str] = {"start": "/start", "ok": "", "fail": "/fail"}
_PATIENCE_S = 10


@dataclass(frozen=True, slots=True)
class Ping:
    """Pings one address; none where no address is configured."""

    url: str | None

    def tell(self, word: Word) -> None:
        """Say it now."""
        if self.url is None:
            return
        try:
            answer = requests.post(self.url + _PATH[word], data=b"", timeout=_PATIENCE_S, allow_redirects=False)
            answer.raise_for_status()
        except requests.RequestException as error:
            log.warning("ping.not_told", state=word, error=type(error).__name__)
