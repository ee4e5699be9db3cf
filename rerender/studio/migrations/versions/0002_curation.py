"""What people do with their runs: send several at once, star, annotate, delete; and their preferences."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the columns and the table."""
    op.add_column("runs", sa.Column("series_id", sa.String(length=32)))
    op.add_column("runs", sa.Column("starred", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("runs", sa.Column("note", sa.Text(), nullable=False, server_default=""))
    op.add_column("runs", sa.Column("deleted_at", sa.Float()))
    op.create_index("ix_runs_workspace_series_id", "runs", ["workspace", "series_id"])
    op.create_table(
        "preferences",
        sa.Column("workspace", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "name", name="pk_preferences"),
    )
