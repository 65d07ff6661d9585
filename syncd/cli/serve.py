"""`syncd serve`: the console, health, metrics, stop-sell and webhooks, beside a daemon or without one."""

from __future__ import annotations

import signal
import sys
import threading
from pathlib import Path

import click

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

    ended = threading.Event()
    with opened(config) as office:
        start_logging(verbose=True)
        with serving(office) as server:
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda *_: ended.set())
            say(f"serving on http://{office.config.serve.host}:{server.port}/ until Ctrl-C")
            sys.stderr.flush()
            while not ended.wait(1.0):
                pass
