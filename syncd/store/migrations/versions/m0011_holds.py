"""What waits is found by what it waits for: a few that nobody here can do among thousands that wait for approval."""

from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Let the index of states tell that too."""
    op.drop_index("action_by_state", "action")
    op.create_index("action_by_state", "action", ["connection", "state", "hold"], unique=False)
