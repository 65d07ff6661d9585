"""Two columns that were written and never read: the head of an action's family, and when a brake was last released."""

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Drop them: who released is in the journal, and a family's head is whoever it is today."""
    for table, column in (("action", "account"), ("connection", "released_at")):
        with op.batch_alter_table(table) as without:
            without.drop_column(column)
