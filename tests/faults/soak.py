"""A long day of bad luck: offices at QuickBooks and at Xero are killed at random moments while business goes on.

``make soak SECONDS=300 SEED=7``. Prints its seed, so that what it finds can be found again. One seed lives many lives,
one after the other; each is a company at either provider, and ends with an account of every deed: done twice, or lost.
"""

from __future__ import annotations

import json
import os
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from pathlib import Path

from connectors.simulator.http import Response
from syncd import crash
from syncd.clock import SystemClock
from tests.faults.accounts import at_rest, lost, twice
from tests.faults.cases import CHARGES, HOLDS, Case
from tests.faults.world import KILLED, Builder, World, Zygote, connect

LADDER = """
[policies.standard.reminders]
levels = [
  { at_days = 1, template = "friendly", channel = "email" },
  { at_days = 12, template = "firm", channel = "provider" },
  { at_days = 25, template = "final", channel = "email" },
]
"""
ALL = Case("everything", "", CHARGES + HOLDS + LADDER, lambda _world: None, lambda _world: 0)
PROVIDERS = ("quickbooks", "xero")
VERBS = ("create_invoice", "create_credit_note", "add_note", "set_stop_sell", "email_invoice", "send_message")
POINTS = ("before_intent", "after_intent", "after_claim", "before_result", "after_result")
TROUBLES = ("reset_before", "reset_after", "close_after", "cut_short", "replace_after", "refuse")
PASSES_OF_A_LIFE = 150
_DONE, _TRY_LATER, _CONSENT = (0, 1), (69, 75), 77


@dataclass
class Tally:
    """What happened, over all lives at one provider."""

    passes: int = 0
    kills: int = 0
    troubles: int = 0
    consents: int = 0  # given anew
    simulated_days: int = 0
    effects: Counter[str] = field(default_factory=Counter)
    unclear: int = 0
    duplicates: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)


class Life:
    """One company's life under a seed."""

    def __init__(self, world: World, luck: random.Random, tally: Tally) -> None:
        self.world, self.luck, self.tally = world, luck, tally
        self.customers: list[str] = []
        self.numbers = 0
        self._born = world.clock.now()
        world.server._http.handle_error = lambda *_: None  # whoever is killed hangs up

    def goes_on(self) -> None:
        """A stretch of business, a pass that may end badly, and some hours without anybody."""
        self._business()
        self._pass()
        self.world.server.seen.clear()
        self.world.advance(hours=self.luck.randrange(1, 40))

    def ends(self) -> None:
        """Nothing goes wrong any more; then every deed is accounted for."""
        self.world.mend()
        for _ in range(10):
            self.world.advance(hours=1)
            self._ended(self.world.child(), _DONE)
            if at_rest(self.world):
                break
        self.check()
        self.tally.lost += lost(self.world)
        self.tally.unclear += list(self.world.states().values()).count("unknown")
        self.tally.effects += Counter(effect.kind for effect in self.world.company.effects())
        self.tally.effects["smtp_email"] += len(self.world.mailbox.messages)
        self.tally.simulated_days += (self.world.clock.now() - self._born).days

    def check(self) -> None:
        """Raise at the first thing done twice: what is around it then is worth looking at."""
        self.tally.duplicates += twice(self.world)
        assert not self.tally.duplicates, self.tally.duplicates

    def _business(self) -> None:
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

    def _pass(self) -> None:
        """One pass that may be killed: at a named point, or at any moment at all; and the line may be bad."""
        if self.luck.random() < 0.3:
            self.world.break_writes(self.luck.choice(TROUBLES), response=Response(503))
            self.tally.troubles += 1
        how = self.luck.random()
        if how < 0.4:
            point = self.luck.choice(POINTS)
            place = point if point.endswith("intent") else f"{point}/{self.luck.choice(VERBS)}"
            ended = self.world.child(crash_at=f"{place}:{self.luck.randrange(1, 4)}")
        elif how < 0.8:
            timer = threading.Timer(self.luck.random() * 0.6, self.world.kill_if_born)
            timer.start()
            ended = self.world.child()
            timer.cancel()
        else:
            ended = self.world.child()
        self.tally.passes += 1
        self.tally.kills += ended == KILLED
        self._ended(ended, (*_DONE, *_TRY_LATER, KILLED))

    def _ended(self, code: int, allowed: tuple[int, ...]) -> None:
        """A consent lost with the answer to a refresh is given anew, as the office asks for; all else must end well."""
        if code == _CONSENT:
            connect(self.world)
            self.tally.consents += 1
        else:
            assert code in allowed, (self.world.folder / "child.log").read_text()[-3000:]


def lives(seed: int, zygote: Zygote, tallies: dict[str, Tally]) -> Iterator[list[Life]]:
    """One life after the other, each at both providers."""
    number = 0
    while True:
        number += 1
        with tempfile.TemporaryDirectory() as folder, Builder(Path(folder), lambda: zygote) as build:
            yield [
                Life(
                    build(ALL, provider, settings={"max_actions_per_cycle": "1000"}),
                    random.Random(f"{seed}/{number}/{provider}"),  # noqa: S311 - the same seed, the same bad luck
                    tallies[provider],
                )
                for provider in PROVIDERS
            ]


def live(seconds: float, seed: int) -> dict[str, object]:
    """Live until the time is over; what happened, for a machine to read. Raises at the first thing done twice."""
    tallies = {provider: Tally() for provider in PROVIDERS}
    zygote, began, began_on = Zygote(), time.monotonic(), SystemClock().now()
    for companies in lives(seed, zygote, tallies):
        for round_ in range(PASSES_OF_A_LIFE):
            for life in companies:
                life.goes_on()
                if round_ % 10 == 0:
                    life.check()
            if time.monotonic() - began > seconds:
                break
        for life in companies:
            life.ends()
        if time.monotonic() - began > seconds:
            break
    zygote.close()
    assert crash.VARIABLE not in os.environ
    return {
        "on": f"{began_on:%Y-%m-%d}",
        "seed": seed,
        "hours": round((time.monotonic() - began) / 3600, 3),
        **_told(tallies),
    }


def _told(tallies: dict[str, Tally]) -> dict[str, object]:
    """Each provider's figures, and what they add up to."""
    every = tallies.values()
    return {
        "kills": sum(tally.kills for tally in every),
        "passes": sum(tally.passes for tally in every),
        "effects": sum(sum(tally.effects.values()) for tally in every),
        "unclear": sum(tally.unclear for tally in every),
        "duplicates": sum(len(tally.duplicates) for tally in every),
        "lost": sum(len(tally.lost) for tally in every),
        **{provider: asdict(tally) | {"effects": dict(tally.effects)} for provider, tally in tallies.items()},
    }


def main() -> None:
    """``python -m tests.faults.soak SECONDS [SEED]``: says its seed first, then what happened, as JSON."""
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.SystemRandom().randrange(10**6)
    sys.stdout.write(f"seed {seed}\n")
    sys.stdout.flush()
    found = live(float(sys.argv[1]), seed)
    sys.stdout.write(json.dumps(found) + "\n")
    if found["duplicates"] or found["lost"]:
        sys.exit(1)


if __name__ == "__main__":
    main()
