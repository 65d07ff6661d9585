"""What `syncd explain` says comes next, of books at a provider."""

from __future__ import annotations

from syncd.attempt import attempt_pass
from syncd.explain import explain
from tests.service.conftest import Site, trade


def test_our_own_flag_on_its_way_back_is_nothing_that_comes_next(site: Site, ground) -> None:
    """Xero's groups are read seldom: until then our copy shows the customer without the flag we set."""
    trade(site, site.add("acme", "xero"))
    with site.opened() as office:
        ledger = office.ledger("acme")
        attempt_pass(ledger, ground(office))
        found = explain(ledger, office.policies, "Oak")
    assert found is not None
    assert [one.decision for one in found.intents if one.decision.kind == "credit_state"]
    assert found.account.customer.stop_sell is False
    assert [one for one in found.ahead if one.decision.kind == "credit_state"] == []
