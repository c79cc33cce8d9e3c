"""The first schema: scores, alerts, flags, exposures, dispositions, dead letters."""

from __future__ import annotations

from alembic import op
from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKeyConstraint,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
    Text,
)

from pipeline.store.timestamp import UtcTime

revision = "0001"
down_revision: str | None = None
VIEWS_DIGEST = "6c5991eefa7a5065"
"""Of the views that were made with this version; a test compares it."""


def upgrade() -> None:
    """Make all tables."""
    _scores()
    _alerts()
    _alert_reasons()
    _flags()
    _exposures()
    _dispositions()
    _dead_letters()


def _scores() -> None:
    op.create_table(
        "scores",
        Column("score_id", Text(), nullable=False),
        Column("uetr", Text(), nullable=False),
        Column("entity", Text(), nullable=False),
        Column("role", Text(), nullable=False),
        Column("counterparty", Text(), nullable=False),
        Column("amount", Double(), nullable=False),
        Column("probability", Double(), nullable=False),
        Column("lower", Double(), nullable=False),
        Column("upper", Double(), nullable=False),
        Column("band", Text(), nullable=False),
        Column("threshold", Double(), nullable=False),
        Column("events_seen", Integer(), nullable=False),
        Column("tier", SmallInteger(), nullable=False),
        Column("inner_steps", Integer(), nullable=False),
        Column("prompt_version", Integer(), nullable=False),
        Column("model_version", Text(), nullable=False),
        Column("exposure", Double(), nullable=False),
        Column("event_at", UtcTime(), nullable=False),
        Column("arrived_at", UtcTime(), nullable=False),
        Column("scored_at", UtcTime(), nullable=False),
        Column("deadline_ms", Integer(), nullable=False),
        Column("deadline_missed", Boolean(), nullable=False),
        Column("queue_ms", Double(), nullable=False),
        Column("encode_ms", Double(), nullable=False),
        Column("score_ms", Double(), nullable=False),
        Column("adapt_ms", Double(), nullable=False),
        PrimaryKeyConstraint("score_id", name="pk_scores"),
    )
    op.create_index("ix_scores_entity_event_at", "scores", ["entity", "event_at"])
    op.create_index("ix_scores_event_at", "scores", ["event_at"])
    op.create_index("ix_scores_uetr", "scores", ["uetr"])


def _alerts() -> None:
    op.create_table(
        "alerts",
        Column("alert_id", Text(), nullable=False),
        Column("kind", Text(), nullable=False),
        Column("dedup_key", Text(), nullable=False),
        Column("uetr", Text(), nullable=False),
        Column("entity", Text(), nullable=False),
        Column("role", Text(), nullable=False),
        Column("counterparty", Text(), nullable=False),
        Column("amount", Double(), nullable=False),
        Column("event_at", UtcTime(), nullable=False),
        Column("arrived_at", UtcTime(), nullable=False),
        Column("scored_at", UtcTime(), nullable=False),
        Column("probability", Double(), nullable=True),
        Column("lower", Double(), nullable=True),
        Column("upper", Double(), nullable=True),
        Column("band", Text(), nullable=False),
        Column("threshold", Double(), nullable=False),
        Column("events_seen", Integer(), nullable=True),
        Column("tier", SmallInteger(), nullable=True),
        Column("inner_steps", Integer(), nullable=True),
        Column("prompt_version", Integer(), nullable=True),
        Column("model_version", Text(), nullable=False),
        Column("exposure", Double(), nullable=False),
        Column("paths", JSON(), nullable=False),
        Column("path_seed", Text(), nullable=True),
        Column("path_hops", SmallInteger(), nullable=True),
        Column("path_text", Text(), nullable=True),
        Column("priority", Double(), nullable=False),
        Column("action", Text(), nullable=False),
        Column("deadline_ms", Integer(), nullable=False),
        Column("deadline_missed", Boolean(), nullable=False),
        Column("queue_ms", Double(), nullable=False),
        Column("encode_ms", Double(), nullable=False),
        Column("score_ms", Double(), nullable=False),
        Column("adapt_ms", Double(), nullable=False),
        PrimaryKeyConstraint("alert_id", name="pk_alerts"),
    )
    op.create_index("ix_alerts_dedup_key", "alerts", ["dedup_key"])
    op.create_index("ix_alerts_entity_event_at", "alerts", ["entity", "event_at"])
    op.create_index("ix_alerts_event_at", "alerts", ["event_at"])
    op.create_index("ix_alerts_uetr", "alerts", ["uetr"])


def _alert_reasons() -> None:
    op.create_table(
        "alert_reasons",
        Column("alert_id", Text(), nullable=False),
        Column("position", SmallInteger(), nullable=False),
        Column("code", Text(), nullable=False),
        Column("text", Text(), nullable=False),
        Column("weight", Double(), nullable=False),
        Column("evidence", JSON(), nullable=False),
        ForeignKeyConstraint(
            ["alert_id"], ["alerts.alert_id"], name="fk_alert_reasons_alert_id", ondelete="CASCADE"
        ),
        PrimaryKeyConstraint("alert_id", "position", name="pk_alert_reasons"),
    )
    op.create_index("ix_alert_reasons_code", "alert_reasons", ["code"])


def _flags() -> None:
    op.create_table(
        "flags",
        Column("flag_id", Text(), nullable=False),
        Column("revision", Integer(), nullable=False),
        Column("kind", Text(), nullable=False),
        Column("entity", Text(), nullable=False),
        Column("state", Text(), nullable=False),
        Column("severity", Double(), nullable=False),
        Column("event_at", UtcTime(), nullable=False),
        Column("expires_at", UtcTime(), nullable=True),
        Column("alert_id", Text(), nullable=True),
        Column("uetr", Text(), nullable=True),
        Column("paths", JSON(), nullable=False),
        Column("path_seed", Text(), nullable=True),
        Column("path_hops", SmallInteger(), nullable=True),
        Column("path_text", Text(), nullable=True),
        PrimaryKeyConstraint("flag_id", "revision", name="pk_flags"),
    )
    op.create_index("ix_flags_alert_id", "flags", ["alert_id"])
    op.create_index("ix_flags_entity_event_at", "flags", ["entity", "event_at"])
    op.create_index("ix_flags_event_at", "flags", ["event_at"])


def _exposures() -> None:
    op.create_table(
        "exposures",
        Column("exposure_id", Text(), nullable=False),
        Column("entity", Text(), nullable=False),
        Column("exposure", Double(), nullable=False),
        Column("residual_bound", Double(), nullable=False),
        Column("event_at", UtcTime(), nullable=False),
        Column("uetr", Text(), nullable=True),
        Column("paths", JSON(), nullable=False),
        Column("path_seed", Text(), nullable=True),
        Column("path_hops", SmallInteger(), nullable=True),
        Column("path_text", Text(), nullable=True),
        PrimaryKeyConstraint("exposure_id", name="pk_exposures"),
    )
    op.create_index("ix_exposures_entity_event_at", "exposures", ["entity", "event_at"])


def _dispositions() -> None:
    op.create_table(
        "dispositions",
        Column("disposition_id", Text(), nullable=False),
        Column("alert_id", Text(), nullable=False),
        Column("entity", Text(), nullable=False),
        Column("uetr", Text(), nullable=True),
        Column("verdict", Text(), nullable=False),
        Column("analyst", Text(), nullable=False),
        Column("decided_at", UtcTime(), nullable=False),
        Column("note", Text(), nullable=True),
        PrimaryKeyConstraint("disposition_id", name="pk_dispositions"),
    )
    op.create_index(
        "ix_dispositions_alert_id_decided_at", "dispositions", ["alert_id", "decided_at"]
    )
    op.create_index("ix_dispositions_entity_decided_at", "dispositions", ["entity", "decided_at"])


def _dead_letters() -> None:
    op.create_table(
        "dead_letters",
        Column("dead_letter_id", Text(), nullable=False),
        Column("source_topic", Text(), nullable=False),
        Column("source_partition", Integer(), nullable=False),
        Column("source_offset", BigInteger(), nullable=False),
        Column("fault", Text(), nullable=False),
        Column("field", Text(), nullable=False),
        Column("hint", Text(), nullable=False),
        Column("arrived_at", UtcTime(), nullable=False),
        Column("original", LargeBinary(), nullable=False),
        Column("preview", Text(), nullable=False),
        Column("original_size", BigInteger(), nullable=False),
        PrimaryKeyConstraint("dead_letter_id", name="pk_dead_letters"),
    )
    op.create_index("ix_dead_letters_arrived_at", "dead_letters", ["arrived_at"])
