"""`syncd rules`: look at rules files before they decide anything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rules.domain.near_miss import near_miss
from syncd.cli.clock import the_clock
from syncd.cli.desk import loaded_whole, opened
from syncd.cli.options import ANY_PATH, AS_JSON, CONFIG, EXISTING_FILE, NO_CONFIG, RULES, NearMissGroup
from syncd.cli.output import print_json, print_text
from syncd.cli.rules_trial import diff, simulate
from syncd.cli.sources import read_policies, require_policy, rules_files
from syncd.errors import Usage

if TYPE_CHECKING:
    from rules.domain.facts import Customer
    from rules.policy import Policies
    from syncd.config import Config
    from syncd.scenarios import Outcome


@click.group(cls=NearMissGroup, short_help="Lint, test, show, compare and replay rules files.")
def rules() -> None:
    """Look at rules files before they decide anything."""


@rules.command()
@click.argument("paths", metavar="[FILE]...", type=ANY_PATH, nargs=-1)
@click.option("--book", type=EXISTING_FILE, metavar="FILE", help="Look for its groups, customers and debtors as well.")
@AS_JSON
@CONFIG
def check(*, paths: Sequence[Path], book: Path | None, as_json: bool, config: Path | None) -> None:
    """Say everything that is wrong with the rules files, or which policies they make and what in them is doubtful.

    Without FILE the configuration's rules are checked. A folder stands for every *.toml file in it.
    """
    policies = read_policies(paths, config)
    configured = None if paths and config is None else loaded_whole(config)
    warnings = _warnings(policies, book, configured)
    if as_json:
        summaries = [_summary(policies, name) for name in policies.names]
        print_json({"policy_version": policies.version, "policies": summaries, "warnings": list(warnings)})
        return
    for file in rules_files(paths, config):
        click.echo(f"{file}: right")
    for name in policies.names:
        click.echo(f"policy {name}: {', '.join(policies.rule_settings(name)) or 'every rule is off'}")
    for warning in warnings:
        click.echo(f"doubtful: {warning}")


@rules.command()
@click.argument("customer", required=False)
@click.option("--policy", metavar="NAME", help="Show this policy or shipped pack instead of a customer's.")
@click.option("--book", type=EXISTING_FILE, metavar="FILE", help="Look the customer up in this book file.")
@RULES
@AS_JSON
@CONFIG
def show(
    *,
    customer: str | None,
    policy: str | None,
    book: Path | None,
    rules: Sequence[Path],
    as_json: bool,
    config: Path | None,
) -> None:
    """Show the policy that governs CUSTOMER (reference or name), with all it inherits and every default.

    A line behind a # is a default; copy it into your rules file without the # to change it.
    """
    policies = _shipped_alone(policy, rules, config) or read_policies(rules, config)
    name = policy or _policy_of(policies, customer, book, config)
    require_policy(policies, name)
    if as_json:
        print_json({"customer": customer, **_summary(policies, name)})
    else:
        print_text(_shown(policies, name))


@rules.command()
@NO_CONFIG
def schema() -> None:
    """Print the JSON Schema of a rules file, for editors that complete and check as you type."""
    from rules.policy import schema as schema_of_rules

    print_json(schema_of_rules())


@rules.command()
@click.argument("paths", metavar="FILE...", type=ANY_PATH, nargs=-1, required=True)
@AS_JSON
@NO_CONFIG
def test(*, paths: Sequence[Path], as_json: bool) -> int:
    """Run scenario files: books, rules and what must come out, written in TOML.

    Prints each scenario that comes out otherwise, with the difference, and leaves with 1.
    """
    from syncd.scenarios import run

    outcomes = [outcome for path in paths for outcome in run(path)]
    failed = [outcome for outcome in outcomes if not outcome.holds]
    if as_json:
        print_json([_outcome(outcome) for outcome in outcomes])
    else:
        for outcome in failed:
            about = outcome.file if outcome.name == outcome.file else f"{outcome.file}: {outcome.name}"
            click.echo("\n".join([about, *(f"  {line}" for line in outcome.differences)]))
        click.echo(f"{len(outcomes) - len(failed)} of {len(outcomes)} scenarios come out as written")
    return 1 if failed else 0


rules.add_command(diff)
rules.add_command(simulate)


def _shipped_alone(policy: str | None, rules: Sequence[Path], config: Path | None) -> Policies | None:
    """The packs by themselves, where one is named and nothing is set up that could have a policy of that name."""
    from rules.policy import load_policies, pack_names
    from syncd.config import find_config

    set_up = rules or config is not None or find_config(None).exists()
    return load_policies([]) if policy in pack_names() and not set_up else None


def _warnings(policies: Policies, book: Path | None, configured: Config | None) -> tuple[str, ...]:
    from connectors.email.templates import names
    from connectors.file.read import read_book
    from rules.policy import lint
    from syncd.clock import today

    receivables = read_book(book) if book else None
    day = receivables.as_of if receivables else today(the_clock(), "UTC")
    connections, own_texts = (configured.connections, configured.templates_dir) if configured else (None, None)
    return lint(policies, receivables, day, connections, names(own_texts))


def _outcome(outcome: Outcome) -> dict[str, Any]:
    return {
        "file": outcome.file,
        "scenario": outcome.name,
        "source": outcome.source,
        "holds": outcome.holds,
        "differences": list(outcome.differences),
    }


def _policy_of(policies: Policies, customer: str | None, book: Path | None, config: Path | None) -> str:
    if customer is None:
        raise Usage("name a customer, or a policy with --policy")
    found, connection, falls_back = _in_book(customer, book) if book else _in_mirror(customer, config)
    name = policies.serving(falls_back).select(found, connection=connection)
    if name is None:
        raise Usage(f'no policy is chosen for "{customer}": give [select] a default')
    return name


def _in_book(name: str, book: Path) -> tuple[Customer, str, Mapping[str, str]]:
    from connectors.file.read import read_book

    read = read_book(book)
    customers = read.customers
    for same in (str, str.casefold):  # as written, else in any case
        for customer in customers:
            if same(name) in (same(customer.ref), same(customer.name)):
                return customer, read.company.connection, {}
    known = [word for customer in customers for word in (customer.ref, customer.name)]
    raise Usage(f'{book} has no customer "{name}"{near_miss(name, known)}')


def _in_mirror(name: str, config: Path | None) -> tuple[Customer, str, Mapping[str, str]]:
    """The customer in the books we hold, with its connection and the policies that connections fall back on."""
    from connectors import Ref
    from rules.domain.facts import Customer

    with opened(config) as office:
        for ledger in office.ledgers:
            found = ledger.mirror.find(name)
            customer = ledger.mirror.fact(Ref("customer", found[1])) if found else None
            if isinstance(customer, Customer):
                return customer, ledger.name, office.config.policies
        known = [one for ledger in office.ledgers for one in ledger.mirror.names()]
    meant = near_miss(name, known) or "; --book FILE looks in a book file"
    raise Usage(f'no connection has a customer "{name}"{meant}')


def _summary(policies: Policies, name: str) -> dict[str, Any]:
    rules = {rule: policies.resolved(name).get(rule, {}) for rule in policies.rule_settings(name)}
    return {"policy": name, "rules": rules}


def _shown(policies: Policies, name: str) -> Iterator[str]:
    from syncd.cli.toml_text import key_text, value_text

    yield f"# policy {name}"
    for rule, settings in policies.rule_settings(name).items():
        as_written = policies.resolved(name).get(rule, {})
        yield f"\n[policies.{key_text(name)}.{rule}]"
        for field, info in type(settings).model_fields.items():
            key = info.alias or field
            default = getattr(settings, field)
            if key in as_written:
                yield f"{key} = {value_text(as_written[key])}"
            elif default is not None:
                yield f"#{key} = {value_text(default)}"
