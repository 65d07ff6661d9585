"""Every command and setting is documented, and the pages say what the code says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from syncd.cli.reference import REPOSITORY, pages
from syncd.cli.root import COMMANDS, root
from syncd.config import load_config
from syncd.config.companies import KIND_TABLES
from syncd.config.example import example, starter
from syncd.config.tables import TABLES, ConfigTable


def commands() -> Iterator[tuple[str, click.Command]]:
    with click.Context(root, info_name="syncd") as ctx:
        for name in COMMANDS:
            command = root.get_command(ctx, name)
            assert command is not None
            yield name, command
            if isinstance(command, click.Group):
                yield from ((f"{name} {below}", sub) for below, sub in command.commands.items())


@pytest.mark.parametrize("name", list(pages()))
def test_a_generated_page_is_current(name: str) -> None:
    assert (REPOSITORY / name).read_text() == pages()[name], "run `make docs`"


@pytest.mark.parametrize(("name", "command"), list(commands()))
def test_every_command_has_help_and_stands_in_the_reference(name: str, command: click.Command) -> None:
    assert command.help
    assert f"## syncd {name}\n" in pages()["docs/reference/commands.md"]
    undocumented = [p.name for p in command.params if isinstance(p, click.Option) and not p.help]
    assert undocumented == []


@pytest.mark.parametrize("name", list(COMMANDS))
def test_the_list_of_commands_says_what_each_command_says_of_itself(name: str) -> None:
    assert dict(commands())[name].short_help == COMMANDS[name][1]


@pytest.mark.parametrize("model", [ConfigTable, *KIND_TABLES.values(), *TABLES.values()])
def test_every_setting_has_a_meaning(model: type) -> None:
    assert [name for name, field in model.model_fields.items() if not field.description] == []  # type: ignore[attr-defined]


def test_every_setting_of_every_rule_has_a_meaning() -> None:
    rows = [line for line in pages()["docs/reference/rules.md"].splitlines() if line.startswith("| `")]
    assert [row for row in rows if row.rstrip().endswith("|  |")] == []


def test_the_example_is_a_configuration_that_loads_with_every_kind_of_connection(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(example())
    config = load_config(tmp_path / "config.toml")
    assert sorted(connection.kind for connection in config.connections.values()) == ["file", "quickbooks", "xero"]
    assert config.email is not None


def test_the_example_with_everything_switched_on_loads_too(tmp_path: Path) -> None:
    switched_on = "\n".join(line.removeprefix("#") if line[1:2].isalpha() else line for line in example().splitlines())
    (tmp_path / "config.toml").write_text(switched_on)
    assert load_config(tmp_path / "config.toml").templates_dir == tmp_path / "templates"


def test_the_starter_loads_as_it_is_and_with_everything_switched_on(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(starter("state"))
    assert load_config(tmp_path / "config.toml").connections == {}
    switched_on = starter("state").replace("\n#[", "\n[")
    switched_on = "\n".join(
        line.removeprefix("#") if line[1:2].isalpha() else line for line in switched_on.splitlines()
    )
    (tmp_path / "config.toml").write_text(switched_on)
    assert len(load_config(tmp_path / "config.toml").connections) == 3
