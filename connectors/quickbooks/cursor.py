"""Where reading stands, as the opaque text `syncd` stores: QuickBooks' clock, what is yet to be listed, the profile."""

from __future__ import annotations

import json
from dataclasses import dataclass

from connectors.quickbooks.profile import Profile

_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Cursor:
    """All changes up to `since` (QuickBooks' time) are stored; `todo` names listings to finish first.

    `start` is the first row of the next page and `last` the id that row must have: one row of overlap shows whether
    rows shifted under us. `restarts` counts how often they did. `checked_at` is when the profile was last read.
    """

    since: str
    checked_at: str
    profile: Profile
    todo: tuple[str, ...] = ()
    start: int = 1
    last: str = ""
    restarts: int = 0

    def text(self) -> str:
        """What is stored."""
        state = {name: getattr(self, name) for name in ("since", "checked_at", "todo", "start", "last", "restarts")}
        return json.dumps({"format": _FORMAT, "profile": self.profile.to_json(), **state}, sort_keys=True)

    @classmethod
    def parse(cls, text: str | None) -> Cursor | None:
        """The cursor `text` says; None, which asks for everything, where there is none or it is of another format."""
        stored = json.loads(text) if text else {}
        if stored.pop("format", None) != _FORMAT:
            return None
        profile = Profile.from_json(stored.pop("profile"))
        return cls(**{**stored, "profile": profile, "todo": tuple(stored["todo"])})
