"""Payments and credit notes used on invoices of other customers."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add the table, and fill it from the documents held by now."""
    table = op.create_table(
        "crossing",
        sa.Column("connection", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("id", sa.String(length=100), nullable=False),
        sa.Column("invoice", sa.String(length=100), nullable=False),
        sa.PrimaryKeyConstraint("connection", "kind", "id", "invoice"),
    )
    op.create_index("crossing_by_invoice", "crossing", ["connection", "invoice"], unique=False)
    facts = op.get_bind().execute(sa.text("SELECT connection, kind, id, customer, doc FROM fact")).all()
    owner = {(row.connection, row.id): row.customer for row in facts if row.kind == "invoice"}
    rows = [
        {"connection": row.connection, "kind": row.kind, "id": row.id, "invoice": invoice}
        for row in facts
        if row.kind in ("payment", "credit_note")
        for invoice in sorted({part["invoice"] for part in json.loads(row.doc)["applied"]})
        if owner.get((row.connection, invoice)) != row.customer
    ]
    if rows:
        op.bulk_insert(table, rows)
