"""Where the key that seals stored consents is kept, read once when it is first needed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from cryptography.fernet import MultiFernet

from syncd.secrets.vault import open_key


@dataclass
class SecretsKey:
    """The key that is `configured`, or one of our own in the state directory where none is."""

    configured: Path | None
    state_dir: Path

    @property
    def path(self) -> Path:
        """The file that counts."""
        return self.configured or self.state_dir / "syncd.key"

    @cached_property
    def _key(self) -> MultiFernet:
        return open_key(self.path, may_create=self.configured is None)

    def open(self) -> MultiFernet:
        """The key, read once."""
        return self._key
