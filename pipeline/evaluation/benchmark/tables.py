"""The benchmark's tables: which files there are, and the columns that each holds.

A training table has a row an event of a counterparty. A validation or test table has a row
an event of a task: the history that a method may read, and last the event that it scores.
"""

from __future__ import annotations

from typing import Final

import polars as pl

TRAIN, VALIDATION, TEST = "train", "validation", "test"
SPLITS: Final = (TRAIN, VALIDATION, TEST)
EVENTS, AGGREGATES, LABELS = "events", "aggregates", "labels"
TABLES: Final = (EVENTS, AGGREGATES, LABELS)

EVENTS_SEEN: Final = (0, 1, 3, 5, 10)
"""Lengths of the tasks' histories."""

_STANDING: Final = (
    *("events", "first_at", "last_at", "out_1d", "in_1d", "out_7d", "in_7d", "all_30d"),
    *("usd_out_1d", "usd_in_1d", "new_agents_7d", "counterparties", "agents"),
)
STANDING_COLUMNS: Final = {name: f"other_{name}" for name in _STANDING}
"""Columns of what is known of the other side before an event; null where nothing is.

By field of :class:`schemas.standing.Standing`, which peers' environments cannot import.
"""
_STANDING_TYPES: Final[dict[str, pl.DataType]] = {
    **dict.fromkeys(("other_events", "other_counterparties", "other_agents"), pl.Int64()),
    **dict.fromkeys(("other_first_at", "other_last_at"), pl.Datetime("ms", "UTC")),
}

EVENT_COLUMNS: Final[dict[str, pl.DataType]] = {
    "position": pl.Int16(),
    "time": pl.Datetime("ms", "UTC"),
    "role": pl.String(),
    "amount": pl.Float64(),
    "message_type": pl.String(),
    "local_instrument": pl.String(),
    "purpose": pl.String(),
    "own_country": pl.String(),
    "other_country": pl.String(),
    "other_party": pl.String(),
    "other_agent": pl.String(),
    **{name: _STANDING_TYPES.get(name, pl.Float64()) for name in STANDING_COLUMNS.values()},
}
"""Columns of events, behind the key."""


def key_of(split: str) -> str:
    """Name of the column that groups the events of a split."""
    return "counterparty" if split == TRAIN else "task"


def file_of(split: str, table: str) -> str:
    """Path of a table, relative to the benchmark's directory."""
    return f"{split}/{table}.parquet"
