"""The only step that changes anybody's books: sends what is planned, one operation at a time, looking before each.

The state `sending` is stored before a request leaves; whatever happens then, the outbox knows that something may have
happened. A write is never repeated here on hope: an unclear answer becomes `unknown` and `syncd.settle` finds out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from connectors import Connector, Receipt, Record
from connectors.errors import (
    Conflict,
    ConsentNeeded,
    MalformedRecordError,
    OutcomeUnknown,
    Rejected,
    Throttled,
    Unavailable,
    Unprovable,
)
from rules.domain.actions import (
    AddNote,
    CreateInvoice,
    EmailInvoice,
    Operation,
    SendMessage,
    SetStopSell,
)
from rules.domain.facts import Invoice
from syncd import crash
from syncd.clock import CompanyTime
from syncd.freshness import asked_too_much, difference, targets
from syncd.logs import log
from syncd.send_hours import closed_now
from syncd.store.intent_rows import Step
from syncd.store.intents import Intents
from syncd.store.mirror import Mirror

MOST_UNCLEAR = 3  # answers of a provider in a row


class Writer(Protocol):
    """Whoever carries an operation out: the connector, the mailer, the letter tray."""

    def write(self, operation: Operation, key: str) -> Receipt:
        """Do it once."""
        ...


@dataclass(slots=True)
class Drained:
    """What one drain did, by verb.

    `stopped` says why it ended early, `mail_down` why messages were left waiting, `clock_off` why charges and mail
    were.
    """

    confirmed: dict[str, int] = field(default_factory=dict)
    stale: int = 0
    rejected: int = 0
    unclear: int = 0
    stopped: str | None = None
    mail_down: str | None = None
    clock_off: str | None = None
    in_a_row: int = 0  # unclear answers of the provider since its last clear one
    touched: set[str] = field(default_factory=set)  # customers this drain itself wants looked at again


@dataclass(frozen=True, slots=True)
class Memory:
    """What guards against forgetting.

    `keep` marks beside the store that a request goes out; `recall`, after a loss, finds what an operation left behind;
    `stranger` says why another database must have worked on these records, and then nothing more is sent.
    `claim`, within the transaction before a request, and `still_ours`, around it, raise where another office took over.
    """

    keep: Callable[[], None]
    recall: Callable[[Step], Receipt | None] | None = None
    stranger: Callable[[Step], str | None] = lambda _step: None
    claim: Callable[[Any], None] = lambda _tx: None
    still_ours: Callable[[], None] = lambda: None


@dataclass(frozen=True, slots=True)
class Outbox:
    """Sends the planned operations of one connection. With `clock_off` (a sentence) charges and mail wait."""

    intents: Intents
    mirror: Mirror
    connector: Connector
    writer_for: Callable[[Operation], Writer]
    time: CompanyTime
    memory: Memory
    clock_off: str | None = None

    def drain(self, go_on: Callable[[], bool] = lambda: True, drained: Drained | None = None) -> Drained:
        """Send all that is planned, oldest action first, as long as `go_on` says so between two requests.

        `drained` is counted up as it goes, so that whoever handed it in knows of each also when this ends early.

        Raises:
            ConsentNeeded, Throttled with a limit of a day: nothing more can be sent now; what waits stays planned.
            Unavailable: the same, after answers that were unclear one after the other.
            TryAgain: another office took over; what it finds under way it settles.
        """
        drained = drained or Drained()
        for intent in self.intents.idle_actions():
            self.intents.done(intent, self.time.now(), self.time.today())
        after = 0
        while drained.stopped is None and (step := self.intents.next_step(after=after)) is not None:
            if not go_on():
                drained.stopped = "asked to stop"
                break
            after = step.action if self._send(step, drained) else step.action + 1
        return drained

    def _send(self, step: Step, drained: Drained) -> bool:
        """Look, send, write down. False where the rest of this action must wait for a later drain."""
        if self._waits(step.operation, drained) or self._was_overtaken(step, drained):
            return False
        if (moved := self._moved(step)) is not None:
            return self._goes_stale(step, moved, drained)
        try:
            if (stranger := self.memory.stranger(step)) is not None:
                drained.stopped = stranger
                return False
            if self.memory.recall is not None and self._recalled(step, self.memory.recall, drained):
                return True
        except MalformedRecordError as error:  # what cannot be seen now may be the trace of it; what is begun waits
            return step.seq == 0 and self._goes_stale(step, str(error), drained)
        return self._deliver(step, drained)

    def _deliver(self, step: Step, drained: Drained) -> bool:
        """The one request, between the line that says it leaves and the line that says what came of it."""
        step = self._with_links(step)
        self.intents.sending(step, self.time.now(), self.memory.claim)
        self.memory.keep()
        crash.point("after_claim", step.operation.verb)
        self.memory.still_ours()
        try:
            receipt = self._answered(step, drained)
        except (Throttled, Unavailable, ConsentNeeded) as error:
            self.intents.not_sent(step, str(error), self.time.now())
            if not isinstance(step.operation, SendMessage):
                raise
            drained.mail_down = str(error)
            return False
        except Conflict as error:
            drained.stale += 1
            if step.seq > 0:  # the deed is done; what follows it reads the record anew with the next drain
                self.intents.not_sent(step, str(error), self.time.now())
                return False
            self.intents.stale(step, str(error), self.time.now())
        except Rejected as error:
            self.intents.reject(step, str(error), self.time.now())
            drained.rejected += 1
        except Unprovable as error:  # an earlier try may have left what is there: a person says
            self.intents.unprovable(step, str(error), self.time.now())
            drained.unclear += 1
            return False
        except OutcomeUnknown as error:
            self.intents.unknown(step, str(error), self.time.now())
            drained.unclear += 1
            log.warning("outbox.answer_unclear", key=step.key, verb=step.operation.verb)
            self._beware(step.operation, error, drained)
            return False
        else:
            verb = step.operation.verb
            crash.point("before_result", verb)
            self.intents.confirm(step, receipt, self.time.now(), self.time.today())
            crash.point("after_result", verb)
            drained.confirmed[verb] = drained.confirmed.get(verb, 0) + 1
            log.info("outbox.confirmed", key=step.key, verb=verb, remote_id=receipt.remote_id, trace=receipt.trace)
            return True
        self._look_again(step, drained)
        return step.seq > 0

    def _beware(self, operation: Operation, error: OutcomeUnknown, drained: Drained) -> None:
        """Ask nothing more of somebody out of order: each further answer may be one more that a person looks after.

        Mail leaves no proof, so a single message is a question already. What a provider did can be looked up.
        """
        if isinstance(operation, SendMessage):
            drained.mail_down = f"a message got no clear answer, so no other was tried: {error}"
            return
        drained.in_a_row += 1
        if drained.in_a_row >= MOST_UNCLEAR:
            said = f"{MOST_UNCLEAR} answers in a row were unclear, the last one: {error}"
            raise Unavailable(f"{said}; what waits is sent once it is better")

    def _answered(self, step: Step, drained: Drained) -> Receipt:
        """The answer, unless this office was so long without one that another took over: that one settles it then."""
        try:
            receipt = self.writer_for(step.operation).write(step.operation, step.key)
        except (Conflict, Rejected):
            self._is_there(step.operation, drained)  # a clear no
            raise
        finally:
            self.memory.still_ours()
        self._is_there(step.operation, drained)
        return receipt

    @staticmethod
    def _is_there(operation: Operation, drained: Drained) -> None:
        """A mail server's answer says nothing about the provider."""
        if not isinstance(operation, SendMessage):
            drained.in_a_row = 0

    def _with_links(self, step: Step) -> Step:
        """A message gets the addresses to pay at before its first try, and bears the same ones on every later try."""
        message = step.operation
        if not isinstance(message, SendMessage) or step.attempts > 0:
            return step
        lines = tuple(replace(line, pay_link=line.pay_link or self._pay_link(line.invoice)) for line in message.lines)
        frozen = replace(step, operation=replace(message, lines=lines))
        self.intents.freeze(frozen)
        return frozen

    def _pay_link(self, invoice: str) -> str | None:
        try:
            return self.connector.pay_link(invoice)
        except Rejected:
            return None  # an address to pay at is a courtesy; the reminder stands without it

    def _goes_stale(self, step: Step, why: str, drained: Drained) -> bool:
        """The books moved since the decision: it is written down and decided again. Whether what follows may go on."""
        self.intents.stale(step, why, self.time.now())
        self._look_again(step, drained)
        drained.stale += 1
        log.info("outbox.went_stale", key=step.key, why=why)
        return step.seq > 0

    def _recalled(self, step: Step, recall: Callable[[Step], Receipt | None], drained: Drained) -> bool:
        """Whether the books show that it was done before this store remembers; then it is only written down."""
        try:
            receipt = recall(step)
        except Unprovable as error:
            self.intents.unprovable(step, str(error), self.time.now())
            drained.unclear += 1
            return True
        if receipt is None:
            return False
        self.intents.recall(step, receipt, self.time.now(), self.time.today())
        self._look_again(step, drained)
        return True

    def _waits(self, operation: Operation, drained: Drained) -> bool:
        """Whether the step stays planned for a later drain: no mail server, a wrong clock, or not the hour."""
        if isinstance(operation, SendMessage) and drained.mail_down is not None:
            return True
        if self.clock_off is not None and isinstance(operation, SendMessage | EmailInvoice | CreateInvoice):
            drained.clock_off = self.clock_off
            return True
        return closed_now(operation, self.time.now(), self.time.timezone) is not None

    def _was_overtaken(self, step: Step, drained: Drained) -> bool:
        """Whether people recorded something about the customer since it was decided: the next pass decides again."""
        is_news = step.customer not in drained.touched and self.mirror.is_touched(step.customer)
        return step.seq == 0 and is_news

    def _look_again(self, step: Step, drained: Drained) -> None:
        drained.touched.add(step.customer)
        self.mirror.touch([step.customer])

    def _moved(self, step: Step) -> str | None:
        """Why the step must not be sent any more: its targets are not as they were when it was decided. None: send."""
        if step.seq > 0 and isinstance(step.operation, AddNote):
            return None  # it tells of a deed that is in the books already
        for ref in targets(step.operation):
            held = self.mirror.fact(ref)
            try:
                now = self.connector.fetch(ref)
            except MalformedRecordError as error:
                return f"{ref.kind} {ref.id} cannot be read: {error}"
            if now is None:
                return f"{ref.kind} {ref.id} is not in the books any more"
            if isinstance(step.operation, SetStopSell):  # a state: set as it shall be, whatever somebody made of it
                return self._debt_moved(step)
            if (change := difference(held, now.fact)) is not None:
                return f"{ref.kind} {ref.id} {change}"
        return asked_too_much(step.operation, self.mirror)

    def _debt_moved(self, step: Step) -> str | None:
        """What changed of the open invoices a standing rests on: the whole family's, which one request shows.

        What came to be owed since weakens no hold and is told by the next pull; so is what we have no copy of. Of an
        answer that cannot be read whole nothing is concluded: it is asked for again with the next pass.
        """
        families = self.mirror.family(self.mirror.heads([step.customer]))
        family = [member for members in families.values() for member in members]
        shown: dict[str, Record] = {}
        for record in self.connector.open_invoices(family):
            if not isinstance(record, Record):
                return f"{record.ref.kind} {record.ref.id} of what is open cannot be read: {record.problem}"
            shown[record.ref.id] = record
        for held in self.mirror.facts_of(family):
            if not isinstance(held, Invoice):
                continue
            now = shown.get(held.ref)
            if now is not None and (change := difference(held, now.fact)) is not None:
                return f"invoice {held.ref} {change}"
            if now is None and held.status == "open" and held.balance.amount > 0:
                return f"invoice {held.ref} is not open any more"
        return None
