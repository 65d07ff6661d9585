"""Rows A: tokens that run out, are lost, are refused, or are good for somebody else's books."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta

import pytest

from connectors.simulator.http import Request
from tests.faults.cases import CASE
from tests.faults.world import KILLED, REPOSITORY, TOKEN_PATHS, Builder, World, is_write

CHARGE = CASE["finance charge"]
both = pytest.mark.parametrize("provider", ["quickbooks", "xero"])


def refreshes(world: World) -> int:
    paths = ("/oauth2/v1/tokens/bearer", "/connect/token")
    return sum(request.method == "POST" and request.path in paths for request in world.server.seen)


def run_out(world: World) -> None:
    expire = getattr(world.company, "expire_access_tokens", None) or world.company.expire_tokens
    expire()


@both
def test_a1_the_access_token_runs_out_in_the_middle_of_a_pass(build: Builder, provider: str) -> None:
    world = build(CHARGE, provider)
    ran_out: list[int] = []

    def expires(request: Request) -> None:
        if is_write(request) and not ran_out:
            ran_out.append(1)
            run_out(world)

    world.before_commit = expires
    world.quiet()
    assert world.outcome() == "once"
    assert refreshes(world) == 1


@both
def test_a2_two_processes_that_meet_a_dead_token_refresh_it_once(build: Builder, provider: str) -> None:
    world = build(CHARGE, provider, on_machine_clock=True)
    run_out(world)
    command = [sys.executable, "-m", "syncd.cli", "check", "--config", str(world.folder / "config.toml")]
    asking = [
        subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE)  # noqa: S603
        for _ in range(2)
    ]
    said = [process.communicate(timeout=60) for process in asking]
    assert all(b"answers" in out for out, _ in said), said
    assert refreshes(world) == 1


def lose_a_rotated_token(world: World) -> None:
    if world.company.kind == "quickbooks":
        world.company.sign_in.rotates_always = True

    def rotated(request: Request) -> None:
        if request.method == "POST" and request.path.startswith(TOKEN_PATHS):
            world.kill()

    world.after_commit = rotated
    run_out(world)
    assert world.child() == KILLED
    world.after_commit = None


@both
def test_a3_a_rotated_token_lost_by_a_crash_is_asked_for_again_while_the_provider_allows_it(
    build: Builder, provider: str
) -> None:
    world = build(CHARGE, provider)
    lose_a_rotated_token(world)
    world.quiet()
    assert world.outcome() == "once"


@both
def test_a3_past_the_grace_the_connection_is_parked_and_says_what_to_do(build: Builder, provider: str) -> None:
    world = build(CHARGE, provider)
    lose_a_rotated_token(world)
    world.clock.advance(timedelta(hours=25))
    report = world.one_pass()
    assert report.exit_code == 77
    with world.ledger() as (ledger, _):
        parked = ledger.connections.standing()
    assert parked.is_parked(world.clock.now() + timedelta(days=365))
    assert "syncd connect acme" in parked.parked_why
    assert "was lost" in parked.parked_why
    assert world.count == 0


@both
def test_a4_a_consent_that_is_gone_for_good_is_asked_about_at_most_twice(build: Builder, provider: str) -> None:
    world = build(CHARGE, provider)
    world.company.revoke_consent()
    run_out(world)
    assert world.child() == 77
    assert 1 <= refreshes(world) <= 2
    with world.ledger() as (ledger, _):
        assert "syncd connect acme" in ledger.connections.standing().parked_why


@both
def test_a4_a_consent_that_ends_during_a_write_leaves_nothing_unclear(build: Builder, provider: str) -> None:
    world = build(CASE["provider e-mail"], provider)

    def gone(request: Request) -> None:
        if is_write(request):
            world.company.revoke_consent()
            run_out(world)

    world.before_commit = gone
    assert world.one_pass().exit_code == 77
    assert set(world.states().values()) == {"planned"}


@both
def test_a5_tokens_of_another_company_are_refused(build: Builder, provider: str) -> None:
    world = build(CHARGE, provider, on_machine_clock=True)
    stranger = world.company.issue_tokens() | {"realm_id": "999", "tenant_id": "somebody-else"}
    (world.folder / "tokens.json").write_text(json.dumps(stranger))
    refused = world.cli("connect", "acme", "--tokens", str(world.folder / "tokens.json"))
    assert refused.returncode == 77, refused.stderr
    assert "Traceback" not in refused.stderr
    assert world.one_pass().failure is None, "the consent we have stays"
