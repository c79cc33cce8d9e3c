"""The tables of the flag database.

Ids are the deterministic ones of the messages, so that a repeated delivery meets its own
row. ``flags`` keeps every revision; a flag's present state is the newest one. Alerts,
flags and dispositions reach the database by different topics in any order, therefore only
the reasons of an alert, which are written with it, carry a foreign key.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
)

from pipeline.store.timestamp import UtcTime

metadata: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _text(name: str, *, nullable: bool = False) -> Column[str]:
    return Column(name, Text, nullable=nullable)


def _real(name: str, *, nullable: bool = False) -> Column[float]:
    return Column(name, Double, nullable=nullable)


def _time(name: str, *, nullable: bool = False) -> Column[object]:
    return Column(name, UtcTime, nullable=nullable)


def _timings() -> tuple[Column[float], ...]:
    """Where the time went, in milliseconds."""
    return _real("queue_ms"), _real("encode_ms"), _real("score_ms"), _real("adapt_ms")


def _paths() -> tuple[Column[object], ...]:
    """All paths as JSON, and the one with the largest share in columns of its own.

    JSON, not JSONB: it keeps a number exactly as it was written.
    """
    return (
        Column("paths", JSON, nullable=False),
        Column("path_seed", Text),
        Column("path_hops", SmallInteger),
        Column("path_text", Text),
    )


scores: Final = Table(
    "scores",
    metadata,
    Column("score_id", Text, primary_key=True),
    _text("uetr"),
    _text("entity"),
    _text("role"),
    _text("counterparty"),
    _real("amount"),
    _real("probability"),
    _real("lower"),
    _real("upper"),
    _text("band"),
    _real("threshold"),
    Column("events_seen", Integer, nullable=False),
    Column("tier", SmallInteger, nullable=False),
    Column("inner_steps", Integer, nullable=False),
    Column("prompt_version", Integer, nullable=False),
    _text("model_version"),
    _real("exposure"),
    _time("event_at"),
    _time("arrived_at"),
    _time("scored_at"),
    Column("deadline_ms", Integer, nullable=False),
    Column("deadline_missed", Boolean, nullable=False),
    *_timings(),
    Index(None, "entity", "event_at"),
    Index(None, "uetr"),
    Index(None, "event_at"),
)

alerts: Final = Table(
    "alerts",
    metadata,
    Column("alert_id", Text, primary_key=True),
    _text("kind"),
    _text("dedup_key"),
    _text("uetr"),
    _text("entity"),
    _text("role"),
    _text("counterparty"),
    _real("amount"),
    _time("event_at"),
    _time("arrived_at"),
    _time("scored_at"),
    _real("probability", nullable=True),
    _real("lower", nullable=True),
    _real("upper", nullable=True),
    _text("band"),
    _real("threshold"),
    Column("events_seen", Integer),
    Column("tier", SmallInteger),
    Column("inner_steps", Integer),
    Column("prompt_version", Integer),
    _text("model_version"),
    _real("exposure"),
    *_paths(),
    _real("priority"),
    _text("action"),
    Column("deadline_ms", Integer, nullable=False),
    Column("deadline_missed", Boolean, nullable=False),
    *_timings(),
    Index(None, "entity", "event_at"),
    Index(None, "uetr"),
    Index(None, "event_at"),
    Index(None, "dedup_key"),
)

alert_reasons: Final = Table(
    "alert_reasons",
    metadata,
    Column("alert_id", Text, ForeignKey(alerts.c.alert_id, ondelete="CASCADE"), primary_key=True),
    Column("position", SmallInteger, primary_key=True),
    _text("code"),
    _text("text"),
    _real("weight"),
    Column("evidence", JSON, nullable=False),
    Index(None, "code"),
)

flags: Final = Table(
    "flags",
    metadata,
    Column("flag_id", Text, primary_key=True),
    Column("revision", Integer, primary_key=True),
    _text("kind"),
    _text("entity"),
    _text("state"),
    _real("severity"),
    _time("event_at"),
    _time("expires_at", nullable=True),
    _text("alert_id", nullable=True),
    _text("uetr", nullable=True),
    *_paths(),
    Index(None, "entity", "event_at"),
    Index(None, "event_at"),
    Index(None, "alert_id"),
)

exposures: Final = Table(
    "exposures",
    metadata,
    Column("exposure_id", Text, primary_key=True),
    _text("entity"),
    _real("exposure"),
    _real("residual_bound"),
    _time("event_at"),
    _text("uetr", nullable=True),
    *_paths(),
    Index(None, "entity", "event_at"),
)

dispositions: Final = Table(
    "dispositions",
    metadata,
    Column("disposition_id", Text, primary_key=True),
    _text("alert_id"),
    _text("entity"),
    _text("uetr", nullable=True),
    _text("verdict"),
    _text("analyst"),
    _time("decided_at"),
    _text("note", nullable=True),
    Index(None, "alert_id", "decided_at"),
    Index(None, "entity", "decided_at"),
)

dead_letters: Final = Table(
    "dead_letters",
    metadata,
    Column("dead_letter_id", Text, primary_key=True),
    _text("source_topic"),
    Column("source_partition", Integer, nullable=False),
    Column("source_offset", BigInteger, nullable=False),
    _text("fault"),
    _text("field"),
    _text("hint"),
    _time("arrived_at"),
    Column("original", LargeBinary, nullable=False),
    _text("preview"),
    Column("original_size", BigInteger, nullable=False),
    Index(None, "arrived_at"),
)
