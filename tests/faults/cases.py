"""The effects a fault may double or lose: what brings each about, and how a bystander counts it in the books."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.faults.world import World

CHARGES = """
[policies.standard.finance_charges]
kind = "interest"
annual_pct = "18"
requires_terms = false
cap = "none"
assess_on = { every_days = 30 }
"""
HOLDS = """
[policies.standard.credit_hold]
hold = { any = { days_past_due = 30 } }
stop_sell_from = "hold"
"""
MAIL_BY_PROVIDER = """
[policies.standard.reminders]
levels = [{ at_days = 1, template = "friendly", channel = "provider" }]
"""
MAIL_BY_SMTP = MAIL_BY_PROVIDER.replace('"provider"', '"email"')
HEAD = '[select]\ndefault = "standard"\n[policies.standard.overdue]\n'


@dataclass(frozen=True)
class Case:
    """One kind of effect. `prepare` leaves the books so that the next pass has exactly this to do."""

    name: str
    verb: str
    rules: str
    prepare: Callable[[World], None]
    count: Callable[[World], int]
    is_mail: bool = False
    providers: tuple[str, ...] = ("quickbooks", "xero")

    def __str__(self) -> str:
        return self.name


def overdue(days: int) -> Callable[[World], None]:
    def prepare(world: World) -> None:
        world.customer = world.company.add_customer("Oak Furniture", "accounts@oak.example")
        due_on = world.today - timedelta(days=days)
        world.invoice = world.company.add_invoice(world.customer, "1001", due_on - timedelta(days=30), due_on, 100_000)

    return prepare


def charged_and_partly_paid_in_time(world: World) -> None:
    """A charge is billed; then a payment turns up that was received weeks before."""
    overdue(40)(world)
    world.quiet()
    world.company.pay(world.invoice, 60_000, world.today - timedelta(days=35))


def held_and_paid(world: World) -> None:
    overdue(40)(world)
    world.quiet()
    world.company.pay(world.invoice, 100_000, world.today)


def effects(kind: str) -> Callable[[World], int]:
    return lambda world: sum(effect.kind == kind for effect in world.company.effects())


def memos(world: World) -> int:
    """Notes that follow a deed: those a connector writes for itself carry the deed's own key."""
    return sum(effect.kind == "memo" and "/add_note-" in effect.text for effect in world.company.effects())


CASES = (
    Case("finance charge", "create_invoice", CHARGES, overdue(40), effects("finance_charge")),
    Case("reversal", "create_credit_note", CHARGES, charged_and_partly_paid_in_time, effects("charge_reversal")),
    Case("memo", "add_note", MAIL_BY_SMTP, overdue(3), memos),
    Case("stop-sell on", "set_stop_sell", HOLDS, overdue(40), effects("stop_sell_on")),
    Case("stop-sell off", "set_stop_sell", HOLDS, held_and_paid, effects("stop_sell_off")),
    Case("provider e-mail", "email_invoice", MAIL_BY_PROVIDER, overdue(3), effects("provider_email"), is_mail=True),
    Case(
        "SMTP e-mail",
        "send_message",
        MAIL_BY_SMTP,
        overdue(3),
        lambda world: len(world.mailbox.messages),
        is_mail=True,
        providers=("quickbooks",),  # our own mail server is the same beside either
    ),
)
CASE = {case.name: case for case in CASES}
PAIRS = [(case, provider) for case in CASES for provider in case.providers]
# Every effect once, the providers taking turns: where they cannot differ.
EACH_ONCE = [(case, case.providers[place % len(case.providers)]) for place, case in enumerate(CASES)]
