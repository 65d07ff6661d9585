"""What goes over the wire, how often, and what each failure is called."""

from __future__ import annotations

import gzip
import socket
import threading
import time
import traceback
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from connectors import Ref
from connectors.errors import ConsentNeeded, OutcomeUnknown, Rejected, Throttled, Unavailable
from connectors.simulator.http import Fault, Request, Response
from connectors.transport import Timing
from connectors.xero.client import XeroConnector, connect
from rules.domain.actions import AddNote
from tests.links.xero.tiny import TENANT, Tokens, empty_html, guid, invalid, invoice, json_response, last

NOTE = AddNote(customer=guid(900), target="invoice", ref=guid(1), text="Reminder sent.")
KEY = "reminders/I-1/level-2"
HISTORY = f"Invoices/{guid(1)}/History"


@pytest.fixture
def timing(clock) -> Timing:
    return Timing(clock.now, clock.monotonic, clock.sleep)


@pytest.fixture
def notes(xero):
    xero.replies["PUT", HISTORY] = [{"Details": "…"}]
    return xero


def answers(status: int, body: bytes = b"", **headers: str) -> Response:
    return Response(status, body, {name.replace("_", "-"): value for name, value in headers.items()})


def test_every_call_names_the_tenant_the_token_and_json(connector, xero):
    list(connector.changes(None))
    headers = xero.asked()[0].headers
    assert headers["xero-tenant-id"] == TENANT
    assert headers["authorization"] == "Bearer token-1"
    assert headers["accept"] == "application/json"
    assert headers["accept-encoding"] == "gzip"


def test_a_compressed_answer_is_read(connector, xero, clock):
    plain = xero.listed(
        "Organisation", [{"Name": "Kiwi", "BaseCurrency": "NZD"}], Request("GET", "/", {}, {}, b"")
    ).body
    xero.replies["GET", "Organisation"] = Response(
        200, gzip.compress(plain), {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    )
    assert next(connector.changes(None)).company.name == "Kiwi"


@pytest.mark.parametrize("fault", ["reset_after", "cut_short"])
def test_a_put_whose_answer_is_lost_is_sent_once_and_its_outcome_unknown(connector, notes, fault):
    notes.server.faults.append(Fault(fault, method="PUT"))
    with pytest.raises(OutcomeUnknown):
        connector.write(NOTE, KEY)
    assert notes.asked_paths("PUT") == [HISTORY]


@pytest.mark.parametrize("reply", [answers(500), answers(503, b"The Organisation is offline"), answers(200, b"<html>")])
def test_a_server_error_or_rubbish_after_a_write_leaves_its_outcome_unknown(connector, notes, reply):
    notes.server.faults.append(Fault("replace_after", method="PUT", response=reply))
    with pytest.raises(OutcomeUnknown):
        connector.write(NOTE, KEY)
    assert len(notes.asked("PUT")) == 1


def test_a_read_is_repeated_after_server_errors_and_then_given_up(connector, xero):
    xero.replies["GET", "Organisation"] = answers(503, b"The Organisation is offline")
    with pytest.raises(Unavailable, match="The Organisation is offline"):
        next(connector.changes(None))
    assert len(xero.asked()) == 4


def test_html_with_200_on_a_read_is_no_empty_list(connector, xero):
    xero.replies["GET", "Organisation"] = answers(200, b"<html>maintenance</html>", Content_Type="text/html")
    with pytest.raises(Unavailable):
        next(connector.changes(None))


def test_a_refused_connection_wrote_nothing(settings, tokens, timing):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{closed.getsockname()[1]}"
    connector = connect(replace(settings, api_url=nobody), tokens, timing)
    with pytest.raises(Unavailable):
        connector.write(NOTE, KEY)
    connector.close()


def test_a_hanging_write_times_out_and_its_outcome_is_unknown(settings, tokens, timing, notes):
    connector = XeroConnector(settings, tokens, timing, read_timeout_s=0.2)
    notes.server.faults.append(Fault("hang_after", method="PUT", delay_s=30.0))
    started = time.monotonic()
    with pytest.raises(OutcomeUnknown):
        connector.write(NOTE, KEY)
    assert time.monotonic() - started < 20, "the time-out came first, not the end of the hang"
    assert len(notes.asked("PUT")) == 1
    connector.close()


def test_a_day_limit_is_told_at_once_with_the_time_xero_names(connector, xero, clock):
    xero.replies["GET", "Organisation"] = answers(429, Retry_After="66975", X_Rate_Limit_Problem="day")
    with pytest.raises(Throttled) as caught:
        next(connector.changes(None))
    assert (caught.value.limit, caught.value.retry_after_s) == ("day", 66975)
    assert len(xero.asked()) == 1
    assert clock.monotonic() == 0


def test_a_minute_limit_is_waited_for_on_a_read_and_handed_back_on_a_write(connector, notes, clock):
    limited = answers(429, Retry_After="26", X_Rate_Limit_Problem="minute", X_MinLimit_Remaining="0")
    notes.server.faults.append(Fault("refuse", method="GET", response=limited))
    next(connector.changes(None))
    assert clock.monotonic() >= 26
    notes.server.faults.append(Fault("refuse", method="PUT", response=limited))
    with pytest.raises(Throttled) as caught:
        connector.write(NOTE, KEY)
    assert (caught.value.limit, caught.value.retry_after_s) == ("minute", 26)
    assert connector.usage.minute_left == 0


def test_a_concurrency_limit_without_a_time_waits_briefly(connector, xero, clock):
    limited = answers(429, X_Rate_Limit_Problem="concurrent")
    xero.server.faults.append(Fault("refuse", response=limited))
    next(connector.changes(None))
    assert 1 <= clock.monotonic() < 3


def test_what_is_left_of_the_day_is_remembered_and_calls_are_counted_by_purpose(connector, notes):
    notes.replies["PUT", HISTORY] = json_response({"HistoryRecords": [{}]})
    counted = json_response({"Organisations": [{"Name": "K", "BaseCurrency": "NZD"}]})
    notes.replies["GET", "Organisation"] = replace(counted, headers={"X-DayLimit-Remaining": "344"})
    next(connector.changes(None))
    connector.write(NOTE, KEY)
    assert connector.usage.day_left == 344
    assert connector.usage.take() == {"read": 1, "write": 1}


def test_a_refused_token_is_replaced_once_and_the_call_made_again(connector, notes, tokens):
    expired = json_response({"Title": "Unauthorized", "Status": 401, "Detail": "TokenExpired: token expired"}, 401)
    notes.server.faults.append(Fault("refuse", response=expired))
    connector.write(NOTE, KEY)
    assert tokens.replaced == 1
    assert [request.headers["authorization"] for request in notes.asked()] == ["Bearer token-1", "Bearer token-1+"]


def test_a_token_refused_twice_needs_consent(connector, xero, tokens):
    xero.replies["GET", "Organisation"] = json_response({"Detail": "AuthenticationUnsuccessful"}, 401)
    with pytest.raises(ConsentNeeded):
        next(connector.changes(None))
    assert tokens.replaced == 1
    assert len(xero.asked()) == 2


def test_a_missing_permission_is_named_without_burning_a_refresh(connector, xero, tokens):
    xero.replies["GET", "Organisation"] = answers(401, WWW_Authenticate='Bearer error="insufficent_scope"')
    with pytest.raises(ConsentNeeded, match="tick every permission"):
        next(connector.changes(None))
    assert tokens.replaced == 0


def test_forbidden_is_a_lost_consent_and_never_an_empty_list(connector, xero):
    xero.replies["GET", "Organisation"] = json_response(
        {"Title": "Forbidden", "Detail": "AuthenticationUnsuccessful"}, 403
    )
    with pytest.raises(ConsentNeeded, match="syncd connect"):
        next(connector.changes(None))


def test_a_redirect_is_not_followed_with_our_token(connector, notes):
    elsewhere = answers(302, Location="http://127.0.0.1:1/")
    notes.server.faults.append(Fault("refuse", method="PUT", response=elsewhere))
    with pytest.raises(Unavailable):
        connector.write(NOTE, KEY)


def test_a_query_xero_finds_too_wide_is_a_refusal_not_a_retry(connector, xero):
    wide = {"ErrorNumber": 500, "Type": "HighVolumeException", "Message": "Too many records."}
    xero.replies["GET", "Organisation"] = json_response(wide, 400)
    with pytest.raises(Rejected, match="HighVolumeException"):
        next(connector.changes(None))
    assert len(xero.asked()) == 1


def test_a_list_that_is_not_found_is_a_wrong_address_not_an_empty_company(connector, xero):
    xero.replies["GET", "Organisation"] = empty_html(404)
    with pytest.raises(Unavailable, match="api_url"):
        next(connector.changes(None))
    assert len(xero.asked()) == 1


def test_a_validation_refusal_carries_every_message(connector, xero):
    xero.replies["PUT", HISTORY] = invalid("Details is too long.", "Something else.")
    with pytest.raises(Rejected) as caught:
        connector.write(NOTE, KEY)
    assert caught.value.code == "ValidationException"
    assert caught.value.detail == "Details is too long.; Something else."


def test_a_refusal_in_plain_text_is_still_a_refusal(connector, xero):
    xero.replies["PUT", HISTORY] = answers(400, b"Bad Request: no", Content_Type="text/plain")
    with pytest.raises(Rejected, match="Bad Request: no"):
        connector.write(NOTE, KEY)


def test_errors_inside_a_200_are_a_refusal(connector, xero):
    xero.replies["PUT", HISTORY] = [{"HasErrors": True, "ValidationErrors": [{"Message": "Not this one."}]}]
    with pytest.raises(Rejected, match="Not this one"):
        connector.write(NOTE, KEY)


def test_two_connections_share_no_token_though_the_sdk_keeps_one_configuration(settings, connector, xero, timing):
    other = connect(replace(settings, account=guid(8)), Tokens("other"), timing)
    next(other.changes(None))
    next(connector.changes(None))
    sent = [(request.headers["xero-tenant-id"], request.headers["authorization"]) for request in xero.asked()]
    assert sent == [(guid(8), "Bearer other"), (TENANT, "Bearer token-1")]
    other.close()


def test_the_sixty_first_call_of_a_minute_waits(connector, xero, clock):
    xero.replies["GET", f"Invoices/{guid(1)}"] = [invoice()]
    for _ in range(61):
        connector.fetch(Ref("invoice", guid(1)))
    assert clock.monotonic() == 60


def test_no_more_than_four_calls_are_on_the_wire_at_once(connector, xero):
    seen, now, lock = [], [0], threading.Lock()

    def slow(request) -> Response:
        with lock:
            now[0] += 1
            seen.append(now[0])
        time.sleep(0.05)
        with lock:
            now[0] -= 1
        return xero.listed("Organisation", [{"Name": "K", "BaseCurrency": "NZD"}], request)

    xero.replies["GET", "Organisation"] = slow
    threads = [threading.Thread(target=lambda: next(connector.changes(None))) for _ in range(9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(seen) <= 4


def test_an_errors_traceback_shows_no_header_and_no_body(connector, notes):
    secret = json_response({"Type": "ValidationException", "Message": "no", "Elements": [{"Name": "Mrs Oak"}]}, 400)
    notes.replies["PUT", HISTORY] = secret
    with pytest.raises(Rejected) as caught:
        connector.write(NOTE, KEY)
    told = "".join(traceback.format_exception(caught.value))
    assert "Mrs Oak" not in told
    assert "token-1" not in told


def test_closing_twice_is_safe(connector, xero):
    last(connector.changes(None))
    connector.close()
    connector.close()


def test_amounts_are_read_exactly(connector, xero):
    xero.replies["GET", "Invoices"] = [invoice(Total=1234567.89, AmountDue=0.1)]
    (balance,) = connector.aged_receivables(date(2026, 3, 2))
    assert balance.balance.amount == Decimal("0.1")
