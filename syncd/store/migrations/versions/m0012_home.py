"""Where a shared store stands by its server's own numbers: a restored copy stands elsewhere."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Add the column; the next office that sends fills it in."""
    op.add_column("store_info", sa.Column("home", sa.String(length=40)))
