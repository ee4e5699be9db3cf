"""The tables of the studio's database. All times are seconds since the epoch.

Every row belongs to a workspace, but for `tries`. A table whose `info` has `OUTLIVES` is kept when its workspace is
deleted. A blob has a table of its own, so that no list of runs or images can load one by accident.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    false,
)

__all__ = [
    "OUTLIVES",
    "admissions",
    "blobs",
    "charges",
    "images",
    "metadata",
    "outputs",
    "preferences",
    "runs",
    "thumbnails",
    "tries",
]

OUTLIVES = "outlives its workspace"

# Named constraints are the ones that a later migration can drop on every database.
metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

images = Table(
    "images",
    metadata,
    Column("workspace", String(64), primary_key=True),
    Column("sha256", String(64), primary_key=True),
    Column("mime", String(64), nullable=False),
    Column("width", Integer),
    Column("height", Integer),
    Column("byte_size", BigInteger, nullable=False),
)

blobs = Table(
    "blobs",
    metadata,
    Column("workspace", String(64), primary_key=True),
    Column("sha256", String(64), primary_key=True),
    Column("data", LargeBinary, nullable=False),
    ForeignKeyConstraint(["workspace", "sha256"], ["images.workspace", "images.sha256"], ondelete="CASCADE"),
)

thumbnails = Table(
    "thumbnails",
    metadata,
    Column("workspace", String(64), primary_key=True),
    Column("sha256", String(64), primary_key=True),
    Column("side", Integer, primary_key=True, autoincrement=False),
    Column("data", LargeBinary, nullable=False),
    ForeignKeyConstraint(["workspace", "sha256"], ["images.workspace", "images.sha256"], ondelete="CASCADE"),
)

runs = Table(
    "runs",
    metadata,
    Column("run_id", String(32), primary_key=True),
    Column("workspace", String(64), nullable=False),
    Column("backend", String(255), nullable=False),
    Column("workflow_id", String(255), nullable=False),
    Column("prompt", Text, nullable=False),
    Column("batch_size", Integer, nullable=False),
    Column("image_width", Integer, nullable=False),
    Column("image_height", Integer, nullable=False),
    Column("seed", Integer, nullable=False),
    Column("control_image", String(64), nullable=False),
    Column("submission", String(16), nullable=False),
    Column("render_id", Text),
    Column("phase", Text),
    Column("error", Text),
    Column("misc", JSON, nullable=False),
    Column("credits", Float, nullable=False),
    Column("cost", Float, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("submitted_at", Float),
    Column("completed_at", Float),
    Column("finished_at", Float),
    Column("stored_at", Float),
    Column("owner", String(255)),
    Column("lease_until", Float),
    Column("series_id", String(32)),
    Column("starred", Boolean, nullable=False, server_default=false()),
    Column("note", Text, nullable=False, server_default=""),
    Column("deleted_at", Float),
    Column("stopped_at", Float),
    Column("settled_at", Float),
    Column("is_shared", Boolean, nullable=False, server_default=false()),
    ForeignKeyConstraint(["workspace", "control_image"], ["images.workspace", "images.sha256"]),
    CheckConstraint("submission IN ('submitting', 'accepted', 'refused', 'uncertain')", name="submission"),
    CheckConstraint("stored_at IS NULL OR finished_at IS NOT NULL", name="stored_is_finished"),
    Index(None, "workspace", "created_at"),
    Index(None, "finished_at"),
    Index(None, "workspace", "series_id"),
    Index(None, "workspace", "stored_at"),
)

outputs = Table(
    "outputs",
    metadata,
    Column("run_id", String(32), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("workspace", String(64), nullable=False),
    Column("sha256", String(64), nullable=False),
    ForeignKeyConstraint(["run_id"], ["runs.run_id"], ondelete="CASCADE"),
    ForeignKeyConstraint(["workspace", "sha256"], ["images.workspace", "images.sha256"]),
    Index(None, "workspace", "sha256"),
)

preferences = Table(
    "preferences",
    metadata,
    Column("workspace", String(64), primary_key=True),
    Column("name", String(64), primary_key=True),
    Column("value", JSON, nullable=False),
)

# What runs with the owner's key cost. A cap that began anew whenever a visitor deletes everything would be none.
charges = Table(
    "charges",
    metadata,
    Column("run_id", String(32), primary_key=True),
    Column("workspace", String(64), nullable=False),
    Column("credits", Float, nullable=False),
    Column("cost", Float, nullable=False),
    Column("created_at", Float, nullable=False),
    Index(None, "workspace"),
    Index(None, "created_at"),
    info={OUTLIVES: True},
)

# Who has given which code, as its fingerprint, for what: to come in, or to see what the owner sees.
admissions = Table(
    "admissions",
    metadata,
    Column("workspace", String(64), primary_key=True),
    Column("purpose", String(16), primary_key=True),
    Column("fingerprint", String(64), nullable=False),
    Column("admitted_at", Float, nullable=False),
    info={OUTLIVES: True},
)

# How often a wrong code was given, by whom (a purpose, or the hash of an address), in which span (when it began).
tries = Table(
    "tries",
    metadata,
    Column("who", String(64), primary_key=True),
    Column("span", BigInteger, primary_key=True, autoincrement=False),
    Column("count", Integer, nullable=False),
)
