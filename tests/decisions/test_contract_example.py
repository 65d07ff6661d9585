"""The example the contract prints: its book under its `standard` policy gives what it says."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from connectors.file.read import read_book
from rules.policy import Policies, load_policies
from syncd.assess import assess

FOLDER = Path(__file__).parent / "contract"
BOOK = read_book(FOLDER / "book.json")


def policies() -> Policies:
    return load_policies([("rules.toml", (FOLDER / "rules.toml").read_text("utf-8"))])


def assessed() -> dict[str, Any]:
    return assess(BOOK, policies(), BOOK.as_of)


def test_the_customer_row_is_the_contracts() -> None:
    assert assessed()["customers"] == [
        {
            "customer": "C-1",
            "policy": "standard",
            "open": {"USD": "1000.00"},
            "unapplied": {"USD": "0.00"},
            "exposure": {"USD": "1000.00"},
            "overdue": {"USD": "1000.00"},
            "oldest_days_past_due": 30,
            "aging": {"USD": {"current": "0.00", "1-30": "1000.00", "31-60": "0.00", "61-90": "0.00", "90+": "0.00"}},
            "credit_state": "watch",
            "payer_class": "new",
            "days_to_pay": None,
            "promises_kept_pct": None,
        }
    ]


def test_the_promise_is_open_at_level_one() -> None:
    assert assessed()["promises"] == [{"ref": "PR-1", "state": "open", "level": 1}]


def test_the_reminder_and_the_hold_are_the_contracts() -> None:
    reminder, hold = assessed()["decisions"][:2]
    del reminder["reason"], hold["reason"]
    assert reminder == {
        "kind": "reminder",
        "rule": "reminders",
        "customer": "C-1",
        "invoices": ["I-1"],
        "amounts": {"USD": "550.00"},
        "level": 3,
        "template": "firm",
        "channel": "email",
        "fee": "10.00 USD",
        "key": "reminders/I-1/level-3",
    }
    assert hold == {
        "kind": "credit_state",
        "rule": "credit_hold",
        "customer": "C-1",
        "from": "watch",
        "to": "hold",
        "stop_sell": True,
        "key": "credit_hold/C-1/hold/1",
    }


def test_the_charge_is_the_contracts() -> None:
    (charge,) = assessed()["decisions"][2:]
    assert charge.pop("reason").endswith("15.48 USD, less 7.99 billed, plus 0.50 reversed; 7.99 USD is charged.")
    assert charge == {
        "kind": "finance_charge",
        "rule": "finance_charges",
        "customer": "C-1",
        "invoice": "I-1",
        "amount": "7.99 USD",
        "interest": "7.99 USD",
        "computed": "7.99 USD",
        "fixed_sum": "0.00 USD",
        "annual_pct": "18",
        "year_fraction": "0.0438",
        "days": 16,
        "from": "2025-03-16",
        "to": "2025-03-31",
        "capped_by": None,
        "key": "finance_charges/I-1/2025-03-16",
    }


def test_nothing_in_the_example_is_a_problem() -> None:
    assert assessed()["problems"] == []


def test_the_order_of_the_books_lists_never_shows() -> None:
    backwards = replace(
        BOOK,
        **{
            name: tuple(reversed(getattr(BOOK, name)))
            for name in ("customers", "invoices", "payments", "credit_notes", "promises", "disputes", "history")
        },
    )
    assert json.dumps(assess(backwards, policies(), BOOK.as_of)) == json.dumps(assessed())
