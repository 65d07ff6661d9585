"""`syncd serve`: the console, health, metrics, stop-sell and webhooks, beside a daemon or without one."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from syncd import interrupt
from syncd.cli.desk import opened, start_logging
from syncd.cli.options import CONFIG
from syncd.cli.output import say


@click.command(short_help="The console, health, metrics, stop-sell and webhooks.")
@CONFIG
def serve(*, config: Path | None) -> None:
    """Serve the console, /healthz, /readyz, /metrics, /stop-sell and /webhooks on [serve] listen, until SIGTERM.

    Works beside `syncd run`, which with [serve] enabled serves the same itself. Everything but /healthz and signed
    webhooks needs the token: as "Authorization: Bearer TOKEN", or to log in with.
    """
    from syncd.console.app import serving

    with opened(config) as office:
        start_logging(verbose=True)
        with serving(office) as server:
            say(f"serving on http://{office.config.serve.host}:{server.port}/ until Ctrl-C")
            sys.stderr.flush()
            interrupt.wait()
