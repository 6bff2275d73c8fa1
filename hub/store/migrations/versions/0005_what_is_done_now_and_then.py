"""Who does what is to be done now and then, and by what a request that comes again is known to be the same."""

import sqlalchemy as sa
from alembic import op

from hub.store.types import Json, Key, Moment

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("inbox", sa.Column("hash", sa.Text(), nullable=True))
    op.create_table(
        "duties",
        sa.Column("name", Key, nullable=False),
        sa.Column("holder", Key, nullable=True),
        sa.Column("until", Moment(), nullable=True),
        sa.Column("began_at", Moment(), nullable=True),
        sa.Column("ended_at", Moment(), nullable=True),
        sa.Column("told", Json(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_duties"),
    )


def downgrade() -> None:
    op.drop_table("duties")
    op.drop_column("inbox", "hash")
