"""Text files read whole and written whole: what a reader sees is the old file or the new one, never a part."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import NamedTemporaryFile

from connectors.errors import BookRefused


def read_bytes(path: Path) -> bytes:
    """The file's content.

    Raises:
        BookRefused: it is not there, or may not be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise BookRefused((f"{path.name}: cannot be read: {error.strerror or error}",)) from error


def text_of(content: bytes, place: str) -> str:
    """The text in `content`, without a byte order mark.

    Raises:
        BookRefused: it is no UTF-8 text.
    """
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BookRefused(
            (f"{place}: is not UTF-8 text (byte {error.start}); save it as UTF-8 (in Excel: Save As, CSV UTF-8)",)
        ) from error


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
