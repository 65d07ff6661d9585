"""`syncd installment`: agreed schedules of payment."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import click

from syncd.cli.options import DAY, Day
from syncd.cli.people import WHO, Records, at_the_desk, confirm, list_command, options


class Part(click.ParamType[tuple[date, str]]):
    """A day and an amount, such as 2025-04-30=100.00."""

    name = "date=amount"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[date, str]:
        """Read it, or say how it is written."""
        day, sign, amount = str(value).partition("=")
        if not sign or not amount:
            self.fail(f'"{value}" is not a day and an amount such as 2025-04-30=100.00', param, ctx)
        return Day().convert(day, param, ctx), amount


@click.group(cls=Records, short_help="Record, list and end instalment plans.")
def installment() -> None:
    """Record, list and end instalment plans.

    While a plan is kept, reminders follow its dates. A part unpaid the day after it was due breaks the plan, and the
    invoices' own dates return.
    """


@installment.command()
@click.argument("names", metavar="INVOICE...|CUSTOMER", nargs=-1, required=True)
@click.option("--pay", "rows", type=Part(), multiple=True, metavar="DATE=AMOUNT", help="One part; also several times.")
@click.option("--parts", type=click.IntRange(min=2, max=120), metavar="N", help="Instead: so many equal monthly parts.")
@click.option("--first", "first_on", type=DAY, metavar="DATE", help="With --parts: the day of the first.")
@WHO
@options
def add(
    *,
    names: Sequence[str],
    rows: Sequence[tuple[date, str]],
    parts: int | None,
    first_on: date | None,
    who: str | None,
    connection: str | None,
    as_json: bool,
    config: Path | None,
) -> None:
    """Record a schedule agreed for INVOICE (number or id, also several); a CUSTOMER stands for all its overdue.

    The parts must add up to what is open on the invoices today. With --parts and --first the sum is cut into equal
    monthly parts, and what cannot be cut evenly stands on the last.
    """
    from syncd.people import plans

    if (parts is None) != (first_on is None) or (parts is not None and rows):
        raise click.UsageError("write either --pay DATE=AMOUNT for each part, or --parts N with --first DATE")
    with at_the_desk(config, connection, who) as clerk:
        confirm(plans.add(clerk, names, rows, parts=parts, first_on=first_on), as_json=as_json)


installment.add_command(list_command("installment_plan", "instalment plans"))


@installment.command()
@click.argument("name", metavar="PLAN|INVOICE|CUSTOMER")
@WHO
@options
def end(*, name: str, who: str | None, connection: str | None, as_json: bool, config: Path | None) -> None:
    """End a plan, by its own name or by the invoice or customer it is about: the invoices' own dates count again."""
    from syncd.people import plans

    with at_the_desk(config, connection, who) as clerk:
        confirm(plans.end(clerk, name), as_json=as_json)
