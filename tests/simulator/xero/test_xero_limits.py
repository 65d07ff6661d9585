"""Rate limits and idempotency: in Xero's order, authorisation, limits, then the kept answers."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.simulator.clock import SimulatedClock
from connectors.simulator.http import Request
from connectors.simulator.xero import IdempotencyCache, XeroCompany
from tests.simulator.xero.conftest import Caller


def test_every_answer_says_what_is_left(caller) -> None:
    first, second = caller.get("Organisation"), caller.get("Nowhere")

    assert (first.headers["X-DayLimit-Remaining"], first.headers["X-MinLimit-Remaining"]) == ("4999", "60")
    assert second.headers["X-DayLimit-Remaining"] == "4998"
    assert first.headers["Xero-Correlation-Id"] != second.headers["Xero-Correlation-Id"]


def test_the_minutes_limit_is_off_until_asked_for(caller) -> None:
    assert {caller.get("Organisation").status for _ in range(70)} == {200}


def test_over_sixty_a_minute_is_an_empty_429_that_says_when_to_come_back(caller, company, clock) -> None:
    company.limits.per_minute, company.limits.phase_s = 60, 0
    clock.advance(timedelta(seconds=34))

    answers = [caller.get("Organisation") for _ in range(61)]
    refused = answers[-1]
    clock.advance(timedelta(seconds=26))

    assert {answer.status for answer in answers[:60]} == {200}
    assert (refused.status, refused.body) == (429, b"")
    assert "Content-Type" not in refused.headers
    assert (refused.headers["Retry-After"], refused.headers["X-Rate-Limit-Problem"]) == ("26", "minute")
    assert refused.headers["X-MinLimit-Remaining"] == "0"
    assert caller.get("Organisation").status == 200


def test_the_days_window_begins_at_a_moment_of_the_tenants_own(caller, company, clock) -> None:
    company.limits.per_day, company.limits.phase_s = 3, 3600
    for _ in range(3):
        caller.get("Organisation")
    refused = caller.get("Organisation")
    clock.advance(timedelta(seconds=int(refused.headers["Retry-After"])))
    caller.renew()

    assert refused.headers["X-Rate-Limit-Problem"] == "day"
    assert clock.now() == datetime(2026, 3, 2, 23, 0, tzinfo=UTC)
    assert caller.get("Organisation").status == 200


def test_refused_calls_count_too(caller, company) -> None:
    company.limits.per_minute = 2
    for _ in range(5):
        caller.get("Organisation")

    assert caller.seen[-1].headers["X-DayLimit-Remaining"] == "4995"


def test_two_tenants_have_other_phases(clock) -> None:
    phases = {XeroCompany(clock, name=name).limits.phase_s for name in ("A", "B", "C")}

    assert len(phases) == 3


class SlowClock(SimulatedClock):
    """A clock that holds up whoever asks the time until it is let go: requests pile up behind it."""

    def __init__(self) -> None:
        super().__init__(datetime(2026, 3, 2, 9, 0, tzinfo=UTC))
        self.open = threading.Event()
        self.open.set()

    def now(self) -> datetime:
        self.open.wait(5)
        return super().now()


def test_the_sixth_call_at_once_is_refused_without_a_time_to_come_back() -> None:
    slow = SlowClock()
    company = XeroCompany(slow)
    token = company.issue_tokens()["access_token"]
    headers = {"authorization": f"Bearer {token}", "xero-tenant-id": company.account, "accept": "application/json"}
    request = Request("GET", "/api.xro/2.0/Organisation", {}, headers, b"")
    answers: list[Any] = []
    slow.open.clear()
    threads = [threading.Thread(target=lambda: answers.append(company.application(request))) for _ in range(6)]
    for thread in threads:
        thread.start()
    while company.limits.running < 5:
        threading.Event().wait(0.01)
    slow.open.set()
    for thread in threads:
        thread.join()

    refused = [answer for answer in answers if answer.status == 429]
    assert len(refused) == 1
    assert refused[0].headers["X-Rate-Limit-Problem"] == "concurrent"
    assert "Retry-After" not in refused[0].headers


# -- idempotency


def note(caller, invoice: str, key: str, text: str = "called", **query: str):
    body = {"HistoryRecords": [{"Details": text}]}
    return caller.send("PUT", f"Invoices/{invoice}/History", body, headers={"idempotency-key": key}, **query)


def notes(company: XeroCompany) -> int:
    return sum(effect.kind == "memo" for effect in company.effects())


def test_the_same_key_and_request_replay_the_first_answer(caller, company, invoice) -> None:
    first, second = note(caller, invoice, "k"), note(caller, invoice, "k")

    assert (first.status, first.body) == (second.status, second.body)
    assert notes(company) == 1
    assert company.replayed == 1


def test_a_replay_still_costs_a_call(caller, company, invoice) -> None:
    note(caller, invoice, "k")

    assert note(caller, invoice, "k").headers["X-DayLimit-Remaining"] == "4998"


def test_a_replay_over_the_limit_is_429(caller, company, invoice) -> None:
    company.limits.per_day = 1
    note(caller, invoice, "k")

    assert note(caller, invoice, "k").status == 429


def test_without_a_key_the_same_thing_is_done_twice_and_seen_twice(caller, company, invoice) -> None:
    for _ in range(2):
        caller.put(f"Invoices/{invoice}/History", {"HistoryRecords": [{"Details": "called"}]})

    assert notes(company) == 2


def test_a_key_is_forgotten_six_minutes_after_its_first_use(caller, company, clock, invoice) -> None:
    note(caller, invoice, "k")
    clock.advance(timedelta(minutes=5, seconds=59))
    note(caller, invoice, "k")
    clock.advance(timedelta(seconds=1))
    note(caller, invoice, "k")

    assert notes(company) == 2


def test_a_key_with_another_body_address_or_verb_is_refused(caller, company, oak, invoice) -> None:
    note(caller, invoice, "k")

    other_body = note(caller, invoice, "k", "other")
    other_query = note(caller, invoice, "k", summarizeErrors="false")
    other_verb = caller.send("POST", f"Invoices/{invoice}", {"Reference": "x"}, headers={"idempotency-key": "k"})

    assert [answer.status for answer in (other_body, other_query, other_verb)] == [400, 400, 400]
    assert notes(company) == 1


def test_keys_belong_to_the_app_so_that_one_company_can_get_anothers_answer(clock) -> None:
    cache = IdempotencyCache()
    first, second = (XeroCompany(clock, name=name, cache=cache) for name in ("First Ltd", "Second Ltd"))
    body = {"Name": "Oak Ltd"}

    theirs = Caller(first).send("PUT", "Contacts", body, headers={"idempotency-key": "k"})
    ours = Caller(second).send("PUT", "Contacts", body, headers={"idempotency-key": "k"})

    assert ours.body == theirs.body
    assert Caller(second).get("Contacts").rows == []


def test_errors_are_kept_and_replayed_too(caller, company, oak, invoice) -> None:
    body = {"InvoiceID": invoice, "Status": "DELETED"}
    first = caller.send("POST", "Invoices", body, headers={"idempotency-key": "k"})
    company.void(invoice)
    second = caller.send("POST", "Invoices", body, headers={"idempotency-key": "k"})

    assert (first.status, second.body) == (400, first.body)
    assert company.replayed == 1


def test_a_key_longer_than_128_is_refused(caller, invoice) -> None:
    assert note(caller, invoice, "k" * 128).status == 200
    assert note(caller, invoice, "k" * 129).status == 400


def test_reads_ignore_keys(caller, company, invoice) -> None:
    for _ in range(2):
        caller.send("GET", f"Invoices/{invoice}", headers={"idempotency-key": "k"})

    assert company.replayed == 0


@pytest.mark.parametrize(("method", "path"), [("PATCH", "Invoices"), ("DELETE", "Invoices"), ("POST", "Organisation")])
def test_a_verb_that_a_resource_does_not_know_is_405(caller, method, path) -> None:
    assert caller.send(method, path).status == 405


def test_an_unknown_resource_is_404_with_an_empty_page(caller) -> None:
    assert (caller.get("Quotas").status, caller.get("Quotas").body) == (404, b"")
