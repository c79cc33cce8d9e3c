"""Recomputing what a recorded log leads to, with the engine of the stream."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from itertools import islice

from pipeline.scoring.budget import DEADLINE_MS, Budget
from pipeline.scoring.effects import Effects, LogRecord, Recorded
from pipeline.scoring.engine import ProfileEngine
from pipeline.scoring.repeats import record_ms


def replay(
    engine: ProfileEngine,
    records: Iterable[LogRecord],
    recorded: Mapping[str, Recorded] | None = None,
    *,
    batch_size: int = 256,
    deadline_ms: int = DEADLINE_MS,
) -> Iterator[Effects]:
    """Feed a log to an engine that has all the time it needs.

    Its clock stands at the newest arrival of each batch, so scores say when the batch could
    first have been scored. Everything but times and timings equals what the stream published.

    Args:
        engine: fresh, or restored from packed states.
        records: the log, each partition in order.
        recorded: by score id, the tier and inner steps that the stream published.
        batch_size: any size gives the same effects.
        deadline_ms: as the stream had it.
    """
    remaining = iter(records)
    while batch := list(islice(remaining, batch_size)):
        instant = max((record_ms(r.record) for r in batch), default=0)
        budget = Budget(partial(float, instant), deadline_ms, enforced=False)
        effects = engine.process(batch, budget, recorded)
        yield _joined(effects, engine.settle(effects))


def _joined(early: Effects, late: Effects) -> Effects:
    """Both parts of a batch's effects as one."""
    return Effects(
        scores=early.scores + late.scores,
        alerts=early.alerts + late.alerts,
        flags=early.flags + late.flags,
        flag_changes=early.flag_changes + late.flag_changes,
        touched=early.touched,
        adaptations=early.adaptations + late.adaptations,
        repeats=early.repeats,
    )
