"""`syncd connect` and `syncd disconnect`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from connectors.errors import WrongCompany
from syncd import hints
from syncd.cli.clock import the_clock
from syncd.cli.desk import require_connection, start_logging
from syncd.cli.options import CONFIG, EXISTING_FILE
from syncd.cli.output import say
from syncd.errors import ConsentMissing, Usage

if TYPE_CHECKING:
    from connectors import ConnectionSettings
    from connectors.errors import SeveralCompanies
    from connectors.tokens import Tokens
    from syncd.clock import Clock
    from syncd.consent import Consent
    from syncd.secrets.vault import Vault
    from syncd.store.connections import Connections

    Opened = tuple[ConnectionSettings, Vault, Connections, Clock]


@click.command(short_help="Give OAuth consent for a connection.")
@click.argument("name")
@click.option("--paste", is_flag=True, help="Paste the address the browser ended on, instead of waiting for it here.")
@click.option("--tokens", type=EXISTING_FILE, metavar="FILE", help="Take over tokens obtained elsewhere (JSON).")
@click.option("--from-laptop", is_flag=True, help="Show a ticket for a laptop with a browser; take its sealed answer.")
@click.option("--on-laptop", is_flag=True, help="The laptop's side: take the server's ticket, print the sealed answer.")
@click.option("--company", metavar="ID", help="The company that is meant, where a consent covers several.")
@click.option("--redirect-uri", metavar="URL", help="A redirect address your app lists; else a loopback one.")
@CONFIG
def connect(
    *,
    name: str,
    paste: bool,
    tokens: Path | None,
    from_laptop: bool,
    on_laptop: bool,
    company: str | None,
    redirect_uri: str | None,
    config: Path | None,
) -> None:
    """Give OAuth consent for the connection NAME.

    Prints an address to open in a browser and waits for it to come back to this machine. On a server without a browser
    use --from-laptop: it shows a ticket, `syncd connect NAME --on-laptop` takes it on your laptop and prints a sealed
    answer to paste back. Or use --paste: open the address anywhere and paste the full address of the page you land on.
    --tokens takes what a provider's token endpoint answered, plus realm_id or tenant_id.
    """
    ways = {"--paste": paste, "--tokens": tokens, "--from-laptop": from_laptop, "--on-laptop": on_laptop}
    if len(chosen := [way for way, taken in ways.items() if taken]) > 1:
        raise Usage(f"{' and '.join(chosen)} are two ways to one consent: take one of them")
    if on_laptop:
        _answer_ticket(name)
        return
    with _opened(config, name) as (settings, vault, connections, clock):
        meant = replace(settings, account=company) if company and not settings.account else settings
        way = Way(redirect_uri, paste=paste, from_laptop=from_laptop)
        found = _obtained(meant, tokens, way, clock)
        if company and found.account != company:
            raise WrongCompany(f"the consent is for company {found.account}, not for {company}; nothing was changed")
        connections.register(found.account)
        vault.store(found)
        connections.unpark()
        hints.give(vault.lock_file.parent, name)  # a running daemon goes on at once
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

    with _opened(config, name, insist=False) as (settings, vault, _, _):
        tokens = vault.tokens()
        if tokens is None:
            raise ConsentMissing(f"{name} is not connected")
        try:
            vault.access_token()  # a fresh one, by which Xero tells this organisation from others
            revoke(settings, vault.tokens() or tokens)
        except ConsentNeeded:
            say(f"{name}: the provider had ended the consent already")
        except ConnectorError as error:
            if not forget:
                raise
            say(f"{name}: the provider could not be told ({error}); end the consent there by hand")
        vault.forget()
    say(f"{name} is disconnected; its tokens are forgotten")


@contextmanager
def _opened(config: Path | None, name: str, *, insist: bool = True) -> Iterator[Opened]:
    """What a consent needs of one connection: no rules, no other connection's secrets.

    `insist`: the configured company is the one whose books and consent we have under that name.
    """
    from syncd.config import load_config
    from syncd.office import make_state_folder, open_vault
    from syncd.store.connections import Connections
    from syncd.store.engine import open_store

    start_logging(verbose=False)
    loaded = load_config(config)
    require_connection(loaded, name)
    settings, clock = loaded.connections[name].settings(), the_clock()
    make_state_folder(loaded)
    store = open_store(loaded.database)
    try:
        connections = Connections(store, name)
        connections.register(settings.account if insist else "")
        yield settings, open_vault(loaded, settings, store, clock), connections, clock
    finally:
        store.close()


@dataclass(frozen=True, slots=True)
class Way:
    """How the address that the browser ended on gets here."""

    redirect_uri: str | None
    paste: bool
    from_laptop: bool


def _obtained(settings: ConnectionSettings, tokens: Path | None, way: Way, clock: Clock) -> Tokens:
    from syncd.consent import adopted, granted, needs_a_person

    if tokens is not None:
        return adopted(settings, tokens, clock)
    if not needs_a_person(settings):
        return granted(settings, clock)
    return _consented(settings, way, clock)


def _consented(settings: ConnectionSettings, way: Way, clock: Clock) -> Tokens:
    from connectors.errors import SeveralCompanies
    from syncd.consent import DEFAULT_REDIRECT, begin

    consent = begin(settings, way.redirect_uri or DEFAULT_REDIRECT)
    try:
        return consent.exchanged(_redirected(consent, settings.name, way, clock), clock)
    except SeveralCompanies as several:
        return _chosen(several)


def _redirected(consent: Consent, name: str, way: Way, clock: Clock) -> str:
    """The address the browser ended on."""
    from syncd.consent import WAIT_S, listen

    if way.from_laptop:
        return _from_laptop(consent, name)

    def invite() -> None:
        say(f"Open this address in a browser, choose the company and give consent:\n\n  {consent.address}\n")

    if way.paste:
        invite()
        return _pasted_address(consent.redirect_uri)

    def wait_here() -> None:
        invite()
        say(f"This waits {WAIT_S / 60:.0f} minutes for the browser to come back; Ctrl-C ends it and changes nothing.")

    return listen(consent.redirect_uri, clock, wait_here)


def _from_laptop(consent: Consent, name: str) -> str:
    """Show a ticket, take the sealed answer."""
    from syncd.handover import Handover, Ticket

    handover = Handover()
    ticket = Ticket(name, consent.address, consent.redirect_uri, handover.key)
    say(f"On a machine with a browser run: syncd connect {name} --on-laptop\nand paste this ticket there:\n")
    say(f"{ticket.to_text()}\n")
    return handover.unseal(_pasted("Then paste here what it answers (one line that begins with syncd-blob):"))


def _answer_ticket(name: str) -> None:
    """The laptop's side. Needs no configuration and no secret."""
    from syncd.config.values import is_loopback
    from syncd.consent import listen
    from syncd.handover import Ticket, sealed

    start_logging(verbose=False)
    ticket = Ticket.parse(_pasted("Paste the ticket the server shows (one line that begins with syncd-ticket):"))
    if ticket.name != name:
        raise Usage(f"this ticket is for the connection {ticket.name}, not for {name}")

    def invite() -> None:
        say(f"Open this address in a browser, choose the company and give consent:\n\n  {ticket.address}\n")

    if is_loopback(urlsplit(ticket.redirect_uri).hostname or ""):
        redirected = listen(ticket.redirect_uri, the_clock(), invite)
    else:
        invite()
        redirected = _pasted_address(ticket.redirect_uri)
    say("Paste this line on the server within a few minutes; it is sealed for that server alone:\n")
    click.echo(sealed(ticket, redirected))


def _chosen(several: SeveralCompanies) -> Tokens:
    """The tokens for the company a person picks of those the consent covers."""
    companies = sorted(several.companies.items(), key=lambda pair: pair[1])
    say("The consent covers several companies:\n")
    for number, (ref, name) in enumerate(companies, 1):
        say(f"  {number}  {name}  ({ref})")
    answer = _pasted("\nWhich one? Its number:")
    if not answer.isdecimal() or not 1 <= int(answer) <= len(companies):
        raise WrongCompany(f"{several}; nothing was changed: run it again and give its number, or use --company ID")
    return replace(several.tokens, account=companies[int(answer) - 1][0])


def _pasted_address(redirect_uri: str) -> str:
    pasted = _pasted(f"Then paste the full address of the page you land on ({redirect_uri}?…):")
    if not urlsplit(pasted).scheme.startswith("http") or "state=" not in pasted:
        wanted = f"paste the whole line of the browser's address bar, which begins with {redirect_uri}?"
        raise Usage(f"this is no address that a consent ends on; {wanted}. Nothing was changed, begin again")
    return pasted


def _pasted(question: str) -> str:
    say(question)
    return sys.stdin.readline().strip()
