"""Whose books answer: asked at first contact and once a day; another company is refused before anything is read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from connectors.simulator.http import Fault, Response
from syncd.attempt import attempt_pass
from syncd.cli.root import run
from tests.service.conftest import trade

KINDS = pytest.mark.parametrize("kind", ["quickbooks", "xero"])
PATHS = {"quickbooks": "/companyinfo/", "xero": "/Organisation"}
ELSEWHERE: Mapping[str, Mapping[str, Any]] = {
    "quickbooks": {"CompanyInfo": {
        "Id": "1", "CompanyName": "Somebody Else", "MetaData": {"CreateTime": "2014-09-18T08:38:33-07:00"},
    }},
    "xero": {"Organisations": [{
        "OrganisationID": "b2c885a9-4bb9-4a00-9b6e-6c2bf60b1a2b", "Name": "Somebody Else", "BaseCurrency": "NZD",
    }]},
}  # fmt: skip


def answer(site, kind: str, document: Mapping[str, Any]) -> None:
    """From now on the company says this of itself."""
    page = Response(200, json.dumps(document).encode(), {"Content-Type": "application/json"})
    site.servers["acme"].faults.append(Fault("reply", "GET", PATHS[kind], page, times=1000))


def asked(site, kind: str, since: int = 0) -> list[str]:
    return [request.path for request in site.servers["acme"].seen[since:] if PATHS[kind] in request.path]


@KINDS
def test_another_company_behind_the_same_address_parks_the_connection_before_anything_is_read(site, ground, kind):
    trade(site, site.add("acme", kind))
    with site.opened() as office:
        ledger = office.ledger("acme")
        assert attempt_pass(ledger, ground(office)).failure is None
        ours, before = ledger.mirror.digests(), len(site.servers["acme"].seen)
        site.clock.advance(timedelta(days=1))
        answer(site, kind, ELSEWHERE[kind])
        report = attempt_pass(ledger, ground(office))
        assert report.exit_code == 77
        assert "Somebody Else" in report.failure
        assert site.companies["acme"].name in report.failure
        assert "syncd connect acme" in report.failure
        assert ledger.connections.standing().is_parked(site.clock.now() + timedelta(days=30))
        assert ledger.mirror.digests() == ours
        since = [
            request.path
            for request in site.servers["acme"].seen[before:]
            if request.path.startswith(("/v3/", "/api.xro/"))
        ]
        assert len(since) == len(asked(site, kind, before)) == 1, "nothing else was asked of the other company"


@KINDS
def test_who_answers_is_asked_once_a_day_and_not_with_every_pass(site, ground, kind):
    site.add("acme", kind)
    with site.opened() as office:
        ledger = office.ledger("acme")
        attempt_pass(ledger, ground(office))
        first = len(site.servers["acme"].seen)
        for _ in range(5):
            site.clock.advance(timedelta(minutes=5))
            attempt_pass(ledger, ground(office))
        assert asked(site, kind, first) == []


def test_a_company_that_was_renamed_is_still_the_same(site, ground):
    company = site.add("acme", "quickbooks")
    with site.opened() as office:
        ledger = office.ledger("acme")
        attempt_pass(ledger, ground(office))
        for name in ("Harbor Supply LLC", "Harbor Group"):
            company.books.need_one("CompanyInfo").body["CompanyName"] = name
            site.clock.advance(timedelta(days=1))
            assert attempt_pass(ledger, ground(office)).failure is None


NAMELESS: Mapping[str, Mapping[str, Any]] = {
    "quickbooks": {"CompanyInfo": {"Id": "1", "Country": "US"}},
    "xero": {"Organisations": [{"BaseCurrency": "NZD"}]},
}


@KINDS
def test_a_day_on_which_the_company_does_not_say_who_it_is_lets_no_other_one_in(site, ground, kind):
    trade(site, site.add("acme", kind))
    with site.opened() as office:
        ledger = office.ledger("acme")
        attempt_pass(ledger, ground(office))
        for says in (NAMELESS, ELSEWHERE):
            ours = ledger.mirror.digests()
            site.servers["acme"].faults.clear()
            site.clock.advance(timedelta(days=1))
            answer(site, kind, says[kind])
            report = attempt_pass(ledger, ground(office))
        assert report.exit_code == 77
        assert ledger.mirror.digests() == ours


@pytest.mark.parametrize("named", [[], None, [{"Name": "A"}, {"Name": "B"}]])
def test_xero_that_does_not_name_one_organisation_is_asked_again_later(site, ground, named):
    site.add("acme", "xero")
    with site.opened() as office:
        answer(site, "xero", {"Organisations": named})
        report = attempt_pass(office.ledger("acme"), ground(office))
    assert report.exit_code == 69
    assert "organisations where one was expected" in report.failure


@KINDS
def test_the_command_says_it_and_leaves_with_77(live, capsys, kind):
    live.add("acme", kind)
    assert run(["pull", "--config", str(live.config_file)]) == 0
    with live.opened() as office:
        ledger = office.ledger("acme")
        kept = ledger.findings.get("identity")
        ledger.findings.put("identity", kept.document, kept.at - timedelta(days=2))
    answer(live, kind, ELSEWHERE[kind])
    assert run(["check", "--config", str(live.config_file)]) == 77
    assert "Somebody Else" in capsys.readouterr().out
    assert run(["cycle", "--config", str(live.config_file)]) == 77
    said = capsys.readouterr()
    assert "Somebody Else" in said.out + said.err
