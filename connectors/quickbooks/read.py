"""Reading QuickBooks: a first load by pages, then change data capture; single records; the aged-receivables report.

IDLE      one CDC request; what rarely changes (preferences, terms, types) rides in the cursor, read again weekly.
CURSOR    QuickBooks' own clock, asked again five minutes back: overlap is harmless, a gap is not.
LISTING   pages of 1,000 by id with one row of overlap; rows that shifted start that listing over. Flagged `replaces`
          and `complete_for`, so that what queries cannot show (deletions) still comes out.
EDGES     CDC reaches 30 days back and shows 1,000 rows: past 29 days everything is listed again; at 1,000 rows each
          kind is asked by itself, and one that still overflows, or breaks over one bad record, is listed again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, timedelta
from typing import Any
from urllib.parse import quote

from connectors import AgedReceivables, ConnectionSettings, FactKind, Identity, Page, Record, Ref, Unreadable
from connectors.errors import Rejected, Unavailable
from connectors.markers import keys_in
from connectors.quickbooks import mapping
from connectors.quickbooks.cursor import Cursor
from connectors.quickbooks.faults import NOT_FOUND, BrokenAnswer
from connectors.quickbooks.journal import beyond_documents
from connectors.quickbooks.listings import EVERYTHING, Lister
from connectors.quickbooks.own import Own
from connectors.quickbooks.profile import Profile, profile_of, term_of, types_of
from connectors.quickbooks.records import ENTITIES, Records, Row
from connectors.quickbooks.report import balances_in
from connectors.quickbooks.wire import PAGE_ROWS, Api, understood
from connectors.transport import Timing

CDC_ROWS = 1000
OVERLAP = timedelta(minutes=5)
CDC_REACH = timedelta(days=29)  # of 30: a day in hand
RECHECK = timedelta(days=7)
_BAD_ID = "2030"
_OPEN = "Balance > '0'"
_LATE_FEES = "Late fee income"
_NOT_THERE = "the company cannot be read: {}; are realm_id and api_url right?"


@dataclass(frozen=True, slots=True)
class Changes:
    """Changed rows by entity, QuickBooks' time, and the kinds whose changes could not all be seen."""

    time: str
    rows: dict[str, list[Row]]
    unseen: tuple[FactKind, ...] = ()


class Reader:
    """Reads one company. Holds its profile, nothing else."""

    def __init__(self, api: Api, settings: ConnectionSettings, timing: Timing) -> None:
        self._api = api
        self._settings = settings
        self._timing = timing
        self._records = Records(api, Own.of(settings))
        self._lister = Lister(api, self._records)
        self.known_profile: Profile | None = None

    def profile(self) -> Profile:
        """The company's settings, read now if no cursor brought them."""
        if self.known_profile is None:
            self._read_profile()
        assert self.known_profile is not None  # noqa: S101 - set by the line above; tells the type checker
        return self.known_profile

    def changes(self, cursor: str | None) -> Iterator[Page]:
        """Pages since `cursor`; each carries the cursor that stands for "this is stored"."""
        state = Cursor.parse(cursor)
        if state is None:
            since = self._read_profile()
            state = Cursor(since, since, self.profile(), EVERYTHING)
            yield from self._lister.pages(state, fresh=True)
            return
        self.known_profile = state.profile
        if state.todo:
            yield from self._lister.pages(state)
        elif self._timing.now() - mapping.instant(state.since) > CDC_REACH:
            yield from self._start_over()
        else:
            yield from self._poll(state)

    def fetch(self, ref: Ref) -> Record | None:
        """One record by id; None where it does not exist (any more).

        Raises:
            MalformedRecordError: it is there and cannot be read.
        """
        entity = ENTITIES[ref.kind]
        row = self.row(entity, ref.id)
        if row is None:
            return None
        return self._records.one(ref, row, self.profile())

    def open_invoices(self, customers: Sequence[str]) -> tuple[Record | Unreadable, ...]:
        """What is open of these customers' invoices, by as few queries as their ids fit into."""
        return self._records.listed("invoice", self._records.of_customers("Invoice", customers, _OPEN), self.profile())

    def mark_on(self, ref: Ref, *, mails: bool) -> str | None:
        """What tells of work like ours. A mail leaves no marker, only the time it went out: a reminder's is late."""
        row = self.row(ENTITIES[ref.kind], ref.id) or {}
        if any(keys_in(str(row.get(name) or "")) for name in ("PrivateNote", "Notes")):
            return "carries a marker of ours"
        late = mails and mapping.mailed_late(row, self.profile())
        return "was mailed by QuickBooks after it was due" if late else None

    def row(self, entity: str, ref: str) -> dict[str, Any] | None:
        """The JSON of one record; None where there is none."""
        try:
            found = self._api.read(f"{entity.lower()}/{quote(ref, safe='')}").get(entity)
        except Rejected as error:
            if error.code in (NOT_FOUND, _BAD_ID):
                return None
            raise
        return found if isinstance(found, dict) and found.get("status") != "Deleted" else None

    def pay_link(self, invoice: str) -> str | None:
        """The address QuickBooks gives out for paying an invoice; asked for apart, as only single reads carry it."""
        found = self._api.read(f"invoice/{quote(invoice, safe='')}", include="invoiceLink").get("Invoice")
        link = found.get("InvoiceLink") if isinstance(found, dict) else None
        return link if isinstance(link, str) and link.startswith("https://") else None

    def customer_type(self, name: str) -> str | None:
        """The id of a customer type; None where there is none of that name, also among the newest."""
        known = _named(self.profile().types, name)
        return known if known is not None else _named(self._types(), name)

    def version_of(self, entity: str, row: Row) -> str:
        """The version a fact of this row has; empty where the profile is not known yet or the row is not whole."""
        return self._records.version(entity, row, self.known_profile) if self.known_profile else ""

    def aged_receivables(self, as_of: date) -> AgedReceivables:
        """What each customer owes by QuickBooks' own report, less its credits, in the home currency."""
        report = self._api.read("reports/AgedReceivables", report_date=as_of.isoformat(), aging_method="Report_Date")
        return balances_in(report, self.profile().company.currency)

    def beyond_documents(self, customers: frozenset[str], as_of: date) -> AgedReceivables:
        """What else moved these customers' balances; asked only where a difference needs explaining."""
        return beyond_documents(self._api, customers, as_of, self.profile().company.currency)

    def charges_late_fees(self) -> bool:
        """Whether the account that QuickBooks makes for its own late fees is there and in use."""
        rows = self._api.rows("Account", f"select * from Account where Name = '{_LATE_FEES}'")  # noqa: S608 - a constant
        return any(row.get("Active") is not False for row in rows)

    def identity(self) -> Identity:
        """When the company was made and what it is called: of the two, a rename leaves one."""
        try:
            info = self._api.read(f"companyinfo/{self._settings.account}").get("CompanyInfo") or {}
        except Rejected as error:
            raise Unavailable(_NOT_THERE.format(error)) from error
        with understood("settings"):
            made = mapping.instant_or_none((info.get("MetaData") or {}).get("CreateTime"))
            name = str(info.get("CompanyName") or "")
            marks = (f"made {made.astimezone(UTC).isoformat()}" if made else "", f"called {name}" if name else "")
        return Identity(name, tuple(mark for mark in marks if mark))

    def _read_profile(self) -> str:
        """Read the settings; returns QuickBooks' time of the first reply."""
        try:
            reply = self._api.read(f"companyinfo/{self._settings.account}")
            preferences = self._api.read("preferences").get("Preferences") or {}
        except Rejected as error:
            raise Unavailable(_NOT_THERE.format(error)) from error
        terms, types = self._optional_rows("Term"), self._optional_rows("CustomerType")
        with understood("settings"):
            self.known_profile = profile_of(
                reply.get("CompanyInfo") or {}, preferences, terms, types, self._settings.timezone
            )
        return self._time(reply)

    def _optional_rows(self, entity: str) -> list[dict[str, Any]]:
        """A short list that some plans do not have."""
        try:
            return self._api.rows(entity, f"select * from {entity} MAXRESULTS {PAGE_ROWS}")  # noqa: S608 - a constant
        except Rejected:
            return []

    def _time(self, reply: Row) -> str:
        """QuickBooks' clock; ours only where an answer names no time."""
        said = mapping.instant_or_none(reply.get("time"))
        return (said or self._timing.now()).isoformat()

    def _start_over(self) -> Iterator[Page]:
        since = self._read_profile()
        yield from self._lister.pages(Cursor(since, since, self.profile(), EVERYTHING), fresh=True)

    # Change data capture

    def _poll(self, state: Cursor) -> Iterator[Page]:
        since = (mapping.instant(state.since) - OVERLAP).isoformat(timespec="seconds")
        try:
            changes = self._changes(since)
        except Rejected as error:
            if "older than" not in error.detail:
                raise
            yield from self._start_over()
            return
        profile = _with_terms(state.profile, changes.rows.pop("Term", []))
        state = replace(state, since=changes.time, profile=profile, todo=changes.unseen)
        yield from self._polled(state, {kind: changes.rows.get(entity, []) for kind, entity in ENTITIES.items()})

    def _polled(self, state: Cursor, rows: Mapping[FactKind, list[Row]]) -> Iterator[Page]:
        self.known_profile = state.profile
        recheck = mapping.instant(state.since) - mapping.instant(state.checked_at) > RECHECK
        if recheck:
            self._read_profile()
            state = replace(state, checked_at=state.since, profile=self.profile())
            state = state if "invoice" in state.todo else replace(state, todo=(*state.todo, "open_invoice"))
        state = self._with_new_types(state, rows["customer"])
        page = self._records.page(rows, state)
        yield replace(page, company=state.profile.company) if recheck else page
        yield from self._lister.pages(state)

    def _changes(self, since: str) -> Changes:
        """What changed, in one request; kind by kind where one answer cannot hold it all or breaks over a record."""
        try:
            reply = self._changed((*ENTITIES.values(), "Term"), since)
        except BrokenAnswer:
            return self._changes_by_kind(since)
        rows = _changed_rows(reply)
        whole = sum(map(len, rows.values())) < CDC_ROWS
        return Changes(self._time(reply), rows) if whole else self._changes_by_kind(since)

    def _changes_by_kind(self, since: str) -> Changes:
        rows: dict[str, list[Row]] = {}
        unseen: list[FactKind] = []
        times: list[str] = []
        for kind, entity in ENTITIES.items():
            try:
                reply = self._changed((entity,), since)
            except BrokenAnswer:
                unseen.append(kind)
                continue
            times.append(self._time(reply))
            rows |= _changed_rows(reply)
            if len(rows.get(entity, ())) >= CDC_ROWS:
                unseen.append(kind)
        if not times:
            raise Unavailable("QuickBooks fails over every answer; it may be out of order")
        return Changes(times[0], rows, tuple(unseen))

    def _changed(self, entities: Sequence[str], since: str) -> dict[str, Any]:
        reply = self._api.read_or_shrink("cdc", entities=",".join(entities), changedSince=since)
        if not isinstance(reply.get("CDCResponse"), list):
            raise Unavailable("QuickBooks' answer about changes names none and does not say so")
        if any("Fault" in part or _hides_a_row(part) for part in _parts(reply)):
            raise BrokenAnswer("QuickBooks fails over part of what changed")
        return reply

    def _with_new_types(self, state: Cursor, customers: Sequence[Row]) -> Cursor:
        """Customer types are not in change data capture: an unknown one among the customers has them read again."""
        used = {mapping.ref_of(row, "CustomerTypeRef") for row in customers} - {""}
        if used <= state.profile.types.keys():
            return state
        self.known_profile = replace(state.profile, types={**dict.fromkeys(used, ""), **self._types()})
        return replace(state, profile=self.known_profile)

    def _types(self) -> dict[str, str]:
        return types_of(self._optional_rows("CustomerType"))


def _named(types: Mapping[str, str], name: str) -> str | None:
    return next((ref for ref, label in types.items() if label == name), None)


def _changed_rows(reply: Row) -> dict[str, list[Row]]:
    """Rows by entity from every part of a CDC reply."""
    rows: dict[str, list[Row]] = {}
    for part in _parts(reply):
        for name, found in part.items():
            if isinstance(found, list):
                rows.setdefault(name, []).extend(row for row in found if isinstance(row, dict))
    return rows


def _parts(reply: Row) -> Iterator[Row]:
    """What a CDC reply says of each entity."""
    for response in reply.get("CDCResponse") or ():
        yield from (part for part in response.get("QueryResponse") or () if isinstance(part, dict))


def _hides_a_row(part: Row) -> bool:
    """Whether a row shows no record: which of them changed is not told, so all of its kind are listed again."""
    lists = (found for found in part.values() if isinstance(found, list))
    return any(not isinstance(row, dict) for found in lists for row in found)


def _with_terms(profile: Profile, rows: Sequence[Row]) -> Profile:
    changed = {str(row["Id"]): term_of(row) for row in rows if row.get("Id")}
    return replace(profile, terms={**profile.terms, **changed}) if changed else profile
