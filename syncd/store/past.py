"""The past: where a load of history stands, and the taking in of its pages beside the daemon's own pulls.

A page, the place to go on from and what the provider counted are one transaction. No cursor of the daemon moves, and
what it learned later than the page was read stays.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, and_, delete, insert, select, update

from connectors import FactKind, Gone, Page, Record, Ref, Unreadable
from connectors.history import HistoryPage, Window
from syncd.store import codec, schema
from syncd.store.engine import Store
from syncd.store.intake import Applied, Intake
from syncd.store.sql import upsert
from syncd.store.tallies import Tally, of_document

_load, _window, _month = schema.past_load, schema.past_window, schema.past_month
UNKNOWN = -1


@dataclass(frozen=True, slots=True)
class Load:
    """The newest load of a connection. `since` None: from the first document on."""

    since: date | None
    until: date
    started_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class Cut:
    """A window of the load and how far it is. `total` is the provider's count, UNKNOWN before its first page.

    `expected` is UNKNOWN while nobody was asked: the window may yet be cut into several.
    """

    seq: int
    window: Window
    expected: int
    total: int = UNKNOWN
    pages: int = 0
    pages_done: int = 0
    shown: int = 0
    unreadable: int = 0
    tries: int = 0

    @property
    def is_done(self) -> bool:
        """Whether all its pages are stored."""
        return self.total != UNKNOWN and self.pages_done >= self.pages

    def after(self, found: HistoryPage, unreadable: int) -> Cut:
        """The same once a page is stored. The first page says how many there are."""
        known = replace(self, total=found.total, pages=found.pages) if found.number == 1 else self
        return replace(
            known,
            pages_done=found.number,
            shown=self.shown + found.shown,
            unreadable=self.unreadable + unreadable,
        )


@dataclass(slots=True)
class Shown:
    """The ids a window showed from its first page to its last, and the provider's time at the first."""

    since: str
    ids: set[str] = field(default_factory=set)


class Past:
    """The load of history of one connection."""

    def __init__(self, store: Store, connection: str) -> None:
        self._store = store
        self._name = connection

    def load(self) -> Load | None:
        """The newest load, if there was one."""
        with self._store.reading() as tx:
            row = tx.execute(select(_load).where(_load.c.connection == self._name)).one_or_none()
        if row is None:
            return None
        finished = datetime.fromisoformat(row.finished_at) if row.finished_at else None
        return Load(_day(row.since), date.fromisoformat(row.until), datetime.fromisoformat(row.started_at), finished)

    def begin(self, load: Load, cuts: Sequence[Cut]) -> None:
        """A new load in place of the one before; what that one stored stays."""
        with self._store.writing() as tx:
            for table in (_load, _window, _month):
                tx.execute(delete(table).where(table.c.connection == self._name))
            since = load.since.isoformat() if load.since else ""
            started = load.started_at.isoformat()
            row = {"connection": self._name, "since": since, "until": load.until.isoformat(), "started_at": started}
            tx.execute(insert(_load).values(**row))
            if cuts:
                tx.execute(insert(_window), [self._row(cut) for cut in cuts])

    def plan(self, cuts: Sequence[Cut]) -> None:
        """Other windows in place of those of a load that has read nothing yet."""
        with self._store.writing() as tx:
            tx.execute(delete(_window).where(_window.c.connection == self._name))
            if cuts:
                tx.execute(insert(_window), [self._row(cut) for cut in cuts])

    def finish(self, now: datetime) -> None:
        """All of it is here and was compared."""
        with self._store.writing() as tx:
            tx.execute(update(_load).where(_load.c.connection == self._name).values(finished_at=now.isoformat()))

    def cuts(self) -> list[Cut]:
        """The windows of the load, in order."""
        with self._store.reading() as tx:
            rows = tx.execute(select(_window).where(_window.c.connection == self._name).order_by(_window.c.seq)).all()
        return [_cut(row) for row in rows]

    def apply(self, cut: Cut, kind: FactKind, found: HistoryPage, now: datetime) -> tuple[Cut, Applied]:
        """Store a page, the place after it and its sums: all or nothing."""
        unreadable = sum(isinstance(record, Unreadable) for record in found.page.records)
        following = cut.after(found, unreadable)
        with self._store.writing() as tx:
            applied = PastIntake(tx, self._name, now).take_past(found.page)
            upsert(tx, _window, [self._row(following)])
            self._add(tx, cut.seq, [each.fact for each in found.page.records if isinstance(each, Record)], kind)
        return following, applied

    def introduce(self, page: Page, now: datetime) -> None:
        """Store whose books these are, where no pull has said it yet."""
        with self._store.writing() as tx:
            PastIntake(tx, self._name, now).take_past(page)

    def again(self, cut: Cut) -> Cut:
        """Forget how far a window is: it is read once more from its first page."""
        fresh = Cut(cut.seq, cut.window, max(cut.total, 0), tries=cut.tries + 1)
        with self._store.writing() as tx:
            upsert(tx, _window, [self._row(fresh)])
            tx.execute(delete(_month).where(_month.c.connection == self._name, _month.c.seq == cut.seq))
        return fresh

    def shown(self) -> dict[int, dict[tuple[str, str], Tally]]:
        """What the provider showed: by window, then by month and currency."""
        found: dict[int, dict[tuple[str, str], Tally]] = {}
        with self._store.reading() as tx:
            for row in tx.execute(select(_month).where(_month.c.connection == self._name)):
                tally = Tally(row.documents, Decimal(row.amount))
                found.setdefault(row.seq, {})[row.month, row.currency] = tally
        return found

    def held(self, kind: FactKind) -> Iterator[tuple[str, str, Decimal]]:
        """Day, currency and amount of every document of a kind the provider gave us; days are empty for customers."""
        fact = schema.fact
        with self._store.reading() as tx:
            theirs = and_(fact.c.connection == self._name, fact.c.kind == kind, ~fact.c.id.startswith("csv:"))
            docs = select(fact.c.doc).where(theirs)
            for (doc,) in tx.execute(docs.execution_options(yield_per=1000)):
                yield codec.document_line(doc)

    def drop_unshown(self, cut: Cut, kind: FactKind, shown: Shown) -> int:
        """Forget the settled documents of a dated window that the provider, asked for all of it, did not show.

        What is open is for the daemon's own lists to miss, which pull the brake where too much is.
        """
        gone = tuple(Gone(ref) for ref in self._unshown(cut, kind, shown))
        if not gone:
            return 0
        at = datetime.fromisoformat(shown.since)
        with self._store.writing() as tx:  # what came back meanwhile was seen later, and stays
            return PastIntake(tx, self._name, at).take_past(Page("", gone)).changed

    def _unshown(self, cut: Cut, kind: FactKind, shown: Shown) -> Iterator[Ref]:
        """Looked for in all that is held of the kind, which may be years: nobody is kept from writing for it."""
        fact = schema.fact
        theirs = and_(fact.c.connection == self._name, fact.c.kind == kind, ~fact.c.id.startswith("csv:"))
        settled = select(fact.c.id, fact.c.doc).where(theirs, ~fact.c.open, fact.c.seen_at < shown.since)
        first, last = str(cut.window.first), str(cut.window.last)
        with self._store.reading() as tx:
            for row in tx.execute(settled.execution_options(yield_per=1000)):
                if row.id not in shown.ids and first <= codec.document_line(row.doc)[0] <= last:
                    yield Ref(kind, row.id)

    def _add(self, tx: Connection, seq: int, facts: Sequence[Any], kind: FactKind) -> None:
        where = [_month.c.connection == self._name, _month.c.seq == seq]
        sums = {
            (row.month, row.currency): Tally(row.documents, Decimal(row.amount))
            for row in tx.execute(select(_month).where(*where))
        }
        for fact in facts:
            line = of_document(fact, kind)
            if line is not None:
                month, currency, amount = line
                sums[month, currency] = sums.get((month, currency), Tally()) + Tally(1, amount)
        rows = [
            {"connection": self._name, "seq": seq, "month": month, "currency": currency}
            | {"documents": tally.documents, "amount": str(tally.amount)}
            for (month, currency), tally in sums.items()
        ]
        upsert(tx, _month, rows)

    def _row(self, cut: Cut) -> dict[str, Any]:
        window = cut.window
        days = {
            "first": window.first.isoformat() if window.first else "",
            "last": window.last.isoformat() if window.last else "",
        }
        counts = {name: getattr(cut, name) for name in _COUNTS}
        return {"connection": self._name, "seq": cut.seq, "name": window.name, **days, **counts}


_COUNTS = ("expected", "total", "pages", "pages_done", "shown", "unreadable", "tries")


class PastIntake(Intake):
    """The taking in of a page of history: only what is news, and no progress of the daemon's."""

    def take_past(self, page: Page) -> Applied:
        """Store a page of history: what is news to us. No cursor moves, and nothing we know later is overwritten."""
        self._seen_at = (page.server_time or self._now).astimezone(UTC).isoformat()
        refs = [record.ref for record in page.records]
        held, departed = self._held(refs), self._departed(refs)
        news = [record for record in page.records if self._is_news(record, held, departed)]
        applied = self._store_records(news, self._listings(), held)
        self._store_rates(page.rates)
        if page.company is not None:
            unknown = (schema.connection.c.name == self._name) & schema.connection.c.company.is_(None)
            self._tx.execute(update(schema.connection).where(unknown).values(company=codec.dump(page.company)))
        return applied

    def _is_news(
        self, record: Record | Gone | Unreadable, held: Mapping[tuple[str, str], Any], departed: Mapping[Ref, str]
    ) -> bool:
        """Whether a record of history is later than what we hold: by the provider's stamp, else by when it was read."""
        if departed.get(record.ref, "") >= self._seen_at:
            return False
        old = held.get((record.ref.kind, record.ref.id))
        if old is None:
            return True
        stamp = getattr(record, "stamp", "")
        if stamp and old.stamp and stamp != old.stamp:
            return bool(stamp > old.stamp)
        return bool(self._seen_at >= old.seen_at)

    def _departed(self, refs: Sequence[Ref]) -> dict[Ref, str]:
        table = schema.departed
        rows = self._tx.execute(select(table).where(table.c.connection == self._name)).all()
        gone = {Ref(row.kind, row.id): row.at for row in rows}
        return {ref: gone[ref] for ref in refs if ref in gone} if gone else {}


def _cut(row: Any) -> Cut:
    window = Window(row.name, _day(row.first), _day(row.last))
    return Cut(row.seq, window, **{name: getattr(row, name) for name in _COUNTS})


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
