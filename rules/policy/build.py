"""From rules files to `Policies`: every table checked against its rule's settings, every name against what exists."""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Annotated, Any, TypeAlias, TypeVar

from pydantic import AfterValidator, BaseModel, Field, ValidationError, WithJsonSchema, model_validator

from rules.domain.charging.settings import Settings as ChargeSettings
from rules.domain.credit_limits import CreditLimits, ZeroLimit
from rules.domain.dispute_codes import CODES
from rules.domain.references import STATUTORY, DatedRate
from rules.domain.settings import AmountText, Day, RateText, RuleSettings
from rules.policy.documents import Path, Tree, merge_documents, parse, place
from rules.policy.modules import rule_modules
from rules.policy.policies import Policies
from rules.policy.problems import meant, refusals
from rules.policy.resolve import OWN_KEYS, Resolved, pack_names, resolve
from rules.policy.select import Select

M = TypeVar("M", bound=RuleSettings)

_CODE = re.compile(r"[a-z][a-z0-9_]*")
SECTIONS = ("select", "policies", "credit_limits", "references", "disputes")


class PolicyRefused(ValueError):
    """Rules files that cannot be used: every problem of every file, each naming its place."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


class LimitsTable(RuleSettings):
    """The `[credit_limits]` table: for customers without a limit of their own."""

    groups: Mapping[str, AmountText] = Field(default_factory=dict, description="Limit by group, first match counts.")
    default: AmountText | None = Field(default=None, description="Limit of everyone else; absent: none.")
    zero: ZeroLimit = Field(
        default="no_credit",
        description="What a limit of nothing means: no credit, no limit, or not set, so that the next one counts.",
    )


def _code(word: str) -> str:
    if not _CODE.fullmatch(word):
        raise ValueError(f'"{word}" is no reason code; write small letters, digits and _, such as wrong_price')
    return word


_CODE_SCHEMA = WithJsonSchema({"type": "string", "pattern": f"^{_CODE.pattern}$"})
Code: TypeAlias = Annotated[str, AfterValidator(_code), _CODE_SCHEMA]


class DisputesTable(RuleSettings):
    """The `[disputes]` table: words of your own for why invoices are contested, beside those that ship."""

    codes: tuple[Code, ...] = Field(default=(), description="Words of your own, in small letters with _ between them.")


class RateRow(RuleSettings):
    """A rate and the day it starts."""

    from_: Day = Field(alias="from", description="First day the rate holds.")
    pct: RateText = Field(description="Percent a year.")


class ReferenceTable(RuleSettings):
    """A `[references.NAME]` table."""

    rates: tuple[RateRow, ...] = Field(min_length=1, description="Rates in force, each from a day on.")

    @model_validator(mode="after")
    def _check(self) -> ReferenceTable:
        days = [row.from_ for row in self.rates]
        twice = next((day for day in days if days.count(day) > 1), None)
        if twice is not None:
            raise ValueError(f"two rates from {twice}: which one holds?")
        return self


def load_policies(sources: Iterable[tuple[str, str]]) -> Policies:
    """Read rules files, given as (file name, TOML text) in order.

    Raises:
        PolicyRefused: with all problems of all files.
    """
    documents: list[tuple[str, Mapping[str, Any]]] = []
    problems: list[str] = []
    for file, text in sources:
        try:
            documents.append((file, parse(text)))
        except tomllib.TOMLDecodeError as error:
            problems.append(f"{file}: not valid TOML: {error}")
    return policies_of(documents, problems)


def policies_of(documents: Iterable[tuple[str, Mapping[str, Any]]], problems: Iterable[str] = ()) -> Policies:
    """The same of documents already read.

    Raises:
        PolicyRefused: with all problems, `problems` found before among them.
    """
    tree = merge_documents(documents)
    tree.problems[:0] = problems
    return _Builder(tree).build()


class _Builder:
    """Collects problems while it builds, so that all of them are shown at once."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree

    def build(self) -> Policies:
        self._check_sections()
        names = tuple(sorted(self._table(("policies",))))
        select = self._model(Select, ("select",))
        limits = self._model(LimitsTable, ("credit_limits",))
        disputes = self._model(DisputesTable, ("disputes",))
        references = {name: self._rates(name) for name in sorted(self._table(("references",)))}
        resolved = {name: resolve(self.tree, name) for name in (*names, *(n for n in pack_names() if n not in names))}
        settings = {name: self._settings(resolved[name]) for name in names}
        self._check_names(select, names)
        self._check_references({name: (resolved[name], settings[name]) for name in names})
        if self.tree.problems:
            raise PolicyRefused(dict.fromkeys(self.tree.problems))
        tables = {name: one.tables for name, one in resolved.items()}
        return Policies(
            version=_digest(self.tree, {name: tables[name] for name in _used(self.tree, names, tables)}),
            names=names,
            chosen=select or Select(),
            credit_limits=CreditLimits(limits.groups, limits.default, limits.zero) if limits else CreditLimits(),
            references=references,
            dispute_codes=(*CODES, *(disputes.codes if disputes else ())),
            _tree=self.tree,
            _resolved=resolved,
            _settings=settings,
            _of_pack=cache(lambda name: self._settings(resolved[name])),
        )

    def _complain(self, path: Path, problem: str) -> None:
        self.tree.problems.append(place(self.tree.file_of(path), path, problem))

    def _check_sections(self) -> None:
        for key, value in self.tree.data.items():
            if key not in SECTIONS:
                self._complain((key,), f"unknown table{meant(key, SECTIONS)}")
            elif not isinstance(value, Mapping):
                self._complain((key,), "must be a table")
        for section in ("policies", "references"):
            for name, value in self._table((section,)).items():
                if not isinstance(value, Mapping):
                    self._complain((section, name), "must be a table")

    def _table(self, path: tuple[str, ...]) -> Mapping[str, Any]:
        found: Any = self.tree.data
        for key in path:
            found = found.get(key, {}) if isinstance(found, Mapping) else {}
        return found if isinstance(found, Mapping) else {}

    def _model(self, model: type[M], path: tuple[str, ...]) -> M | None:
        try:
            return model.model_validate(dict(self._table(path)))
        except ValidationError as error:
            for below, problem in refusals(error, model):
                if (*path, *below) not in self.tree.floats:
                    self._complain((*path, *below), problem)
            return None

    def _rates(self, name: str) -> tuple[DatedRate, ...]:
        table = self._model(ReferenceTable, ("references", name))
        rows = sorted(table.rates, key=lambda row: row.from_) if table else []
        return tuple(DatedRate(row.from_, row.pct) for row in rows)

    def _settings(self, policy: Resolved) -> Mapping[str, BaseModel]:
        found: dict[str, BaseModel] = {}
        modules = rule_modules()
        for rule, table in sorted(policy.tables.items()):
            if rule not in modules:
                self._refuse(policy, (rule,), f"unknown rule{meant(rule, (*modules, *OWN_KEYS))}")
            elif not isinstance(table, Mapping):
                self._refuse(policy, (rule,), f"must be a table, [policies.….{rule}]")
            else:
                self._validate(policy, rule, modules[rule].Settings, found)
        return found

    def _validate(self, policy: Resolved, rule: str, model: type[BaseModel], found: dict[str, BaseModel]) -> None:
        try:
            found[rule] = model.model_validate(policy.tables[rule])
        except ValidationError as error:
            for below, problem in refusals(error, model):
                self._refuse(policy, (rule, *below), problem)

    def _refuse(self, policy: Resolved, path: Path, problem: str) -> None:
        tree, full = policy.place_of(path)
        if full not in tree.floats:
            self.tree.problems.append(place(tree.file_of(full), full, problem))

    def _check_names(self, select: Select | None, names: tuple[str, ...]) -> None:
        if select is None:
            return
        known = {*names, *pack_names()}
        for path, policy in select.named():
            if policy not in known:
                self._complain(("select", *path), f'no policy or pack "{policy}"{meant(policy, known)}')

    def _check_references(self, policies: Mapping[str, tuple[Resolved, Mapping[str, BaseModel]]]) -> None:
        """A policy's reference rate ships or stands in the files."""
        known = (*STATUTORY, *self._table(("references",)))
        for policy, settings in policies.values():
            charges = settings.get("finance_charges")
            wanted = charges.reference if isinstance(charges, ChargeSettings) else None
            if wanted is not None and wanted not in known:
                self._refuse(
                    policy, ("finance_charges", "reference"), f'no reference rate "{wanted}"{meant(wanted, known)}'
                )


def _used(tree: Tree, names: tuple[str, ...], tables: Mapping[str, Any]) -> list[str]:
    """Own policies, and packs that govern without being extended."""
    text = json.dumps(tree.data.get("select", {}), default=str)
    return [name for name in sorted(tables) if name in names or f'"{name}"' in text]


def _digest(tree: Tree, tables: Mapping[str, Any]) -> str:
    """Changes when anything that is decided by changes; comments and the order of keys do not count."""
    rest = {key: tree.data.get(key, {}) for key in ("credit_limits", "references", "select")}
    order = {"groups": list(rest["select"].get("groups", {})), "limits": list(rest["credit_limits"].get("groups", {}))}
    text = json.dumps({"policies": tables, **rest, "order": order}, sort_keys=True, default=str, ensure_ascii=False)
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()
