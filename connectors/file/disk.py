"""Text files read whole and written whole: what a reader sees is the old file or the new one, never a part."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import NamedTemporaryFile

from connectors.errors import BookRefused


def read_text(path: Path) -> str:
    """The file's text.

    Raises:
        BookRefused: it is not there, or is no UTF-8 text.
    """
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise BookRefused((f"{path.name}: cannot be read: {error.strerror or error}",)) from error
    except UnicodeDecodeError as error:
        raise BookRefused((f"{path.name}: is not UTF-8 text (byte {error.start})",)) from error


def write_text(path: Path, text: str) -> None:
    """Put `text` in the place of the file at `path`, or leave that as it is where anything fails (OSError)."""
    with NamedTemporaryFile("w", encoding="utf-8", newline="", dir=path.parent, prefix=".", delete=False) as draft:
        draft.write(text)
        draft.flush()
        os.fsync(draft.fileno())
    Path(draft.name).replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` as durable as the files they name."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
