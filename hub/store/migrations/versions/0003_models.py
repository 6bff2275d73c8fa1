"""Models: the versions of the weights, and which one is in force."""

import sqlalchemy as sa
from alembic import op

from hub.store.types import Json, Key, Moment

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "models",
        sa.Column("entity", Key, nullable=False),
        sa.Column("version", Key, nullable=False),
        sa.Column("document", Json(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("parent", Key, nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("applied_at", Moment(), nullable=True),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("report", Json(), nullable=False),
        sa.Column("simulated", Json(), nullable=True),
        sa.PrimaryKeyConstraint("entity", "version", name="pk_models"),
    )
    active = sa.text("state = 'active'")
    op.create_index("uq_models_active", "models", ["entity"], unique=True, postgresql_where=active, sqlite_where=active)


def downgrade() -> None:
    op.drop_index("uq_models_active", table_name="models")
    op.drop_table("models")
