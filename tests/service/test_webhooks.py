"""Webhooks: a signature over the raw bytes, an answer at once, and no more than a hint."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import sqlite3
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from bench.day import day_of
from syncd import hints
from syncd.console.app import serving
from syncd.daemon import Daemon

KEYS = {"quickbooks": "verifier-token", "xero": "webhook-key"}
HEADERS = {"quickbooks": "intuit-signature", "xero": "x-xero-signature"}


@pytest.fixture
def told(site):
    """Posts a body, signed by the app's key or by another; and what was hinted at by then."""
    site.head = 'state_dir = "state"\n[serve]\nlisten = "127.0.0.1:0"\n'
    for name, kind in (("acme", "quickbooks"), ("kauri", "xero")):
        key = site.folder / f"{name}.webhook_key"
        key.write_text(KEYS[kind] + "\n")
        key.chmod(0o600)
        site.add(name, kind, more=f'webhook_key_file = "{key.name}"\n')
    office = site.doors.enter_context(site.opened())
    server = site.doors.enter_context(serving(office))

    def post(kind: str, document: object, key: str | None = None) -> tuple[int, list[str]]:
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        made = base64.b64encode(hmac.new((key or KEYS[kind]).encode(), body, hashlib.sha256).digest()).decode()
        url = f"http://127.0.0.1:{server.port}/webhooks/{kind}"
        answer = requests.post(url, data=body, headers={HEADERS[kind]: made}, timeout=3)
        return answer.status_code, hints.take(office.config.state_dir, ["acme", "kauri"])

    return post


def legacy(realm: str, ref: str = "1") -> object:
    entity = {"name": "Invoice", "id": ref, "operation": "Update", "lastUpdated": "2026-11-20T14:42:19-0700"}
    return {"eventNotifications": [{"realmId": realm, "dataChangeEvent": {"entities": [entity]}}]}


def cloud_event(realm: str, ref: str = "e-1") -> object:
    return [
        {"specversion": "1.0", "id": ref, "source": "intuit.x", "type": "qbo.invoice.created.v1",
         "intuitentityid": "1", "intuitaccountid": realm, "data": {}}
    ]  # fmt: skip


def xero(tenant: str, ref: str = "r") -> object:
    event = {"resourceId": ref, "eventDateUtc": "2026-11-20T01:02:03.4", "eventType": "UPDATE", "tenantId": tenant}
    return {"events": [event], "firstEventSequence": 1, "lastEventSequence": 1, "entropy": "x"}


@pytest.mark.parametrize("shape", [legacy, cloud_event])
def test_both_quickbooks_formats_wake_the_company_they_name_and_a_repetition_does_not(told, site, shape):
    realm = site.companies["acme"].account
    assert told("quickbooks", shape(realm)) == (200, ["acme"])
    assert told("quickbooks", shape(realm)) == (200, [])
    assert told("quickbooks", shape(realm, "other")) == (200, ["acme"])
    assert told("quickbooks", shape("another-realm")) == (200, [])


def test_xero_wakes_its_organisation_once_for_an_event(told, site):
    tenant = site.companies["kauri"].account
    assert told("xero", xero(tenant)) == (200, ["kauri"])
    assert told("xero", xero(tenant)) == (200, [])


def test_xeros_intent_to_receive_is_answered_by_the_signature_alone(told):
    empty = {"events": [], "firstEventSequence": 0, "lastEventSequence": 0, "entropy": "y"}
    assert told("xero", empty) == (200, [])
    assert told("xero", empty, key="wrong") == (401, [])


@pytest.mark.parametrize("kind", ["quickbooks", "xero"])
def test_a_wrong_signature_is_refused_and_an_odd_body_under_a_right_one_is_taken(told, site, kind):
    name = "acme" if kind == "quickbooks" else "kauri"
    document = legacy(site.companies[name].account) if kind == "quickbooks" else xero(site.companies[name].account)
    assert told(kind, document, key="wrong") == (401, [])
    for odd in (b"", b"{", b"[1]", b'{"events": 5}', b'{"eventNotifications": [{}]}', b"null", b'{"events": [{}]}'):
        assert told(kind, odd) == (200, [])


@pytest.mark.parametrize("kind", ["quickbooks", "xero"])
@pytest.mark.parametrize(
    "body",
    [b"[" * 50_000, b'{"events":' * 20_000, b'{"events":[{"tenantId":"\\ud83d","resourceId":"\\u0000"}]}', b"\x00\xff",
     b"1" * 5000, b'{"eventNotifications":[{"realmId":"\\ud83d","dataChangeEvent":{"entities":[{"id":"\\ud83d"}]}}]}'],
    ids=["deep", "deep objects", "halves", "bytes", "long", "half a realm"],
)  # fmt: skip
def test_a_signed_body_of_any_shape_is_answered_and_wakes_nobody(told, kind, body):
    assert told(kind, body) == (200, [])


def test_webhooks_are_off_by_default(site):
    site.head = 'state_dir = "state"\n[serve]\nlisten = "127.0.0.1:0"\n'
    site.add("acme", "quickbooks")
    with site.opened() as office, serving(office) as server:
        answer = requests.post(f"http://127.0.0.1:{server.port}/webhooks/quickbooks", data=b"{}", timeout=10)
        assert answer.status_code == 404


def test_a_hint_makes_the_daemon_look_sooner_but_never_more_than_every_ten_seconds(site):
    site.add("acme", "quickbooks")
    with site.opened() as office:
        daemon = Daemon(office)
        ledger = office.ledger("acme")
        daemon.pass_of(ledger)
        assert daemon._job(ledger) is None
        hints.give(office.config.state_dir, "acme")
        daemon._take_hints()
        assert daemon._job(ledger) is None, "a pass has only just been made"
        site.clock.sleep(11)
        assert daemon._job(ledger) is not None


@pytest.mark.parametrize("kind", ["quickbooks", "xero"])
def test_a_flood_is_answered_in_the_providers_time_even_while_the_database_is_locked(told, site, kind):
    """QuickBooks gives three seconds, Xero five; nothing of an answer waits for a pass or for the store."""
    account = site.companies["acme" if kind == "quickbooks" else "kauri"].account
    shape = cloud_event if kind == "quickbooks" else xero
    holder = sqlite3.connect(site.folder / "state" / "syncd.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    try:
        with ThreadPoolExecutor(32) as many:
            answers = list(many.map(lambda number: told(kind, shape(account, f"e-{number}"))[0], range(256)))
    finally:
        holder.close()
    assert answers == [200] * 256


@pytest.mark.parametrize("kind", ["quickbooks", "xero"])
def test_with_webhooks_a_company_polled_seldom_is_asked_less_and_releases_a_hold_sooner(tmp_path, kind):
    often = day_of(kind, "5m", webhooks=False, folder=tmp_path / "often", hours=3)
    seldom = day_of(kind, "30m", webhooks=True, folder=tmp_path / "seldom", hours=3)
    assert seldom["requests"] < 0.7 * often["requests"]
    assert seldom["at most_s"] <= 10 < often["released after_s"]
