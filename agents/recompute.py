"""Recomputes the flag database from the recorded logs, with the engines of the stream.

What the workers did must equal it row for row, whatever happened to them on the way.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from itertools import chain

from agents.batch import Record
from agents.connection import Connection
from agents.profile import load_checkpoint, make_engine
from agents.tail import partitions, read_to_end
from pipeline.contagion.engine import ContagionEngine
from pipeline.scoring.backtest import replay
from pipeline.scoring.effects import LogRecord, Recorded
from pipeline.settings import Settings
from pipeline.store import FlagDatabase
from schemas.records import counterparty_record, graph_record
from schemas.score import Score
from schemas.topics import COUNTERPARTY_EVENTS, GRAPH_EVENTS, RISK_SCORES, Topic

_AT_ONCE = 512


async def recompute(connection: Connection, settings: Settings, target: FlagDatabase) -> None:
    """Write into an empty database what the logs on the broker lead to.

    Args:
        connection: to the broker that kept the logs whole.
        settings: that the workers had.
        target: receives scores, alerts, flags and exposures.

    Raises:
        ValueError: a log holds something that is no record.
    """
    recorded = await _recorded_tiers(connection)
    observed = [
        LogRecord(each.partition, each.offset, counterparty_record.validate_json(each.value or b""))
        for each in await _log(connection, COUNTERPARTY_EVENTS)
    ]
    moved = [
        (each.offset, graph_record.validate_json(each.value or b""))
        for each in await _log(connection, GRAPH_EVENTS)
    ]

    def compute() -> None:
        profiles = make_engine(load_checkpoint(settings), settings)
        for effects in replay(profiles, observed, recorded, deadline_ms=settings.deadline_ms):
            target.write([*effects.scores, *effects.alerts, *effects.flags])
        graph = ContagionEngine()
        for start in range(0, len(moved), _AT_ONCE):
            spread = graph.process(moved[start : start + _AT_ONCE])
            target.write([*spread.exposures, *spread.flags, *spread.alerts])

    await asyncio.to_thread(compute)


async def _log(connection: Connection, topic: Topic) -> list[Record]:
    """All records of a topic, each partition in its order, partitions one after the other."""
    by_partition = [
        [each async for each in read_to_end(connection, [part])] for part in partitions([topic])
    ]
    return list(chain.from_iterable(by_partition))


async def _recorded_tiers(connection: Connection) -> Mapping[str, Recorded]:
    """What the clock decided of each score when it was first published."""
    first: dict[str, Recorded] = {}
    for each in await _log(connection, RISK_SCORES):
        score = Score.from_bytes(each.value or b"")
        first.setdefault(score.score_id, Recorded(score.tier, score.inner_steps))
    return first
