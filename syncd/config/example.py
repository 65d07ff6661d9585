"""config.toml written out from its models: every table and key with its meaning, so that the words exist only once."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from syncd.config.companies import KIND_TABLES
from syncd.config.table import Table
from syncd.config.tables import TABLES, ConfigTable

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

COMMENT_WIDTH = 110
_EXAMPLE_NAMES = {"quickbooks": "acme", "xero": "kiwi", "file": "books"}
_HEAD = """\
# The configuration of syncd: where the books are, and how far the program may go by itself. What reminders, holds and
# finance charges are due is decided by the files in `rules_dir`, so that an accountant never needs to open this one.
#
# A setting behind a # without a space is switched off and shows an example. `syncd check` says what is wrong here.
"""


def example() -> str:
    """The complete example: one connection of each kind and all tables switched on."""
    return _document(switched_on=True, state_dir=None)


def starter(state_dir: str | None) -> str:
    """What `syncd init` writes: the same, with connections and mail switched off until they are filled in."""
    return _document(switched_on=False, state_dir=state_dir)


def written(value: Any) -> str:
    """A value as TOML writes it: text, whole numbers, lists of text."""
    return json.dumps(value, ensure_ascii=False)


def default_of(field: FieldInfo) -> Any:
    """The default as a person would write it; None where there is none."""
    return None if field.is_required() or field.default_factory else field.default


def _document(*, switched_on: bool, state_dir: str | None) -> str:
    known = {"state_dir": state_dir, "secrets_key_file": "syncd.key"} if not switched_on else {}
    careful = {} if switched_on else {"first_plan": "hold"}  # whoever starts anew sees the first plan before it goes
    lines = [*_settings(ConfigTable, known), *_table("limits", TABLES["limits"], on=True, known=careful)]
    for kind, model in KIND_TABLES.items():
        lines += _table(f"connections.{_EXAMPLE_NAMES[kind]}", model, on=switched_on)
    lines += _table("email", TABLES["email"], on=switched_on)
    lines += _table("watch", TABLES["watch"], on=True)
    lines += _table("serve", TABLES["serve"], on=True)
    return f"{_HEAD}\n" + "\n".join(lines).strip() + "\n"


def _table(
    name: str, model: type[Table], *, on: bool, known: Mapping[str, str | None] = MappingProxyType({})
) -> Iterator[str]:
    yield from ("", *_comment(model.__doc__ or ""), f"[{name}]" if on else f"#[{name}]")
    yield from (line if on or line.startswith("#") else f"#{line}" for line in _settings(model, known))


def _settings(model: type[Table], known: Mapping[str, str | None]) -> Iterator[str]:
    for name, field in model.model_fields.items():
        key = field.alias or name
        value = known.get(key) or default_of(field)
        shown = value if value or not field.examples else field.examples[0]
        if shown is None or key in TABLES or key == "connections":
            continue
        yield from _comment(field.description or "")
        switch = "" if value or field.is_required() else "#"
        yield f"{switch}{key} = {written(shown)}"


def _comment(text: str) -> list[str]:
    return textwrap.wrap(" ".join(text.split()), COMMENT_WIDTH, initial_indent="# ", subsequent_indent="# ")
