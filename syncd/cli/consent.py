"""`syncd connect` and `syncd disconnect`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from syncd.cli.desk import require_connection, start_logging
from syncd.cli.options import CONFIG, EXISTING_FILE
from syncd.cli.output import say
from syncd.errors import ConsentMissing

if TYPE_CHECKING:
    from connectors import ConnectionSettings
    from connectors.tokens import Tokens
    from syncd.clock import Clock
    from syncd.store.connections import Connections
    from syncd.vault import Vault

    Opened = tuple[ConnectionSettings, Vault, Connections, Clock]


@click.command(short_help="Give OAuth consent for a connection.")
@click.argument("name")
@click.option("--paste", is_flag=True, help="Paste the address the browser ended on, instead of waiting for it here.")
@click.option("--tokens", type=EXISTING_FILE, metavar="FILE", help="Take over tokens obtained elsewhere (JSON).")
@click.option("--redirect-uri", metavar="URL", help="A redirect address your app lists; else a loopback one.")
@CONFIG
def connect(*, name: str, paste: bool, tokens: Path | None, redirect_uri: str | None, config: Path | None) -> None:
    """Give OAuth consent for the connection NAME.

    Prints an address to open in a browser and waits for it to come back to this machine. On a machine without a browser
    use --paste: open the address anywhere and paste the full address of the page you land on. --tokens takes what a
    provider's token endpoint answered, plus realm_id or tenant_id.
    """
    from syncd.consent import adopted, granted, needs_a_person

    with _opened(config, name) as (settings, vault, connections, clock):
        if tokens is not None:
            found = adopted(settings, tokens, clock)
        elif not needs_a_person(settings):
            found = granted(settings, clock)
        else:
            found = _consented(settings, redirect_uri, clock, paste=paste)
        connections.register(found.account)
        vault.store(found)
        connections.unpark()
    until = f"; unused, the consent ends on {found.refresh_expires_at:%Y-%m-%d}" if found.refresh_expires_at else ""
    say(f"{name} is connected to company {found.account}{until}")


@click.command(short_help="Revoke a connection's consent and forget its tokens.")
@click.argument("name")
@click.option("--forget", is_flag=True, help="Forget the tokens even where the provider cannot be told.")
@CONFIG
def disconnect(*, name: str, forget: bool, config: Path | None) -> None:
    """Revoke the consent of the connection NAME at the provider and forget its tokens. The books we hold stay."""
    from connectors.errors import ConnectorError, ConsentNeeded
    from syncd.consent import revoke

    with _opened(config, name) as (settings, vault, _, _):
        tokens = vault.tokens()
        if tokens is None:
            raise ConsentMissing(f"{name} is not connected")
        try:
            revoke(settings, tokens)
        except ConsentNeeded:
            say(f"{name}: the provider had ended the consent already")
        except ConnectorError as error:
            if not forget:
                raise
            say(f"{name}: the provider could not be told ({error}); end the consent there by hand")
        vault.forget()
    say(f"{name} is disconnected; its tokens are forgotten")


@contextmanager
def _opened(config: Path | None, name: str) -> Iterator[Opened]:
    """What a consent needs of one connection: no rules, no other connection's secrets."""
    from syncd.clock import SystemClock
    from syncd.config import load_config
    from syncd.office import open_vault
    from syncd.store.connections import Connections
    from syncd.store.engine import open_store

    start_logging(verbose=False)
    loaded = load_config(config)
    require_connection(loaded, name)
    settings, clock = loaded.connections[name].settings(), SystemClock()
    loaded.state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    store = open_store(loaded.database)
    try:
        connections = Connections(store, name)
        connections.register(settings.account)
        yield settings, open_vault(loaded, settings, store, clock), connections, clock
    finally:
        store.close()


def _consented(settings: ConnectionSettings, redirect_uri: str | None, clock: Clock, *, paste: bool) -> Tokens:
    from syncd.consent import DEFAULT_REDIRECT, begin, listen

    consent = begin(settings, redirect_uri or DEFAULT_REDIRECT)

    def invite() -> None:
        say(f"Open this address in a browser, choose the company and give consent:\n\n  {consent.address}\n")

    if paste:
        invite()
        say(f"Then paste the full address of the page you land on ({consent.redirect_uri}?…):")
        redirected = sys.stdin.readline()
    else:
        redirected = listen(consent.redirect_uri, clock, invite)
    return consent.exchanged(redirected, clock)
