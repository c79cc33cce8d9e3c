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
}
"""Columns of events, behind the key."""


def key_of(split: str) -> str:
    """Name of the column that groups the events of a split."""
    return "counterparty" if split == TRAIN else "task"


def file_of(split: str, table: str) -> str:
    """Path of a table, relative to the benchmark's directory."""
    return f"{split}/{table}.parquet"
