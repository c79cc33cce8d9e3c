"""A batch of messages into rows: one transaction, first writer wins."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

from pipeline.store import rows, tables
from schemas.alert import Alert
from schemas.dead_letter import DeadLetter
from schemas.flag import Exposure, Flag
from schemas.records import Disposition
from schemas.score import Score
from schemas.wire import Wire


@dataclass(frozen=True, slots=True)
class Written:
    """What a batch left in the database.

    Attributes:
        stored: new rows by table (``scores``, ``alerts``, ``flags``, ``exposures``,
            ``dispositions``, ``dead_letters``); reasons count with their alert.
        repeats: messages whose id was there already, by the same names.
    """

    stored: dict[str, int] = field(default_factory=dict)
    repeats: dict[str, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """New rows of all tables."""
        return sum(self.stored.values())


_KINDS: Final[tuple[tuple[type[Wire], Table, Callable[[Any], rows.Row]], ...]] = (
    (Score, tables.scores, rows.score_row),
    (Alert, tables.alerts, rows.alert_row),
    (Flag, tables.flags, rows.flag_row),
    (Exposure, tables.exposures, rows.exposure_row),
    (Disposition, tables.dispositions, rows.disposition_row),
    (DeadLetter, tables.dead_letters, rows.dead_letter_row),
)
_KNOWN: Final = tuple(kind for kind, _, _ in _KINDS)


def insert_batch(connection: Connection, batch: Sequence[Wire]) -> Written:
    """Insert what is new of a batch; the caller holds the transaction.

    Raises:
        TypeError: the batch holds a message that has no table.
    """
    for message in batch:
        if not isinstance(message, _KNOWN):
            raise TypeError(f"{type(message).__name__} has no table in the flag database")
    written = Written()
    for kind, table, to_row in _KINDS:
        messages = [message for message in batch if isinstance(message, kind)]
        if not messages:
            continue
        if kind is Alert:
            stored = _insert_alerts(connection, messages)
        else:
            stored = _insert_new(connection, table, (to_row(message) for message in messages))
        written.stored[table.name] = stored
        written.repeats[table.name] = len(messages) - stored
    return written


def _first_copies(table: Table, incoming: Iterable[rows.Row]) -> list[rows.Row]:
    """Drop the later rows of an id that comes more than once."""
    names = [column.name for column in table.primary_key]
    firsts: dict[tuple[object, ...], rows.Row] = {}
    for row in incoming:
        firsts.setdefault(tuple(row[name] for name in names), row)
    return list(firsts.values())


def _insert_or_skip(connection: Connection, table: Table) -> Any:
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    return dialect.insert(table).on_conflict_do_nothing(index_elements=list(table.primary_key))


def _insert_new(connection: Connection, table: Table, incoming: Iterable[rows.Row]) -> int:
    fresh = _first_copies(table, incoming)
    # Counting by rowcount is four times as fast on PostgreSQL as returning the ids.
    result = connection.execute(
        _insert_or_skip(connection, table), fresh, execution_options={"preserve_rowcount": True}
    )
    return int(result.rowcount)


def _insert_alerts(connection: Connection, messages: Sequence[Any]) -> int:
    """Insert alerts, and the reasons of those only that were not there before.

    A repeat may carry other reasons than the copy that won; they must not mix.
    """
    by_id: dict[str, Alert] = {}
    for message in messages:
        by_id.setdefault(message.alert_id, message)
    statement = _insert_or_skip(connection, tables.alerts).returning(tables.alerts.c.alert_id)
    result = connection.execute(statement, [rows.alert_row(alert) for alert in by_id.values()])
    stored = [str(alert_id) for alert_id in result.scalars()]
    reasons = [row for alert_id in stored for row in rows.reason_rows(by_id[alert_id])]
    if reasons:
        connection.execute(tables.alert_reasons.insert(), reasons)
    return len(stored)
