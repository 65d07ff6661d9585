"""Changing the key that seals stored consents, so that a crash at any point leaves every consent readable.

Everything must open with the keys there are; then a new key is put in front of them, everything is sealed anew with it,
and only then the old keys are dropped.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from syncd import crash
from syncd.atomic import replace_file
from syncd.errors import ConfigError
from syncd.secrets.credentials import UnreadableSecretError, read_secret
from syncd.store.engine import Store
from syncd.store.journal import Entry, write
from syncd.store.tokens import reseal


def rotate(path: Path, store: Store, who: str, now: datetime) -> list[str]:
    """Make a new key at `path`, seal every consent with it, drop the old keys. Returns whose consents were sealed anew.

    Raises:
        ConfigError: the key cannot be read or written, or a consent was sealed with a key that is not in the file.
    """
    old = _keys(path)
    reseal(store, lambda name, token: _turned(MultiFernet([Fernet(key) for key in old]), name, token, path))
    new = Fernet.generate_key().decode()
    _put(path, [new, *old])
    crash.point("after_new_key")
    ring = MultiFernet([Fernet(key) for key in (new, *old)])
    sealed = reseal(store, lambda name, token: _turned(ring, name, token, path))
    with store.writing() as tx:
        write(tx, *(Entry(now, name, "consent.resealed", "", "", who=who) for name in sealed))
    crash.point("after_resealing")
    _put(path, [new])
    return sealed


def _keys(path: Path) -> list[str]:
    try:
        keys = read_secret(path).split()
        MultiFernet([Fernet(key) for key in keys])
    except UnreadableSecretError as error:
        raise ConfigError([f"secrets key: {error}"]) from None
    except ValueError:
        raise ConfigError([f"secrets key: {path} is not a key made by `syncd init`"]) from None
    return keys


def _turned(ring: MultiFernet, name: str, token: str, path: Path) -> str:
    try:
        return ring.rotate(token).decode()
    except InvalidToken:
        problem = (
            f"secrets key: the consent of {name} was sealed with a key that is not in {path}; nothing was changed."
        )
        way_out = f"Put that key on a line of its own into the file, or run: syncd disconnect {name} --forget"
        raise ConfigError([f"{problem} {way_out}"]) from None


def _put(path: Path, keys: Sequence[str]) -> None:
    """Replace the file, keeping whose it is and who may read it."""
    before = path.stat()
    try:
        replace_file(path, "".join(f"{key}\n" for key in keys), mode=before.st_mode & 0o777)
        if (path.stat().st_uid, path.stat().st_gid) != (before.st_uid, before.st_gid):
            os.chown(path, before.st_uid, before.st_gid)
    except OSError as error:
        raise ConfigError([f"secrets key: {path} cannot be replaced: {error.strerror}"]) from None
