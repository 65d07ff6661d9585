"""Who works on a connection, until when, and how often that changed hands: for stores that several machines share."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add the columns; nobody holds anything yet."""
    with op.batch_alter_table("connection") as table:
        table.add_column(sa.Column("epoch", sa.Integer(), nullable=False, server_default="0"))
        table.add_column(sa.Column("holder", sa.String(length=300)))
        table.add_column(sa.Column("lease_until", sa.String(length=40)))
