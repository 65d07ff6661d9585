"""Ids, keys and reasons of any length: PostgreSQL refused more than a column was made for, SQLite never did."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

_GROWN = {
    "connection": ("name", "account", "parked_why", "brake_why", "holder"),
    "fact": ("connection", "id", "customer", "parent"),
    "departed": ("connection", "id"),
    "past_load": ("connection",),
    "past_window": ("connection",),
    "past_month": ("connection",),
    "crossing": ("connection", "id", "invoice"),
    "rate": ("connection",),
    "dirty": ("connection", "customer"),
    "quarantine": ("connection", "id", "problem"),
    "record": ("connection", "ref", "customer", "who"),
    "action": ("connection", "key", "customer", "account", "why", "approved_by"),
    "action_invoice": ("connection", "invoice"),
    "operation": ("connection", "key", "why"),
    "audit": ("connection", "key", "customer", "who"),
    "usage": ("connection",),
    "token": ("connection",),
    "finding": ("connection",),
}


def upgrade() -> None:
    """Lift the limits. SQLite has none, whatever a column says, so there is nothing to do."""
    if op.get_bind().dialect.name == "sqlite":
        return
    for table, columns in _GROWN.items():
        for column in columns:
            op.alter_column(table, column, type_=sa.Text())
