"""The clock a command line goes by: the machine's, unless whoever runs it has brought one, as tests do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from syncd.clock import Clock

_BROUGHT = "syncd.clock"


def bring(ctx: click.Context, clock: Clock | None) -> None:
    """Have every command below this context go by `clock`; by the machine's, where it is None."""
    ctx.meta[_BROUGHT] = clock


def the_clock() -> Clock:
    """The clock of the command that runs."""
    from syncd.clock import SystemClock

    brought: Clock | None = click.get_current_context().meta.get(_BROUGHT)
    return brought or SystemClock()
