"""Opens what the configuration names, for one command: the store, the rules, the connections asked for."""

from __future__ import annotations

import getpass
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rules.domain.near_miss import near_miss
from syncd.cli.clock import the_clock
from syncd.errors import ConfigError, TryAgain, Usage

if TYPE_CHECKING:
    from syncd.config import Config
    from syncd.logs import Format
    from syncd.office import Office
    from syncd.pass_report import Ground


@contextmanager
def opened(
    config: Path | None, connection: str | None = None, *, exclusive: bool = False, verbose: bool = False
) -> Iterator[Office]:
    """The office over the configuration, with all connections or the one named.

    Raises:
        ConfigError: the configuration, the rules, the database or a secret is refused.
        TryAgain: `exclusive`, and another process makes passes on this state.
    """
    from syncd.office import open_office

    start_logging(verbose=verbose)
    loaded = loaded_whole(config)
    names = [connection] if connection else list(loaded.connections)
    if not names:
        raise ConfigError([f"{loaded.path} has no [connections.NAME] yet; `syncd init` shows how one is written"])
    for name in names:
        require_connection(loaded, name)
    with open_office(loaded, the_clock(), exclusive=exclusive, names=names) as office:
        yield office


def loaded_whole(path: Path | None) -> Config:
    """The configuration.

    Raises:
        ConfigError: it is refused; with the problems of the rules too, so that all are mended in one go.
    """
    from syncd.config import load_config, rules_folder
    from syncd.rulebook import problems_in

    try:
        return load_config(path)
    except ConfigError as error:
        raise ConfigError([*error.problems, *problems_in(rules_folder(path))]) from None


def require_connection(config: Config, name: str) -> None:
    """Raises Usage where the configuration has no connection of that name."""
    if name not in config.connections:
        known = ", ".join(config.connections) or "none"
        meant = near_miss(name, config.connections) or f"; there are: {known}"
        raise Usage(f'{config.path} has no connection "{name}"{meant}')


@contextmanager
def opened_alone_if_free(config: Path | None, connection: str | None) -> Iterator[tuple[Office, bool]]:
    """The office, and whether no other process works on its state: beside a running daemon we only look."""
    with ExitStack() as stack:
        try:
            office, alone = stack.enter_context(opened(config, connection, exclusive=True)), True
        except TryAgain:
            office, alone = stack.enter_context(opened(config, connection)), False
        yield office, alone


def ground_of(office: Office) -> Ground:
    """What a pass of this office stands on."""
    from syncd.pass_report import Ground

    return Ground(office.policies, office.config.limits, office.config.mode)


def start_logging(*, verbose: bool, form: Format | None = None) -> None:
    """Log lines to standard error: warnings only, unless asked for more. Under the journal with its priorities."""
    import logging

    from syncd.logs import configure

    chosen: Format = form or ("journal" if os.environ.get("JOURNAL_STREAM") else "text")
    configure(chosen, level=logging.INFO if verbose else logging.WARNING)


def whoever() -> str:
    """Who is at the keyboard, for the journal: the person behind sudo rather than root."""
    return os.environ.get("SUDO_USER") or getpass.getuser()
