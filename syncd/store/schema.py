"""The tables. Money and days live inside documents (JSON of a value); columns exist only where something is searched.

Instants are UTC ISO text, so that SQLite and PostgreSQL order and compare them alike.
"""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Integer, MetaData, String, Table, Text, UniqueConstraint

from syncd.store.words import Words

metadata = MetaData()

store_info = Table(
    "store_info",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("lineage", String(36), nullable=False),
    Column("writes", Integer, nullable=False),  # requests sent, kept beside the database as well
    Column("recovered_at", String(40)),
    Column("home", String(40)),  # the server's own numbers for where it stood as the last office began to send
)

# One row a connection: where reading stands and what stops it.
connection = Table(
    "connection",
    metadata,
    Column("name", Words, primary_key=True),
    Column("account", Words, nullable=False),
    Column("company", Text),
    Column("cursor", Text),
    Column("listings", Text),  # by kind, the number of its newest full listing
    Column("pulled_at", String(40)),
    Column("evaluated_on", String(10)),
    Column("policy_version", String(80)),
    Column("parked_until", String(40)),
    Column("parked_why", Words),
    Column("brake_why", Words),
    Column("brake_at", String(40)),
    Column("plans", Integer, nullable=False, default=0),
    Column("day_left", Integer),
    Column("epoch", Integer, nullable=False, server_default="0"),  # how often the connection changed hands
    Column("holder", Words),  # the office that works on it
    Column("lease_until", String(40)),
)

fact = Table(
    "fact",
    metadata,
    Column("connection", Words, primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("id", Words, primary_key=True),
    Column("customer", Words, nullable=False),
    Column("parent", Words),
    Column("number", String(300)),
    Column("open", Boolean, nullable=False),
    Column("listing", Integer, nullable=False, default=0),  # the last full listing that showed it
    Column("stamp", String(40), nullable=False, default="", server_default=""),  # the provider's last change of it
    Column("seen_at", String(40), nullable=False, default="", server_default=""),  # the provider's clock as it was read
    Column("doc", Text, nullable=False),
    Index("fact_by_customer", "connection", "customer"),
    Index("fact_open", "connection", "kind", "open"),
    Index("fact_by_parent", "connection", "parent"),
)

# Records lately gone, so that a page of history read before cannot bring them back.
departed = Table(
    "departed",
    metadata,
    Column("connection", Words, primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("id", Words, primary_key=True),
    Column("at", String(40), nullable=False),
)

# One load of history a connection, the newest: which days it is to cover and whether all of it is here.
past_load = Table(
    "past_load",
    metadata,
    Column("connection", Words, primary_key=True),
    Column("since", String(10), nullable=False),  # empty: from the first document on
    Column("until", String(10), nullable=False),
    Column("started_at", String(40), nullable=False),
    Column("finished_at", String(40)),
)

# What of it was cut out to be read, and how far that is. Pages are stored in order: `pages_done` is where to go on.
past_window = Table(
    "past_window",
    metadata,
    Column("connection", Words, primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("name", String(40), nullable=False),
    Column("first", String(10), nullable=False),
    Column("last", String(10), nullable=False),
    Column("expected", Integer, nullable=False),  # -1 until it was counted, and perhaps cut
    Column("total", Integer, nullable=False),  # as the provider counts; -1 until it was asked
    Column("pages", Integer, nullable=False),
    Column("pages_done", Integer, nullable=False),
    Column("shown", Integer, nullable=False),
    Column("unreadable", Integer, nullable=False),
    Column("tries", Integer, nullable=False),
)

# What the provider showed of a window, by month and currency; empty month and currency where documents have none.
past_month = Table(
    "past_month",
    metadata,
    Column("connection", Words, primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("month", String(7), primary_key=True),
    Column("currency", String(3), primary_key=True),
    Column("documents", Integer, nullable=False),
    Column("amount", String(40), nullable=False),
)

# A payment or credit note used on an invoice of another customer.
crossing = Table(
    "crossing",
    metadata,
    Column("connection", Words, primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("id", Words, primary_key=True),
    Column("invoice", Words, primary_key=True),
    Index("crossing_by_invoice", "connection", "invoice"),
)

rate = Table(
    "rate",
    metadata,
    Column("connection", Words, primary_key=True),
    Column("source", String(3), primary_key=True),
    Column("target", String(3), primary_key=True),
    Column("on", String(10), primary_key=True),
    Column("doc", Text, nullable=False),
)

# Accounts whose facts changed since they were last decided on; `customer` is whichever member changed.
dirty = Table(
    "dirty",
    metadata,
    Column("connection", Words, primary_key=True),
    Column("customer", Words, primary_key=True),
)

quarantine = Table(
    "quarantine",
    metadata,
    Column("connection", Words, primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("id", Words, primary_key=True),
    Column("problem", Words, nullable=False),
    Column("at", String(40), nullable=False),
)

# What people record: promises, disputes, plans, holds, contacts, waivers, imported history. `doc` is the value itself.
record = Table(
    "record",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("connection", Words, nullable=False),
    Column("kind", String(24), nullable=False),
    Column("ref", Words, nullable=False),
    Column("customer", Words, nullable=False),
    Column("who", Words, nullable=False),
    Column("at", String(40), nullable=False),
    Column("doc", Text, nullable=False),
    UniqueConstraint("connection", "kind", "ref"),
    Index("record_by_customer", "connection", "customer"),
)

# A decision that was planned, with the state it is in.
action = Table(
    "action",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("connection", Words, nullable=False),
    Column("plan", Integer, nullable=False),
    Column("key", Words, nullable=False),
    Column("kind", String(24), nullable=False),
    Column("rule", String(40), nullable=False),
    Column("customer", Words, nullable=False),
    Column("state", String(12), nullable=False),
    Column("hold", String(12), nullable=False, default=""),  # what a held one waits for
    Column("why", Words, nullable=False, default=""),  # why it is held, stale, refused or unclear
    Column("approved_by", Words),
    Column("decided_on", String(10), nullable=False),
    Column("planned_at", String(40), nullable=False),
    Column("done_on", String(10)),
    Column("policy_version", String(80), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("doc", Text, nullable=False),
    UniqueConstraint("connection", "key"),
    Index("action_by_state", "connection", "state", "hold"),
    Index("action_by_customer", "connection", "customer"),
)

# Which invoices an action is about: what was said of an invoice stays with it, whoever is billed for it later.
action_invoice = Table(
    "action_invoice",
    metadata,
    Column("connection", Words, primary_key=True),
    Column("invoice", Words, primary_key=True),
    Column("action", Integer, primary_key=True),
    Index("action_invoice_by_action", "action"),
)

# One request an action makes of the books. `payload` is frozen: every try sends the same.
operation = Table(
    "operation",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("action", Integer, nullable=False),
    Column("connection", Words, nullable=False),
    Column("key", Words, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("verb", String(24), nullable=False),
    Column("payload", Text, nullable=False),
    Column("state", String(12), nullable=False),
    Column("why", Words, nullable=False, default=""),
    Column("attempts", Integer, nullable=False, default=0),
    Column("first_sent_at", String(40)),
    Column("finished_at", String(40)),
    Column("remote_id", String(200)),
    Column("trace", String(200)),
    UniqueConstraint("connection", "key"),
    Index("operation_by_state", "connection", "state"),
    Index("operation_by_action", "action"),
)

# Append-only: what was planned, sent, confirmed, refused; by whom and why.
audit = Table(
    "audit",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", String(40), nullable=False),
    Column("connection", Words, nullable=False),
    Column("event", String(40), nullable=False),
    Column("key", Words, nullable=False),
    Column("customer", Words, nullable=False),
    Column("who", Words, nullable=False),
    Column("detail", Text, nullable=False),
    Index("audit_by_customer", "connection", "customer"),
    Index("audit_by_key", "connection", "key"),
)

usage = Table(
    "usage",
    metadata,
    Column("connection", Words, primary_key=True),
    Column("day", String(10), primary_key=True),  # UTC
    Column("purpose", String(16), primary_key=True),
    Column("calls", Integer, nullable=False),
)

token = Table(
    "token",
    metadata,
    Column("connection", Words, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("sealed", Text, nullable=False),
    Column("previous", Text),
    Column("refreshing_since", String(40)),
)

# The last word on something that is looked at now and then: agreement with the books, their clock, their own reminders.
finding = Table(
    "finding",
    metadata,
    Column("connection", Words, primary_key=True),
    Column("kind", String(24), primary_key=True),
    Column("at", String(40), nullable=False),
    Column("doc", Text, nullable=False),
)
