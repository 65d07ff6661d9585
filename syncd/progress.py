"""Whether a running pass gets on: every request it sends is a sign of life. Feeds the watchdog's judgement, no more."""

from __future__ import annotations

from dataclasses import dataclass, field

# Longer than a request may take with its time-out and the pause after it, and than deciding on a large book.
PATIENCE_S = 600.0


@dataclass(slots=True)
class Progress:
    """The last sign of life of every running pass."""

    _signs: dict[str, tuple[int, float]] = field(default_factory=dict)

    def gets_on(self, name: str, calls: int, now: float) -> bool:
        """Whether the pass called `name` has sent a request since last seen, or is not silent for too long yet."""
        seen = self._signs.get(name)
        if seen is None or seen[0] != calls:
            self._signs[name] = (calls, now)
            return True
        return now - seen[1] < PATIENCE_S

    def ended(self, name: str) -> None:
        """The pass is over: the next one starts fresh."""
        self._signs.pop(name, None)
