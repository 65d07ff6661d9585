"""Where a command's rules come from: the files it is given, else the folder the configuration names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rules.domain.near_miss import near_miss
from syncd.errors import ConfigError, Usage
from syncd.toml_file import text_of

if TYPE_CHECKING:
    from rules.policy import Policies


def read_policies(rules: Sequence[Path], config: Path | None) -> Policies:
    """The policies of the rules files given, or of the configuration's `rules_dir` where none is.

    Raises:
        PolicyRefused: with every problem of every file.
        ConfigError: no rules file is there, or one cannot be read.
        Usage: a folder is not one of rules.
    """
    from rules.policy import load_policies

    return load_policies([(str(path), text_of(path)) for path in rules_files(rules, config)])


def require_policy(policies: Policies, name: str) -> None:
    """Raises Usage where there is no policy or shipped pack of that name."""
    from rules.policy import pack_names

    if not policies.knows(name):
        known = [*dict.fromkeys([*policies.names, *pack_names()])]
        meant, there_are = near_miss(name, known), f"; there are: {', '.join(known)}"
        raise Usage(f'there is no policy "{name}"{meant or there_are}')


def rules_files(rules: Sequence[Path], config: Path | None) -> list[Path]:
    """Every rules file, in the order in which they are read: as given, those of a folder by name."""
    named = rules or [_rules_dir(config)]
    files = [file for path in named for file in _files_of(path)]
    if not files:
        raise ConfigError([f"{', '.join(map(str, named))}: no *.toml file is in this folder"])
    return files


def _rules_dir(config: Path | None) -> Path:
    from syncd.cli.desk import loaded_whole
    from syncd.config import find_config

    if config is None and not (found := find_config(None)).exists():
        raise ConfigError([f"{found}: no such file; `syncd init` writes one, --rules names rules without one"])
    return loaded_whole(config).rules_dir


def _files_of(path: Path) -> Iterator[Path]:
    if path.is_dir():
        if (path / "config.toml").exists() and (path / "rules.d").is_dir():
            raise Usage(f"{path} is the folder of a configuration; name the rules in it: {path / 'rules.d'}")
        yield from sorted(path.glob("*.toml"))
    else:
        yield path
