"""`syncd init`: the files a first day needs. It never overwrites anything."""

from __future__ import annotations

import os
from importlib.resources import files
from pathlib import Path

import click

from syncd.cli.options import NO_CONFIG
from syncd.cli.output import say
from syncd.failures import unwritable

SYSTEM_FOLDER = Path("/etc")


@click.command(short_help="Write a commented configuration, a starter rules file and a key.")
@click.argument("folder", metavar="[DIR]", type=click.Path(file_okay=False, path_type=Path), default=Path())
@NO_CONFIG
def init(folder: Path) -> None:
    """Write a commented configuration, a starter rules file and a key into DIR (default: this folder).

    What already exists is left as it is. Below /etc the state goes to /var/lib/syncd, elsewhere into DIR/state.
    """
    for name, text, mode in _starters(folder):
        if name.startswith("rules.d/") and any((folder / "rules.d").glob("*.toml")):
            say(f"kept     {folder / 'rules.d'} (it has rules already)")  # other ones beside them would count too
        else:
            _write_new(folder / name, text, mode)
    say(f"Next: fill in a connection in {folder / 'config.toml'}, then: syncd check --config {folder / 'config.toml'}")


def _starters(folder: Path) -> tuple[tuple[str, str, int], ...]:
    """Name, content and mode of each file."""
    from cryptography.fernet import Fernet

    from syncd.config.example import starter

    state_dir = None if folder.absolute().is_relative_to(SYSTEM_FOLDER) else "state"
    rules = (files("syncd.cli") / "starter" / "10-rules.toml").read_text(encoding="utf-8")
    return (
        ("config.toml", starter(state_dir), 0o644),
        ("rules.d/10-rules.toml", rules, 0o644),
        ("syncd.key", Fernet.generate_key().decode() + "\n", 0o600),
    )


def _write_new(path: Path, text: str, mode: int) -> None:
    """Create the file with its mode from the first byte on; say what was done."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
        except OSError:
            path.unlink()  # half a file would be kept by the next init
            raise
    except FileExistsError:
        say(f"kept     {path} (it was there already)")
    except OSError as error:
        raise unwritable(path, error) from None
    else:
        say(f"written  {path}")
