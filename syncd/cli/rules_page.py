"""The reference page of rules files, written from the rules' own settings and the shipped packs."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from inspect import getdoc
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from rules.domain.dispute_codes import CODES
from rules.policy import load_policies, pack_names
from rules.policy.build import DisputesTable, LimitsTable, ReferenceTable
from rules.policy.modules import rule_modules
from rules.policy.select import Select
from syncd.cli.toml_text import value_text

HEAD = """\
Every `*.toml` file of `rules_dir` is read in name order; all of them make one set of policies. `syncd rules check`
lists every problem of every file as `FILE: [table.path] key: problem`, `syncd rules schema` prints a JSON Schema for
editors.

A policy is `[policies.NAME]` with one table per rule; a rule whose table is absent is off. `extends = "NAME"` takes
another policy or a shipped pack and overrides single keys. Money is text with or without its currency
(`"250.00 USD"`; bare: the company's base currency), percentages are text (`"18"` is 18 %), days are whole numbers.
What the words mean to the day and the cent is on [the page about money and days](../why/money.md)."""

PACKS_HEAD = """
## Packs that ship

Take one with `extends` and override what differs. `syncd rules show --policy NAME` shows all of a policy that does.

| pack | rules that are on |
|---|---|"""

SELECT_HEAD = (
    "Which policy governs. The closest word counts: invoice, customer, group, amount, currency, country, kind, "
    "connection, the connection's own `policy` in config.toml, default."
)


def rules_page() -> Iterator[str]:
    """The page, part by part."""
    yield HEAD
    yield from _table("`[select]`", SELECT_HEAD, Select)
    for name in rule_modules():
        module = import_module(f"rules.{name}")
        yield from _table(f"`[policies.NAME.{name}]`", _first_paragraph(getdoc(module)), module.Settings)
    yield from _table("`[credit_limits]`", _first_paragraph(getdoc(LimitsTable)), LimitsTable)
    yield from _table("`[disputes]`", _first_paragraph(getdoc(DisputesTable)), DisputesTable)
    yield "\n| code that ships | the customer says |\n|---|---|"
    yield from (f"| `{code}` | {said} |" for code, said in CODES.items())
    yield from _table("`[references.NAME]`", "Dated rates of your own, beside those that ship.", ReferenceTable)
    yield from _packs()


def settings_table(rule: str) -> Iterator[str]:
    """Every setting of a rule and of the tables inside it, under its table's name."""
    settings = rule_modules()[rule].Settings
    yield f"`[policies.NAME.{rule}]`\n"
    yield from _rows(settings)
    for title, inner in _inner_models(settings, {settings}):
        yield f"\nIn `{title}`: {_first_paragraph(getdoc(inner))}\n"
        yield from _rows(inner)


def _table(title: str, about: str, model: type[BaseModel]) -> Iterator[str]:
    yield f"\n## {title}\n\n{about}\n"
    yield from _rows(model)
    yield from _inner_tables(model, {model})


def _inner_tables(model: type[BaseModel], shown: set[type[BaseModel]]) -> Iterator[str]:
    """The tables and rows that stand as values of keys, each once."""
    for title, inner in _inner_models(model, shown):
        yield f"\n### in `{title}`\n\n{_first_paragraph(getdoc(inner))}\n"
        yield from _rows(inner)


def _inner_models(model: type[BaseModel], shown: set[type[BaseModel]]) -> Iterator[tuple[str, type[BaseModel]]]:
    for name, field in model.model_fields.items():
        for inner in _models_in(field.annotation):
            if inner not in shown:
                shown.add(inner)
                yield field.alias or name, inner
                yield from _inner_models(inner, shown)


def _rows(model: type[BaseModel]) -> Iterator[str]:
    yield "| key | default | meaning |\n|---|---|---|"
    for name, field in model.model_fields.items():
        yield f"| `{field.alias or name}` | {_default(field)} | {meaning(field)} |"


def meaning(field: FieldInfo) -> str:
    """What the key means, with its choices where it has some."""
    choices = [f"`{value_text(choice)}`" for choice in _choices(field.annotation)]
    said = (field.description or "").replace("|", "\\|")
    return f"{said} Words: {', '.join(choices)}." if len(choices) > 1 else said


def _choices(annotation: Any) -> Iterator[Any]:
    if get_origin(annotation) is Literal:
        yield from get_args(annotation)
        return
    for argument in get_args(annotation):
        yield from _choices(argument)


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    default = field.get_default(call_default_factory=True)
    return "none" if default in (None, (), {}, [], "") else f"`{value_text(default)}`"


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models_in(argument)


def _first_paragraph(text: str | None) -> str:
    return " ".join((text or "").split("\n\n")[0].split())


def _packs() -> Iterator[str]:
    yield PACKS_HEAD
    for name in pack_names():
        policies = load_policies([("", f'[policies.p]\nextends = "{name}"')])
        yield f"| `{name}` | {', '.join(policies.rule_settings('p'))} |"
