"""Which invoices an action is about, and actions found by their customer."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the table, and fill it from what was decided by now."""
    op.drop_index("action_by_account", table_name="action")
    op.create_index("action_by_customer", "action", ["connection", "customer"], unique=False)
    table = op.create_table(
        "action_invoice",
        sa.Column("connection", sa.String(length=100), nullable=False),
        sa.Column("invoice", sa.String(length=100), nullable=False),
        sa.Column("action", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("connection", "invoice", "action"),
    )
    decided = op.get_bind().execute(sa.text("SELECT id, connection, doc FROM action")).all()
    rows = [
        {"connection": row.connection, "invoice": invoice, "action": row.id}
        for row in decided
        for invoice in _invoices(json.loads(row.doc))
    ]
    if rows:
        op.bulk_insert(table, rows)


def _invoices(decision: dict[str, object]) -> set[str]:
    named = decision.get("invoices")
    invoice = decision.get("invoice")
    return {str(ref) for ref in named} if isinstance(named, list) else {str(invoice)} if invoice else set()
