"""Loads of history: when each fact was read, what is lately gone, and how far the newest load is."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add two columns to the facts and the tables of a load."""
    with op.batch_alter_table("fact") as fact:
        fact.add_column(sa.Column("stamp", sa.String(length=40), nullable=False, server_default=""))
        fact.add_column(sa.Column("seen_at", sa.String(length=40), nullable=False, server_default=""))
    op.create_table(
        "departed",
        sa.Column("connection", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("id", sa.String(length=100), nullable=False),
        sa.Column("at", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("connection", "kind", "id"),
    )
    op.create_table(
        "past_load",
        sa.Column("connection", sa.String(length=100), nullable=False),
        sa.Column("since", sa.String(length=10), nullable=False),
        sa.Column("until", sa.String(length=10), nullable=False),
        sa.Column("started_at", sa.String(length=40), nullable=False),
        sa.Column("finished_at", sa.String(length=40), nullable=True),
        sa.PrimaryKeyConstraint("connection"),
    )
    op.create_table(
        "past_window",
        sa.Column("connection", sa.String(length=100), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("first", sa.String(length=10), nullable=False),
        sa.Column("last", sa.String(length=10), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in _COUNTS),
        sa.PrimaryKeyConstraint("connection", "seq"),
    )
    op.create_table(
        "past_month",
        sa.Column("connection", sa.String(length=100), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("documents", sa.Integer(), nullable=False),
        sa.Column("amount", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("connection", "seq", "month", "currency"),
    )


_COUNTS = ("expected", "total", "pages", "pages_done", "shown", "unreadable", "tries")
