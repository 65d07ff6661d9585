"""A provider that asked for time, or took its consent back, is left alone by commands too; a person may insist."""

from __future__ import annotations

import json

import pytest

from connectors.simulator.http import Fault, Response
from syncd.cli.root import run
from tests.service.conftest import trade

BUSY = Response(429, b"", {"Retry-After": "40000", "X-Rate-Limit-Problem": "day"})


def asked(site):
    return len(site.servers["acme"].seen)


@pytest.mark.parametrize("command", ["cycle", "pull"])
def test_a_parked_provider_is_not_asked_again_before_its_time_unless_a_person_insists(live, capsys, command):
    trade(live, live.add("acme", "xero"))  # QuickBooks knows limits of a minute only, and a pass waits those out
    live.servers["acme"].faults.append(Fault("refuse", "GET", response=BUSY, times=8))
    assert run(["cycle", "--config", str(live.config_file)]) == 75
    live.servers["acme"].faults.clear()
    before = asked(live)
    capsys.readouterr()

    assert run([command, "--json", "--config", str(live.config_file)]) == 75
    (told,) = json.loads(capsys.readouterr().out)
    assert asked(live) == before
    assert "parked until 20" in told["failure"]
    assert "--anyway" in told["failure"]

    assert run([command, "--anyway", "--config", str(live.config_file)]) in (0, 1)
    assert asked(live) > before


@pytest.mark.parametrize("kind", ["quickbooks", "xero"])
def test_a_connection_whose_consent_is_gone_waits_for_a_person(live, capsys, kind):
    company = live.add("acme", kind)
    company.revoke_consent()
    assert run(["cycle", "--config", str(live.config_file)]) == 77
    before = asked(live)
    capsys.readouterr()
    assert run(["cycle", "--config", str(live.config_file)]) == 77
    said = capsys.readouterr().out
    assert asked(live) == before
    assert "parked until a person acts" in said
    assert "syncd connect acme" in said
