"""What a host keeps of its visitors: who was let in, and what was spent with the owner's key."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the column and the tables."""
    op.add_column("runs", sa.Column("is_shared", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "charges",
        sa.Column("run_id", sa.String(length=32), nullable=False),
        sa.Column("workspace", sa.String(length=64), nullable=False),
        sa.Column("credits", sa.Float(), nullable=False),
        sa.Column("cost", sa.Float(), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", name="pk_charges"),
    )
    op.create_index("ix_charges_workspace", "charges", ["workspace"])
    op.create_index("ix_charges_created_at", "charges", ["created_at"])
    op.create_table(
        "admissions",
        sa.Column("workspace", sa.String(length=64), nullable=False),
        sa.Column("purpose", sa.String(length=16), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("admitted_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "purpose", name="pk_admissions"),
    )
    op.create_table(
        "tries",
        sa.Column("who", sa.String(length=64), nullable=False),
        sa.Column("span", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("who", "span", name="pk_tries"),
    )
