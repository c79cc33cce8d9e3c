"""Labelled observations of a world become training sequences and tasks.

Ids are drawn anew for every training counterparty and every task: within one, equal ids
are the same party or bank; across two, they mean nothing. So a method can use a
counterparty's own history, and nothing links a task to another or to a list of names.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from pipeline.encoding import ObservationColumns
from pipeline.encoding.codes import COUNTRIES, LOCAL_INSTRUMENTS, MESSAGE_TYPES, PURPOSES
from pipeline.encoding.standing import standing_of
from pipeline.evaluation.benchmark.tables import (
    EVENT_COLUMNS,
    EVENTS_SEEN,
    STANDING_COLUMNS,
    TRAIN,
    key_of,
)
from pipeline.evaluation.splits import rank_of
from pipeline.model.sequences import LabelledColumns
from schemas.records import Role

_ROLES: Final = tuple(role.value for role in Role)
_AGENTS: Final = 10**9

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Cut:
    """A split as two tables, sorted by key and position.

    Attributes:
        events: key and :data:`EVENT_COLUMNS`.
        labels: of every event for training; for tasks, of the event to score, with the
            counterparty behind the task and the events it was seen in before.
    """

    events: pl.DataFrame
    labels: pl.DataFrame


def cut_training(parts: Iterable[LabelledColumns], most_events: int, salt: str) -> Cut:
    """The first events of every counterparty, each with its label.

    Args:
        parts: observations in order of arrival.
        most_events: kept of each counterparty.
        salt: decides the ids.
    """
    world = _World.of(parts)
    rows = np.flatnonzero(world.rank < most_events)
    key = world.owner_ids(rows, salt)
    name = key_of(TRAIN)
    events = _events(world.columns, rows, world.rank[rows], name, key)
    labels = pl.DataFrame(
        {name: key, "position": world.rank[rows].astype(np.int16), "risky": world.risky[rows]}
    )
    return Cut(events, labels.sort(name, "position"))


def cut_tasks(parts: Iterable[LabelledColumns], split: str, salt: str) -> Cut:
    """A task for every counterparty and number of events seen that it lives to."""
    world = _World.of(parts)
    name = key_of(split)
    events, labels = [], []
    for seen in EVENTS_SEEN:
        scored = np.flatnonzero(world.rank == seen)
        reached = np.isin(world.columns.entity, world.columns.entity[scored])
        rows = np.flatnonzero((world.rank <= seen) & reached)
        key = world.owner_ids(rows, f"{salt}/{seen}")
        events.append(_events(world.columns, rows, world.rank[rows], name, key))
        labels.append(
            pl.DataFrame(
                {
                    name: world.owner_ids(scored, f"{salt}/{seen}"),
                    "counterparty": world.owner_ids(scored, salt),
                    "events_seen": np.full(len(scored), seen, np.int16),
                    "risky": world.risky[scored],
                }
            )
        )
    return Cut(pl.concat(events).sort(name, "position"), pl.concat(labels).sort(name))


@dataclass(frozen=True, slots=True)
class _World:
    columns: ObservationColumns
    risky: npt.NDArray[np.bool_]
    rank: Rows
    """Events of the same counterparty before each row."""

    @classmethod
    def of(cls, parts: Iterable[LabelledColumns]) -> _World:
        everything = list(parts)
        columns = ObservationColumns.concatenate([p.columns for p in everything])
        risky = np.concatenate([p.risky for p in everything]) == 1
        return cls(columns, risky, rank_of(columns.entity))

    def owner_ids(self, rows: Rows, salt: str) -> list[str]:
        """Id of the counterparty of each row; another salt gives others."""
        entity = self.columns.entity[rows]
        keys, place = np.unique(entity, return_inverse=True)
        ids = [_hash(f"{salt}/{key}") for key in keys.tolist()]
        return [ids[i] for i in place.tolist()]


def _events(
    columns: ObservationColumns, rows: Rows, position: Rows, name: str, key: list[str]
) -> pl.DataFrame:
    c = columns.take(rows)
    parties = zip(key, c.counterparty.tolist(), strict=True)
    agents = zip(key, c.counterparty_agent.tolist(), strict=True)
    made: dict[str, Any] = {
        "position": position,
        "time": c.event_ms,
        "role": _named(_ROLES, c.role),
        "amount": c.amount,
        "message_type": _named(MESSAGE_TYPES, c.message_type),
        "local_instrument": _named(LOCAL_INSTRUMENTS, c.local_instrument),
        "purpose": _named(PURPOSES, c.purpose),
        "own_country": _named(COUNTRIES, c.own_country),
        "other_country": _named(COUNTRIES, c.other_country),
        "other_party": list(_hashes("party", parties)),
        "other_agent": [f"{int(h, 16) % _AGENTS:09d}" for h in _hashes("agent", agents)],
        **_standings(c.standing),
    }
    typed = [pl.Series(n, made[n]).cast(kind) for n, kind in EVENT_COLUMNS.items()]
    return pl.DataFrame([pl.Series(name, key), *typed]).sort(name, "position")


def _standings(rows: npt.NDArray[np.float64]) -> dict[str, list[Any]]:
    """Columns of standings; null where nothing is known of the other side."""
    known = [standing_of(row) for row in rows.tolist()]
    return {
        column: [None if standing is None else getattr(standing, name) for standing in known]
        for name, column in STANDING_COLUMNS.items()
    }


def _named(table: tuple[str, ...], index: npt.NDArray[Any]) -> list[str | None]:
    """Codes of a table by index; what is absent is null."""
    codes = [code or None for code in table]
    return [codes[i] for i in index.tolist()]


def _hashes(kind: str, pairs: Iterator[tuple[str, int]]) -> Iterator[str]:
    return (_hash(f"{key}/{kind}/{ident}") for key, ident in pairs)


def _hash(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
