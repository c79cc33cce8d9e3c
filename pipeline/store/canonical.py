"""A table as canonical lines: what two ways of computing the same thing are compared by.

The acceptance test "effects happen once" holds the flag database against what the batch
engine computes from the recorded logs. Everything must be equal but what the wall clock
decided; :data:`WALL_CLOCK` names those columns.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from types import MappingProxyType
from typing import Final

import orjson
from sqlalchemy import Connection, select

from pipeline.store import tables
from pipeline.store.timestamp import to_text

_TIMED: Final = frozenset(
    {"scored_at", "deadline_missed", "queue_ms", "encode_ms", "score_ms", "adapt_ms"}
)

WALL_CLOCK: Final = MappingProxyType(
    {
        "scores": _TIMED,
        "alerts": _TIMED,
        "alert_reasons": frozenset[str](),
        "flags": frozenset[str](),
        "exposures": frozenset[str](),
        "dispositions": frozenset[str](),
        "dead_letters": frozenset[str](),
    }
)
"""Columns by table that a replay of the same logs does not give again.

``arrived_at`` is not among them: it is the broker's time, recorded in the logs. It does
differ between two runs that were fed anew; such a comparison excludes it too. ``tier`` and
``inner_steps`` are the ladder's choice, which a replay takes from the records.
"""


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return to_text(value)
    if isinstance(value, bytes):
        return value.hex()
    return value


def canonical_rows(
    connection: Connection, kind: str, exclude: Collection[str] | None = None
) -> list[str]:
    """Dump a table as sorted lines of JSON, the same from SQLite and PostgreSQL.

    Args:
        connection: of :meth:`FlagDatabase.reading`.
        kind: a table's name, a key of :data:`WALL_CLOCK`.
        exclude: columns to leave out; by default those of the wall clock.

    Raises:
        KeyError: there is no such table.
    """
    left_out = WALL_CLOCK[kind] if exclude is None else exclude
    table = tables.metadata.tables[kind]
    columns = [column for column in table.columns if column.name not in left_out]
    return sorted(
        orjson.dumps(
            {name: _plain(value) for name, value in row.items()},
            option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS,
        ).decode()
        for row in connection.execute(select(*columns)).mappings()
    )
