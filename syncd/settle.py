"""Finishes what a crash or a lost answer left open, by evidence: in the books, proven absent, or for a person to say.

Never resends by itself: what is proven absent goes back to `planned` and takes the ordinary way out again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from connectors import Connector, Receipt
from connectors.errors import ConnectorError, MalformedRecordError, Unprovable
from rules.domain.actions import SendMessage
from syncd.clock import Clock
from syncd.logs import log
from syncd.store.intent_rows import Step
from syncd.store.intents import Intents

_MAIL_UNCLEAR = "mail leaves no proof: it counts as sent and is never repeated by itself"


@dataclass(frozen=True, slots=True)
class Settled:
    """How many unclear operations were found in the books, proven absent, or are for a person."""

    confirmed: int = 0
    absent: int = 0
    unclear: int = 0


def settle(
    unsettled: Sequence[Step], connector: Connector, intents: Intents, clock: Clock, today: Callable[[], date]
) -> Settled:
    """Look for each operation in the books. A provider that cannot be asked now leaves it for the next pass."""
    confirmed = absent = unclear = 0
    for step in unsettled:
        try:
            receipt = _evidence(step, connector)
        except Unprovable as error:
            intents.unprovable(step, str(error), clock.now())
            unclear += 1
        except MalformedRecordError as error:  # it may be there, and be seen another time
            intents.unknown(step, str(error), clock.now())
            unclear += 1
        except ConnectorError as error:
            log.warning("settle.postponed", key=step.key, error=type(error).__name__)
            unclear += 1
        else:
            if receipt is None:
                intents.not_sent(step, "proven absent from the books", clock.now())
                absent += 1
            else:
                intents.confirm(step, receipt, clock.now(), today())
                confirmed += 1
            log.info("settle.resolved", key=step.key, found=receipt is not None)
    return Settled(confirmed, absent, unclear)


def _evidence(step: Step, connector: Connector) -> Receipt | None:
    if isinstance(step.operation, SendMessage):
        raise Unprovable(_MAIL_UNCLEAR)
    if step.first_sent_at is None:
        return None
    return connector.was_applied(step.operation, step.key, step.first_sent_at)
