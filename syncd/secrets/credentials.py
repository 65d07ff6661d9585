"""Secrets from files: a systemd credential first, else a file closed to others. Values never appear in a message."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path


class UnreadableSecretError(Exception):
    """Why a secret cannot be used, in one sentence."""


@dataclass(frozen=True, slots=True)
class Secret:
    """Where a secret is kept. `credential` is the systemd name it goes by where no `file` is given."""

    file: str | None
    credential: str
    folder: Path

    def read(self) -> str:
        """The secret's text without its closing newline.

        Raises:
            UnreadableSecretError: absent, empty, not text, or open to every user of this machine.
        """
        return read_secret(self.path())

    def path(self) -> Path:
        """The file that counts now."""
        handed_in = credential_path(self.file or self.credential) or credential_path(self.credential)
        if handed_in is not None:
            return handed_in
        if self.file is None:
            raise UnreadableSecretError(
                f"is missing, and there is no systemd credential {self.credential}; name the file that holds it"
            )
        return self.folder / self.file


def credential_path(name: str) -> Path | None:
    """The systemd credential called `name`, where this process was given one."""
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    if not folder or "/" in name:
        return None
    path = Path(folder) / name
    try:
        return path if path.is_file() else None
    except PermissionError:  # systemd 252 names the folder to what it runs for a reload, and keeps it shut
        return None


def read_secret(path: Path) -> str:
    """The text of a secret file, checked.

    Raises:
        UnreadableSecretError: absent, empty, not text, or open to every user of this machine.
    """
    try:
        text = path.read_text(encoding="utf-8").rstrip("\r\n")
    except FileNotFoundError:
        raise UnreadableSecretError(f"{path} does not exist") from None
    except UnicodeDecodeError:
        raise UnreadableSecretError(f"{path} is not text") from None
    except OSError as error:
        raise UnreadableSecretError(f"{path} cannot be read: {error.strerror}") from None
    if not text.strip():
        raise UnreadableSecretError(f"{path} is empty")
    if open_to_all(path):
        raise UnreadableSecretError(f"{path} can be read by every user of this machine; run: chmod 600 {path}")
    return text


def open_to_all(path: Path) -> bool:
    """Whether any user may read the file: its own bit, and a way to it through every folder above."""
    resolved = path.resolve()
    return bool(resolved.stat().st_mode & stat.S_IROTH) and all(
        folder.stat().st_mode & stat.S_IXOTH for folder in resolved.parents
    )
