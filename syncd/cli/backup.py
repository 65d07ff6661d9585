"""`syncd backup`: a copy of the store."""

from __future__ import annotations

from pathlib import Path

import click

from syncd.cli.desk import opened
from syncd.cli.options import CONFIG
from syncd.cli.output import say


@click.command(short_help="Write a consistent copy of the store.")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@CONFIG
def backup(*, file: Path, config: Path | None) -> None:
    """Write a consistent, checked copy of the store to FILE, also while the daemon works. Never overwrites.

    The copy opens only with the key that seals its tokens: keep that key elsewhere. A store set back to a copy writes
    nothing until `syncd recover` has learned from the books what was done since.
    """
    with opened(config) as office:
        office.store.copy_to(file)
    say(f"{file}: {file.stat().st_size // 1024} KiB, checked; the key that opens its tokens is not in it")
