"""An index for what a pass looks up by action, so that its cost follows what changed."""

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the index."""
    op.create_index("action_invoice_by_action", "action_invoice", ["action"], unique=False)
