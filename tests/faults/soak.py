"""A long day of bad luck: the office is killed at random moments while business goes on, and the books are checked.

``make soak SECONDS=300 SEED=7``. Prints its seed, so that what it finds can be found again.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from connectors.markers import keys_in
from syncd import crash
from tests.faults.cases import CHARGES, HOLDS, MAIL_BY_SMTP, Case
from tests.faults.world import KILLED, Builder, World, Zygote

ALL = Case("everything", "", CHARGES + HOLDS + MAIL_BY_SMTP, lambda _world: None, lambda _world: 0)
VERBS = ("create_invoice", "create_credit_note", "add_note", "set_stop_sell", "send_message")
POINTS = ("before_intent", "after_intent", "after_claim", "before_result", "after_result")


class Soak:
    """One company's life under a seed."""

    def __init__(self, world: World, luck: random.Random) -> None:
        self.world, self.luck = world, luck
        self.customers: list[str] = []
        self.numbers = 0
        self.kills = 0

    def business(self) -> None:
        """Something people do: a new customer, bills, payments, some of them late to be entered."""
        company, today = self.world.company, self.world.today
        if len(self.customers) < 4 or self.luck.random() < 0.05:
            name = f"Customer {len(self.customers)}"
            self.customers.append(company.add_customer(name, f"c{len(self.customers)}@customer.example"))
        for _ in range(self.luck.randrange(3)):
            self.numbers += 1
            due_on = today - timedelta(days=self.luck.randrange(-10, 50))
            customer = self.luck.choice(self.customers)
            company.add_invoice(
                customer, f"S{self.numbers:05}", due_on - timedelta(days=30), due_on, self.luck.randrange(1000, 90_000)
            )
        for item in company.open_items():
            if self.luck.random() < 0.15:
                part = self.luck.choice((item.balance_cents, max(1, item.balance_cents // 2)))
                company.pay(item.invoice, part, today - timedelta(days=self.luck.choice((0, 0, 20))))

    def unlucky_pass(self) -> None:
        """One pass that may be killed: at a named point, or at any moment at all."""
        how = self.luck.random()
        if how < 0.4:
            point = self.luck.choice(POINTS)
            place = point if point.endswith("intent") else f"{point}/{self.luck.choice(VERBS)}"
            self.kills += self.world.child(crash_at=f"{place}:{self.luck.randrange(1, 4)}") == KILLED
        elif how < 0.8:
            timer = threading.Timer(self.luck.random() * 0.6, self._kill)
            timer.start()
            self.kills += self.world.child() == KILLED
            timer.cancel()
        else:
            assert self.world.child() in (0, 1)

    def _kill(self) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.world.victim, signal.SIGKILL)

    def check(self) -> None:
        """Nothing twice: no key in the books more than once, no message with an id that came before."""
        done = Counter(
            (effect.kind, key)
            for effect in self.world.company.effects()
            if effect.kind in ("finance_charge", "charge_reversal", "memo")
            for key in set(keys_in(effect.text))
        )
        twice = [each for each, times in done.items() if times > 1]
        assert not twice, twice
        mails = Counter(str(one.message["Message-ID"]) for one in self.world.mailbox.messages)
        assert not [each for each, times in mails.items() if times > 1]
        ends = Counter(entry.key for entry in self.world.journal() if entry.event == "operation.confirmed")
        assert set(ends.values()) <= {1}, [key for key, times in ends.items() if times > 1]


def main(seconds: float, seed: int) -> None:
    """Live until the time is over; raises at the first thing done twice."""
    sys.stdout.write(f"seed {seed}\n")
    luck = random.Random(seed)  # noqa: S311 - the same seed, the same bad luck
    zygote = Zygote()
    ends = time.monotonic() + seconds
    with tempfile.TemporaryDirectory() as name, Builder(Path(name), lambda: zygote) as build:
        provider = luck.choice(("quickbooks", "xero"))
        soak = Soak(build(ALL, provider, settings={"max_actions_per_cycle": "1000"}), luck)
        rounds = 0
        while time.monotonic() < ends:
            rounds += 1
            soak.business()
            soak.unlucky_pass()
            soak.check()
            soak.world.advance(hours=luck.randrange(1, 40))
        for _ in range(3):
            assert soak.world.child() in (0, 1)
        soak.check()
        assert "sending" not in soak.world.states().values()
        effects = Counter(effect.kind for effect in soak.world.company.effects())
        mails = len(soak.world.mailbox.messages)
    zygote.close()
    sys.stdout.write(f"{provider}: {rounds} passes, {soak.kills} killed; {dict(effects)}, {mails} mails; none twice\n")
    assert crash.VARIABLE not in os.environ


if __name__ == "__main__":
    main(float(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else random.SystemRandom().randrange(10**6))
