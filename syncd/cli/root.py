"""The list of commands, each imported when it is called, and the one place where an error becomes an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import click

from syncd.cli.clock import bring
from syncd.cli.options import NearMissGroup
from syncd.failures import exit_code_of, expected_errors, in_words, machine_trouble

if TYPE_CHECKING:
    from syncd.clock import Clock

INTERRUPTED_EXIT_CODE = 130
COMPLETION_VARIABLE = "_SYNCD_COMPLETE"

# name: (module:command, its help in one line, as `syncd --help` lists it)
COMMANDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "demo": ("demo:demo", "The whole job on two simulated companies; needs nothing configured."),
        "init": ("init:init", "Write a commented configuration, a starter rules file and a key."),
        "connect": ("consent:connect", "Give OAuth consent for a connection."),
        "disconnect": ("consent:disconnect", "Revoke a connection's consent and forget its tokens."),
        "check": ("check:check", "Say whether everything is in order, one line each."),
        "run": ("passes:run", "The daemon."),
        "serve": ("serve:serve", "The console, health, metrics, stop-sell and webhooks."),
        "cycle": ("passes:cycle", "One pass over every connection, then exit."),
        "pull": ("passes:pull", "Only read."),
        "plan": ("plan:plan", "Show what the next cycle would do, and why."),
        "approve": ("plan:approve", "Let held actions go."),
        "reject": ("plan:reject", "Refuse held actions, for good."),
        "release": ("plan:release", "Clear a brake."),
        "resolve": ("resolve:resolve", "Say what became of an unclear write."),
        "explain": ("explain:explain", "Why a customer or invoice is where it is, and what comes next."),
        "promise": ("promise:promise", "Record, list and withdraw promises to pay."),
        "dispute": ("dispute:dispute", "Record, list and close disputes."),
        "installment": ("installment:installment", "Record, list and end instalment plans."),
        "contact": ("contact:contact", "Record, list and remove contacts with customers."),
        "hold": ("hold:hold", "Place, list and release credit holds."),
        "silence": ("silence:silence", "Have nobody reminded for a time, list and end that."),
        "waive": ("waive:waive", "Let finance charges go, list and withdraw that."),
        "assign": ("assign:assign", "Say who looks after a customer, list and end that."),
        "timezone": ("timezone:timezone", "Say in which time zone a customer lives, list and end that."),
        "application": ("application:application", "Score applications for credit, file, list and remove them."),
        "status": ("status:status", "Where each connection stands."),
        "worklist": ("worklist:worklist", "Whom to call first, and why."),
        "metrics": ("metrics:metrics", "How well what is owed comes in: DSO, CEI, days to pay, roll rates."),
        "aging": ("aging:aging", "Who owes how much, how old, with totals."),
        "digest": ("digest:digest", "The weekly letter: what was done, what waits, whom to call, what looks wrong."),
        "reconcile": ("reconcile:reconcile", "Our aging against the provider's own figures."),
        "audit": ("audit:audit", "What was planned, sent, answered, approved and refused, when and by whom."),
        "backfill": ("backfill:backfill", "Load years of history, with progress; goes on where it stopped."),
        "secrets": ("secrets:secrets", "Change the key that seals the stored consents."),
        "import": ("transfer:import_", "Take in a book file or CSV."),
        "export": ("transfer:export", "Write a connection's books to a book file or CSV."),
        "assess": ("assess:assess", "Decide on a book file without any connection."),
        "rules": ("rules:rules", "Lint, test, show, compare and replay rules files."),
        "backup": ("backup:backup", "Write a consistent copy of the store."),
        "recover": ("recover:recover", "Rebuild a lost store from the books' own records."),
        "simulator": ("simulator:simulator", "The simulated providers alone, for trying a configuration."),
    }
)


class LazyGroup(NearMissGroup):
    """A group that knows its commands by name and imports one only when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of the table: the order of a first day with the program."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return the command; None where there is no such command."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(import_module(f"syncd.cli.{module}"), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


def _show_version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:  # noqa: FBT001 - as click calls it
    if not wanted or ctx.resilient_parsing:  # click asks of every command
        return
    from importlib.metadata import PackageNotFoundError, version

    try:
        click.echo(f"syncd {version('syncd')}")
    except PackageNotFoundError:
        click.echo("syncd, run from a checkout that is not installed")
    ctx.exit()


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--version", is_flag=True, expose_value=False, is_eager=True, callback=_show_version, help="Show the version."
)
@click.option(
    "--config", type=click.Path(path_type=Path), metavar="FILE", help="The configuration; also after a command."
)
@click.pass_context
def root(ctx: click.Context, config: Path | None) -> None:
    """Credit control beside QuickBooks Online and Xero.

    Reads what customers owe, decides by your rules which reminders, holds and finance charges are due, shows the plan,
    and writes each one back into the books once.
    """
    ctx.obj = config


def run(arguments: Sequence[str], clock: Clock | None = None) -> int:
    """Run one command line by the machine's clock, or the one given, and return its exit code.

    What nobody expected is raised: it is a bug.
    """
    if COMPLETION_VARIABLE in os.environ:
        root.main(prog_name="syncd")  # answers the shell and leaves
    try:
        _refuse_broken(arguments)
        return _called(arguments, clock)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED_EXIT_CODE
    except BrokenPipeError:
        return _reader_went_away()
    except expected_errors() as error:
        click.echo(in_words(error), err=True)
        return exit_code_of(error)
    except OSError as error:
        return _told(error)


def _refuse_broken(arguments: Sequence[str]) -> None:
    """Bytes that are no text may name a file, and nothing else: no record could keep them."""
    for word in arguments:
        if (shown := word.encode(errors="replace").decode()) != word and not Path(word).exists():
            raise click.UsageError(f'"{shown}" holds bytes that are no text in UTF-8: write it anew')


def _called(arguments: Sequence[str], clock: Clock | None) -> int:
    try:
        with root.make_context("syncd", list(arguments), color=False if os.environ.get("NO_COLOR") else None) as ctx:
            bring(ctx, clock)
            result = root.invoke(ctx)
        sys.stdout.flush()
    except click.exceptions.Exit as leaving:
        return leaving.exit_code
    return result if isinstance(result, int) else 0


def _told(error: OSError) -> int:
    """Name what this machine lacks; any other failure of it is a bug, and raised again."""
    code = machine_trouble(error)
    if code is None:
        raise error
    click.echo(f"{error.filename or 'output'}: {error.strerror}", err=True)
    return code


def _reader_went_away() -> int:
    """`syncd aging | head -3` is no error: stop writing, and keep Python from complaining at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0
