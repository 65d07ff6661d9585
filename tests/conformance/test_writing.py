"""What a connector promises about writing: once under a key, typed errors, and proof of what came of it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from connectors.errors import OutcomeUnknown, Rejected, Throttled, Unavailable, Unprovable
from connectors.simulator.http import Response
from rules.domain.actions import (
    AddNote,
    ChargeLine,
    CreateCreditNote,
    CreateInvoice,
    EmailInvoice,
    SendMessage,
    SetPromiseDate,
    SetStopSell,
)
from rules.domain.money import Money
from tests.conformance.house import TODAY

WORDS = ("charge", "reversal", "memo", "customer memo", "hold", "release", "mail", "promise", "message")
EFFECT = {
    "charge": "finance_charge",
    "reversal": "charge_reversal",
    "memo": "memo",
    "customer memo": "memo",
    "hold": "stop_sell_on",
    "release": "stop_sell_off",
    "mail": "provider_email",
    "promise": "promise_date",
}


class Deed:
    """One operation ready to be done in a house, with everything it rests on."""

    def __init__(self, house, word):
        self.house, self.word = house, word
        self.key = f"{word.replace(' ', '_')}/1/2026-11-02"
        self.earlier_key = f"finance_charges/{word.replace(' ', '_')}/2026-11-01"
        self.oak = house.add_customer(f"Oak Ltd, {word}", "ap@oak.example")
        self.bill = house.add_invoice(self.oak, f"1001 {word}", 1250_00)
        house.pull()
        self.operation = self._operation()
        self.since = house.clock.now()
        self.before = house.effects()

    def _money(self, text):
        return Money(Decimal(text), self.house.currency)

    def _operation(self):
        oak, bill = self.oak, self.bill
        operations = {
            "charge": self._second_charge,
            "reversal": self._reversal,
            "memo": lambda: AddNote(oak, "invoice", bill, "Reminder 2 was sent on 2026-11-02"),
            "customer memo": lambda: AddNote(oak, "customer", oak, "Promised to pay on Friday"),
            "hold": lambda: SetStopSell(oak, True, "hold", TODAY, "1,250.00 is 30 days late"),
            "release": self._release,
            "mail": lambda: EmailInvoice(oak, bill, "ap@oak.example", self._money("1250.00")),
            "promise": lambda: SetPromiseDate(oak, bill, TODAY + timedelta(days=7)),
            "message": lambda: SendMessage(oak, "ap@oak.example", "Oak", "firm", 2, "email", (), TODAY),
        }
        return operations[self.word]()

    def _second_charge(self):
        """The first one may have to make an item too."""
        self.house.connector.write(self._charge(), self.earlier_key)
        return self._charge()

    def _reversal(self):
        charge = self.house.connector.write(self._charge(), self.earlier_key).remote_id
        return CreateCreditNote(self.oak, self.bill, charge, TODAY, self._money("2.50"), "Charge taken back", "none")

    def _release(self):
        self.house.connector.write(SetStopSell(self.oak, True, "hold", TODAY, "late"), "credit_hold/1/hold/1")
        return SetStopSell(self.oak, False, "good", TODAY, "paid")

    def _charge(self):
        line = ChargeLine("Finance charge", self._money("7.99"), "interest", "none")
        return CreateInvoice(self.oak, self.bill, "1001", TODAY, TODAY, (line,), "Finance charge on invoice 1001")

    def write(self):
        return self.house.connector.write(self.operation, self.key)

    def evidence(self, key=None):
        """The receipt; None: proven absent; "unprovable"."""
        try:
            return self.house.connector.was_applied(self.operation, key or self.key, self.since)
        except Unprovable:
            return "unprovable"

    def done(self):
        """How often the books show it now, beyond what they showed before."""
        asked_for = EFFECT.get(self.word, "")
        if self.house.kind == "file" and self.word == "release":
            asked_for = "stop_sell_on"  # an outbox line is a line
        return self.house.effects()[asked_for] - self.before[asked_for]

    def can(self):
        return self.house.connector.unsupported(self.operation) is None


@pytest.fixture(params=WORDS)
def deed(request, house):
    return Deed(house, request.param)


@pytest.fixture(params=WORDS)
def remote_deed(request, remote):
    return Deed(remote, request.param)


def test_what_a_source_cannot_do_it_says_in_a_sentence_and_refuses(deed):
    asked = deed.house.requests()
    reason = deed.house.connector.unsupported(deed.operation)
    assert deed.house.requests() == asked
    if reason is None:
        assert deed.write()
        return
    assert len(reason) > 10
    with pytest.raises((Rejected, Unprovable)):
        deed.write()
    assert deed.done() == 0


def test_every_source_can_charge_reverse_note_and_hold(house):
    assert all(Deed(house, word).can() for word in ("charge", "reversal", "memo", "hold", "release"))


def test_a_write_is_done_once_and_its_receipt_can_be_had_again(deed):
    if not deed.can():
        assert deed.evidence() in (None, "unprovable")
        return
    receipt = deed.write()
    assert receipt.remote_id
    proof = deed.evidence()
    assert proof.remote_id == receipt.remote_id
    assert deed.done() == 1


def test_the_same_key_again_changes_nothing(deed):
    if not deed.can():
        assert deed.done() == 0
        return
    first = deed.write()
    again = deed.write()
    assert again.remote_id == first.remote_id
    assert deed.done() == 1


def test_another_process_with_the_same_key_changes_nothing(deed):
    if not deed.can():
        assert deed.done() == 0
        return
    deed.write()
    other = deed.house.open()
    other.write(deed.operation, deed.key)
    other.close()
    assert deed.done() == 1


def test_a_write_that_was_never_tried_is_absent_or_beyond_proof(deed):
    assert deed.evidence() in (None, "unprovable")


def test_the_proof_is_of_this_key_and_no_other(deed):
    if not deed.can():
        assert deed.done() == 0
        return
    deed.write()
    if deed.word in ("charge", "reversal", "memo", "customer memo", "hold"):
        assert deed.evidence(f"{deed.key}x") is None


def test_a_lost_answer_is_found_in_the_books_and_nothing_is_done_twice(deed):
    if not deed.can():
        assert deed.done() == 0
        return
    deed.house.lose_answer(deed.operation, deed.key)
    evidence = deed.evidence()
    if evidence is None:  # the last of several steps is proven absent: it is done, and no step twice
        deed.write()
        evidence = deed.evidence()
    assert evidence != "unprovable"
    assert evidence is not None
    assert deed.done() == 1


def test_a_lost_request_is_proven_absent_and_may_go_out_again(deed):
    if not deed.can():
        assert deed.done() == 0
        return
    deed.house.lose_request(deed.operation, deed.key)
    evidence = deed.evidence()
    if deed.word == "mail" and evidence == "unprovable":
        return  # some sources leave no trace that could be missing
    assert evidence is None
    deed.write()
    assert deed.done() == 1


@pytest.mark.parametrize("answer", [Response(500, b"<html>"), Response(502), Response(504, b"")])
def test_a_server_error_under_a_write_is_an_unknown_outcome(remote_deed, answer):
    if not remote_deed.can():
        assert remote_deed.done() == 0
        return
    for method in remote_deed.house.write_methods:
        remote_deed.house.refuse_next(answer, method)
    with pytest.raises(OutcomeUnknown):
        remote_deed.write()


def test_a_throttled_write_was_not_done_and_says_how_long_to_wait(remote_deed):
    if not remote_deed.can():
        assert remote_deed.done() == 0
        return
    for method in remote_deed.house.write_methods:
        remote_deed.house.refuse_next(
            Response(429, b"", {"Retry-After": "7", "X-Rate-Limit-Problem": "minute"}), method
        )
    with pytest.raises(Throttled) as caught:
        remote_deed.write()
    assert caught.value.retry_after_s > 0
    assert remote_deed.done() == 0


def test_a_write_to_nobody_was_not_done(deed):
    if not deed.can():
        assert deed.done() == 0
        return
    with pytest.raises(Unavailable):
        deed.house.unreachable().write(deed.operation, deed.key)
    assert deed.done() == 0


def test_a_token_that_ran_out_under_a_write_is_replaced_and_the_write_done_once(remote_deed):
    if not remote_deed.can():
        assert remote_deed.done() == 0
        return
    remote_deed.house.expire_tokens()
    remote_deed.write()
    assert remote_deed.done() == 1
    assert remote_deed.house.vault.replaced == 1


def test_a_write_is_counted_as_one(deed):
    if not deed.can():
        assert deed.done() == 0
        return
    deed.house.connector.usage.take()
    deed.write()
    assert deed.house.connector.usage.take()["write"] >= 1


def test_what_we_charged_comes_back_as_ours_and_a_memo_changes_nobodys_origin(remote):
    deed = Deed(remote, "charge")
    made = remote.connector.write(deed.operation, "finance_charges/1/2026-11-02").remote_id
    remote.connector.write(AddNote(deed.oak, "invoice", deed.bill, "Finance charge billed"), "finance_charges/1/note")
    facts = remote.mirror()
    found = {ref.id: fact for ref, fact in facts.items() if ref.kind == "invoice"}
    assert found[made].origin == "syncd:finance_charges"
    assert found[deed.bill].origin is None
    assert found[made].balance == Money(Decimal("7.99"), remote.currency)


def test_a_flag_that_was_raised_is_seen_and_a_lifted_one_is_not(remote):
    deed = Deed(remote, "hold")
    assert not remote.fact("customer", deed.oak).stop_sell
    deed.write()
    assert remote.fact("customer", deed.oak).stop_sell is True
    remote.connector.write(SetStopSell(deed.oak, False, "good", TODAY, "paid"), "credit_hold/1/good/2")
    assert remote.fact("customer", deed.oak).stop_sell is False
