"""What people decide in the course of a run: to stop watching it, and what became of one of unknown fate."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the columns, and the index by which the few runs are found that have not all of their pictures."""
    op.add_column("runs", sa.Column("stopped_at", sa.Float()))
    op.add_column("runs", sa.Column("settled_at", sa.Float()))
    op.create_index("ix_runs_workspace_stored_at", "runs", ["workspace", "stored_at"])
