"""`syncd secrets`: the key that seals stored consents."""

from __future__ import annotations

from pathlib import Path

import click

from syncd.cli.desk import opened, whoever
from syncd.cli.options import AS_JSON, CONFIG, NearMissGroup
from syncd.cli.output import print_json


@click.group(cls=NearMissGroup, short_help="Change the key that seals the stored consents.")
def secrets() -> None:
    """Change the key that seals the stored consents."""


@secrets.command(short_help="Make a new key and seal every consent with it.")
@AS_JSON
@CONFIG
def rotate(*, as_json: bool, config: Path | None) -> None:
    """Make a new key, seal every connection's consent with it, then drop the old one.

    Stop the daemon first, and start it and `syncd serve` again afterwards. If this is cut short, both keys are in the
    file and everything can still be read: run it again.
    """
    from syncd.secrets.key import SecretsKey
    from syncd.secrets.rotation import rotate as turn

    with opened(config, exclusive=True) as office:
        path = SecretsKey(office.config.secrets_key_file, office.config.state_dir).path
        sealed = turn(path, office.store, whoever(), office.clock.now())
    if as_json:
        print_json({"key_file": str(path), "resealed": sealed})
    else:
        whose = ", ".join(sealed) or "no connection has a consent yet"
        click.echo(f"{path} holds a new key; sealed anew: {whose}")
