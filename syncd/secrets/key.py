"""Where the key that seals stored consents is kept, read once when it is first needed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from cryptography.fernet import MultiFernet

from syncd.config import Config
from syncd.secrets.vault import open_key


@dataclass
class SecretsKey:
    """The key of the configuration, or one of our own in the state directory where none is configured."""

    config: Config

    @property
    def path(self) -> Path:
        """The file that counts."""
        return self.config.secrets_key_file or self.config.state_dir / "syncd.key"

    @cached_property
    def _key(self) -> MultiFernet:
        return open_key(self.path, may_create=self.config.secrets_key_file is None)

    def open(self) -> MultiFernet:
        """The key, read once."""
        return self._key
