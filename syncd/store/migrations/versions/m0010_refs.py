"""One way to call a record: who looks after a customer, and where it lives, by kind and hyphen like a promise."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Rename them where they lie; what the journal said of them keeps the name it had."""
    record = sa.table("record", sa.column("id"), sa.column("kind"), sa.column("ref"))
    tx = op.get_bind()
    for row in tx.execute(sa.select(record).where(record.c.kind.in_(("assignment", "timezone")))).all():
        renamed = row.ref.replace(f"{row.kind}/", f"{row.kind}-", 1)
        tx.execute(sa.update(record).where(record.c.id == row.id).values(ref=renamed))
