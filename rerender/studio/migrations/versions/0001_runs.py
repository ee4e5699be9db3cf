"""Runs, their images and outputs."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the first tables."""
    op.create_table(
        "images",
        sa.Column("workspace", sa.String(length=64), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("mime", sa.String(length=64), nullable=False),
        sa.Column("width", sa.Integer()),
        sa.Column("height", sa.Integer()),
        sa.Column("byte_size", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "sha256", name="pk_images"),
    )
    op.create_table(
        "blobs",
        sa.Column("workspace", sa.String(length=64), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace", "sha256"],
            ["images.workspace", "images.sha256"],
            name="fk_blobs_workspace_sha256",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace", "sha256", name="pk_blobs"),
    )
    op.create_table(
        "runs",
        sa.Column("run_id", sa.String(length=32), nullable=False),
        sa.Column("workspace", sa.String(length=64), nullable=False),
        sa.Column("backend", sa.String(length=255), nullable=False),
        sa.Column("workflow_id", sa.String(length=255), nullable=False),
        sa.Column("prompt", sa.Text(), nullable=False),
        sa.Column("batch_size", sa.Integer(), nullable=False),
        sa.Column("image_width", sa.Integer(), nullable=False),
        sa.Column("image_height", sa.Integer(), nullable=False),
        sa.Column("seed", sa.Integer(), nullable=False),
        sa.Column("control_image", sa.String(length=64), nullable=False),
        sa.Column("submission", sa.String(length=16), nullable=False),
        sa.Column("render_id", sa.Text()),
        sa.Column("phase", sa.Text()),
        sa.Column("error", sa.Text()),
        sa.Column("misc", sa.JSON(), nullable=False),
        sa.Column("credits", sa.Float(), nullable=False),
        sa.Column("cost", sa.Float(), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.Column("submitted_at", sa.Float()),
        sa.Column("completed_at", sa.Float()),
        sa.Column("finished_at", sa.Float()),
        sa.Column("stored_at", sa.Float()),
        sa.Column("owner", sa.String(length=255)),
        sa.Column("lease_until", sa.Float()),
        sa.CheckConstraint(
            "submission IN ('submitting', 'accepted', 'refused', 'uncertain')", name=op.f("ck_runs_submission")
        ),
        sa.CheckConstraint("stored_at IS NULL OR finished_at IS NOT NULL", name=op.f("ck_runs_stored_is_finished")),
        sa.ForeignKeyConstraint(
            ["workspace", "control_image"],
            ["images.workspace", "images.sha256"],
            name="fk_runs_workspace_control_image",
        ),
        sa.PrimaryKeyConstraint("run_id", name="pk_runs"),
    )
    op.create_index("ix_runs_finished_at", "runs", ["finished_at"])
    op.create_index("ix_runs_workspace_created_at", "runs", ["workspace", "created_at"])
    op.create_table(
        "thumbnails",
        sa.Column("workspace", sa.String(length=64), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("side", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace", "sha256"],
            ["images.workspace", "images.sha256"],
            name="fk_thumbnails_workspace_sha256",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace", "sha256", "side", name="pk_thumbnails"),
    )
    op.create_table(
        "outputs",
        sa.Column("run_id", sa.String(length=32), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("workspace", sa.String(length=64), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.run_id"], name="fk_outputs_run_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["workspace", "sha256"], ["images.workspace", "images.sha256"], name="fk_outputs_workspace_sha256"
        ),
        sa.PrimaryKeyConstraint("run_id", "position", name="pk_outputs"),
    )
    op.create_index("ix_outputs_workspace_sha256", "outputs", ["workspace", "sha256"])
