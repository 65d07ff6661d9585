"""The rules in force: read from the rules directory, replaced only by rules that are right as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from syncd.errors import ConfigError
from syncd.logs import log
from syncd.toml_file import text_of

if TYPE_CHECKING:
    from rules.policy import Policies


def read_rules(folder: Path) -> Policies:
    """Every ``*.toml`` of `folder`, in name order, as one set of policies.

    Raises:
        ConfigError: with every problem of every file.
    """
    return rules_from(sorted(folder.glob("*.toml")), folder)


def problems_in(folder: Path) -> tuple[str, ...]:
    """What is wrong with the rules files that are in `folder`; nothing where none is."""
    files = sorted(folder.glob("*.toml"))
    try:
        if files:
            rules_from(files, folder)
    except ConfigError as error:
        return error.problems
    return ()


def rules_from(files: list[Path], folder: Path) -> Policies:
    """These files as one set of policies."""
    from rules.policy import PolicyRefused, load_policies  # noqa: PLC0415 - few commands decide anything

    if not files:
        raise ConfigError([f"{folder}: no rules file (*.toml); run: syncd init"])
    problems: list[str] = []
    sources: list[tuple[str, str]] = []
    for file in files:
        try:
            sources.append((str(file), text_of(file)))
        except ConfigError as error:
            problems.extend(error.problems)
    if problems:
        raise ConfigError(problems)
    try:
        return load_policies(sources)
    except PolicyRefused as error:
        raise ConfigError(error.problems) from None


class Rulebook:
    """The policies in force; `reload` swaps them for better ones or keeps them.

    Read when they are first asked for: many commands only look at what is stored, and all would wait.
    """

    def __init__(self, folder: Path, connections: Mapping[str, str]) -> None:
        self._folder = folder
        self._connections = connections  # the policy that each falls back on, as the configuration says
        self._policies: Policies | None = None

    @property
    def policies(self) -> Policies:
        """The rules in force.

        Raises:
            ConfigError: with every problem of every file.
        """
        if self._policies is None:
            self._policies = self._read()
        return self._policies

    def reload(self) -> tuple[str, ...]:
        """Read the rules again. Returns the problems for which they were refused; none where they are now in force."""
        try:
            self._policies = self._read()
        except ConfigError as error:
            log.warning("rules.reload_refused", problems=len(error.problems), why="; ".join(error.problems))
            return error.problems
        log.info("rules.reloaded", version=self.policies.version)
        return ()

    def _read(self) -> Policies:
        return read_rules(self._folder).serving(self._connections)
