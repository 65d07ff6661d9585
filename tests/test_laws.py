"""The laws of the house (docs/why/design.md), checked by walking the source: a line that breaks one is named.

It imports nothing of the packages it reads, so that it also judges code that does not run.
"""

from __future__ import annotations

import ast
import re
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import TypeAlias

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
PACKAGES = ("rules", "connectors", "syncd")
LONGEST_FUNCTION = 50
LONGEST_FILE = 350
OURS = set(PACKAGES)


@dataclass(frozen=True)
class Source:
    """One module: its dotted name, its syntax tree and its text."""

    name: str
    path: str
    tree: ast.Module
    text: str

    def below(self, *packages: str) -> bool:
        return any(self.name == package or self.name.startswith(f"{package}.") for package in packages)


Breaches: TypeAlias = Iterator[tuple[int, str]]
Law = Callable[[Source], Breaches]


def read(path: Path) -> Source:
    text = path.read_text()
    relative = path.relative_to(REPOSITORY)
    name = ".".join(relative.with_suffix("").parts).removesuffix(".__init__")
    return Source(name, str(relative), ast.parse(text), text)


@cache
def sources() -> list[Source]:
    """Every module there is; read when a law is first held against them, for every process collects all tests."""
    return [
        read(path)
        for package in PACKAGES
        for path in sorted((REPOSITORY / package).rglob("*.py"))
        if "migrations" not in path.parts  # records of what was done once, not code that is read or changed
    ]


def imports(source: Source) -> Iterator[tuple[int, str]]:
    """Every module a source imports, wherever the import stands; `from a import b` counts as `a.b` too."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def is_in(module: str, *packages: str) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def is_rule(name: str) -> bool:
    """Every plain module of rules/ is a rule, but the one that reads policies."""
    package, _, module = name.rpartition(".")
    return package == "rules" and module != "policy"


def rules_are_pure(source: Source) -> Breaches:
    """Law 1: rules/ imports the standard library, pydantic, itself, and reaches nothing outside: same in, same out."""
    if not source.below("rules"):
        return
    reaching = ("logging", "random", "socket", "subprocess", "threading", "time", "urllib", "http", "sqlite3", "os")
    allowed = ("pydantic", "pydantic_core", "rules", *CALENDARS.get(source.name, ()))
    for line, module in imports(source):
        if is_in(module, *reaching):
            yield line, f"imports {module}, which reaches outside"
        elif module.partition(".")[0] not in sys.stdlib_module_names and not is_in(module, *allowed):
            yield line, f"imports {module}"


# Tables of public holidays are data, like the reference rates; one module reads them.
CALENDARS = {"rules.domain.calendars": ("holidays",)}


def rules_never_import_rules(source: Source) -> Breaches:
    """Law 2: a rule imports rules.domain, never another rule: what two need belongs in rules/domain."""
    if is_rule(source.name):
        allowed = ("rules.domain",)
    elif source.below("rules.domain"):
        allowed = ("rules.domain", "rules.tables")
    else:
        return
    for line, module in imports(source):
        if is_in(module, "rules") and not is_in(module, *allowed):
            yield line, f"imports {module}"


def connectors_hold_no_policy(source: Source) -> Breaches:
    """Law 3: connectors/ imports SDKs and rules.domain: what the outside can do, no policy, no store."""
    if not source.below("connectors"):
        return
    for line, module in imports(source):
        if is_in(module, "syncd", "sqlalchemy") or (is_in(module, "rules") and not is_in(module, "rules.domain")):
            yield line, f"imports {module}"


def connectors_never_import_connectors(source: Source) -> Breaches:
    """Law 4: one connector never imports another: each can be read, replaced and removed by itself."""
    parts = source.name.split(".")
    kinds = {"quickbooks", "xero", "file", "email"}
    if parts[0] != "connectors" or len(parts) == 1 or parts[1] not in kinds:
        return
    others = [f"connectors.{kind}" for kind in (kinds - {parts[1]}) | {"simulator"}]
    for line, module in imports(source):
        if is_in(module, *others):
            yield line, f"imports {module}"


def the_simulator_stands_alone(source: Source) -> Breaches:
    """Law 5: the simulator imports nothing of the connectors or rules: two wrongs would agree."""
    if source.below("connectors.simulator"):
        for line, module in imports(source):
            if is_in(module, *OURS) and not is_in(module, "connectors.simulator"):
                yield line, f"imports {module}"


def only_the_clock_knows_the_time(source: Source) -> Breaches:
    """Law 6: the machine's time is asked in syncd/clock.py alone: all others are told; a day can be replayed."""
    if source.name == "syncd.clock":
        return
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.Attribute) or not isinstance(node.value, ast.Name | ast.Attribute):
            continue
        owner = node.value.attr if isinstance(node.value, ast.Attribute) else node.value.id
        asks = (owner in ("date", "datetime") and node.attr in ("today", "now", "utcnow")) or (
            owner == "time" and node.attr in ("time", "time_ns", "monotonic", "sleep", "localtime", "gmtime")
        )
        if asks and not isinstance(node.ctx, ast.Store):
            yield node.lineno, f"uses {owner}.{node.attr}"


def one_module_catches_everything(source: Source) -> Breaches:
    """Law 7: `except Exception` stands once, in the daemon, to log and exit: an unknown error must not be swallowed."""
    if source.name == "syncd.daemon":
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ExceptHandler) and names_everything(node.type):
            yield node.lineno, "catches everything"


def names_everything(caught: ast.expr | None) -> bool:
    if isinstance(caught, ast.Tuple):
        return any(names_everything(element) for element in caught.elts)
    return caught is None or (isinstance(caught, ast.Name) and caught.id in ("Exception", "BaseException"))


def one_package_knows_the_database(source: Source) -> Breaches:
    """Law 8: SQLAlchemy is imported in syncd/store only: one writer per fact, one place to read every query."""
    if not source.below("syncd.store"):
        for line, module in imports(source):
            if is_in(module, "sqlalchemy", "alembic"):
                yield line, f"imports {module}"


def sdks_stay_in_their_connector(source: Source) -> Breaches:
    """Law 9: a provider's SDK is imported in its own connector only: its errors and types end there."""
    homes = {"quickbooks": "quickbooks", "intuitlib": "quickbooks", "xero_python": "xero"}
    for line, module in imports(source):
        home = homes.get(module.partition(".")[0])
        if home and not source.below(f"connectors.{home}"):
            yield line, f"imports {module}"


def money_never_floats(source: Source) -> Breaches:
    """Law 10: no float is made in rules/ or from anything the rules see: half a cent is not a rounding matter."""
    if not source.below("rules"):
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "float":
            yield node.lineno, "makes a float"
        elif isinstance(node, ast.Constant) and isinstance(node.value, float):
            yield node.lineno, f"writes the float {node.value}"


def functions_fit_on_a_screen(source: Source) -> Breaches:
    """Law 11: a function has at most fifty lines and a file 350: beyond that a reader gets lost."""
    if (length := source.text.count("\n")) > LONGEST_FILE:
        yield 1, f"has {length} lines"
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > LONGEST_FUNCTION:
                yield node.lineno, f"{node.name} has {lines} lines"


def every_module_says_what_it_owns(source: Source) -> Breaches:
    """Law 12: a module opens with what it decides or owns."""
    if ast.get_docstring(source.tree) is None:
        yield 1, "has no docstring"


def what_is_let_pass_says_why(source: Source) -> Breaches:
    """Law 14: a warning of linter or type checker that is let pass says why on its line."""
    for number, line in enumerate(source.text.splitlines(), 1):
        if LET_PASS.search(line):
            yield number, "lets a warning pass and does not say why"


LET_PASS = re.compile(r"# (noqa(: [A-Z0-9, ]+)?|type: ignore(\[[a-z, -]+\])?)$")


def room_of(name: str) -> str:
    """A folder inside a package, or inside `rules/domain`, is a room; a module beside the folders is one by itself."""
    return ".".join(name.split(".")[: 3 if is_in(name, "rules.domain") else 2])


def circle_in(sources: Sequence[Source], place_of: Callable[[str], str]) -> list[str]:
    """Law 13: imports never lead back, by modules or by rooms: what is below is read without what is above.

    Returns one way round; empty where there is none.
    """
    names = {source.name for source in sources}
    below: dict[str, set[str]] = defaultdict(set)
    for source in sources:
        for _, imported in imports(source):
            module = imported if imported in names else imported.rpartition(".")[0]
            if module in names and place_of(module) != place_of(source.name):
                below[place_of(source.name)].add(place_of(module))
    try:
        TopologicalSorter(below).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


LAWS: list[Law] = [
    rules_are_pure,
    rules_never_import_rules,
    connectors_hold_no_policy,
    connectors_never_import_connectors,
    the_simulator_stands_alone,
    only_the_clock_knows_the_time,
    one_module_catches_everything,
    one_package_knows_the_database,
    sdks_stay_in_their_connector,
    money_never_floats,
    functions_fit_on_a_screen,
    every_module_says_what_it_owns,
    what_is_let_pass_says_why,
]


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_no_line_breaks_the_law(law: Law) -> None:
    breaches = [f"{source.path}:{line} {what}" for source in sources() for line, what in law(source)]
    assert not breaches, "\n".join([f"\n{law.__doc__}", *breaches])


BREACHES = [
    (rules_are_pure, "rules.reminders", "import requests"),
    (rules_are_pure, "rules.domain.aging", "def f():\n    from time import sleep"),
    (rules_never_import_rules, "rules.overdue", "from rules.reminders import decide"),
    (connectors_hold_no_policy, "connectors.xero.read", "from rules.policy import Policies"),
    (connectors_never_import_connectors, "connectors.xero.read", "import connectors.quickbooks.mapping"),
    (the_simulator_stands_alone, "connectors.simulator.xero", "from connectors.xero import mapping"),
    (only_the_clock_knows_the_time, "syncd.cycle", "import datetime\nx = datetime.datetime.now()"),
    (only_the_clock_knows_the_time, "rules.reminders", "from datetime import date\nx = date.today()"),
    (one_module_catches_everything, "syncd.cycle", "try:\n    pass\nexcept (KeyError, Exception):\n    pass"),
    (one_module_catches_everything, "syncd.cycle", "try:\n    pass\nexcept:\n    pass"),
    (one_package_knows_the_database, "syncd.cycle", "import sqlalchemy.orm"),
    (sdks_stay_in_their_connector, "syncd.cycle", "from xero_python.accounting import AccountingApi"),
    (money_never_floats, "rules.domain.money", "x = float('1')"),
    (functions_fit_on_a_screen, "syncd.cycle", "def f():\n" + "    x = 1\n" * 51),
    (every_module_says_what_it_owns, "syncd.cycle", "x = 1"),
    (what_is_let_pass_says_why, "syncd.cycle", "x = eval('1')  # noqa" + ": S307"),
    (what_is_let_pass_says_why, "syncd.cycle", "x: int = ''  # type" + ": ignore[assignment]"),
]


@pytest.mark.parametrize(("law", "name", "code"), BREACHES)
def test_each_law_sees_a_line_that_breaks_it(law: Law, name: str, code: str) -> None:
    source = Source(name, "", ast.parse(code), code)
    assert list(law(source))


@pytest.mark.parametrize("place_of", [str, room_of], ids=["modules", "rooms"])
def test_imports_never_lead_back(place_of: Callable[[str], str]) -> None:
    assert not circle_in(sources(), place_of), circle_in.__doc__


@pytest.mark.parametrize(("place_of", "found"), [(str, 0), (room_of, 3)], ids=["modules", "rooms"])
@pytest.mark.parametrize(("below", "above"), [("syncd.store", "syncd.backfill"), ("rules.domain.a", "rules.domain.b")])
def test_a_circle_of_rooms_is_seen_where_no_module_is_in_one(
    place_of: Callable[[str], str], found: int, below: str, above: str
) -> None:
    lines = {
        f"{below}.past": f"from {above} import sums",
        f"{above}.sums": "",
        f"{above}.load": f"from {below} import past",
    }
    sources = [Source(name, "", ast.parse(code), code) for name, code in lines.items()]
    assert len(circle_in(sources, place_of)) == found


def test_no_test_folder_shadows_a_package() -> None:
    shadows = [path for path in (REPOSITORY / "tests").iterdir() if path.is_dir() and path.name in PACKAGES]
    assert shadows == [], "a folder of that name directly under tests/ would be imported instead of the package"


def test_each_folder_of_tests_stands_in_the_plan_of_the_house() -> None:
    plan = (REPOSITORY / "docs" / "why" / "design.md").read_text()
    folders = [path.name for path in (REPOSITORY / "tests").iterdir() if path.is_dir() and path.name[0] not in "._"]
    assert [name for name in folders if f"`tests/{name}/" not in plan] == []
