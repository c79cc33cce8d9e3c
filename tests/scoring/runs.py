"""Running logs through engines, and comparing what came of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from typing import Any

from pipeline.model.checkpoint import Checkpoint
from pipeline.scoring.budget import Budget
from pipeline.scoring.effects import Effects, LogRecord, Recorded
from pipeline.scoring.engine import ProfileEngine
from pipeline.scoring.policy import Policy

MEASURED = {"scored_at", "timings", "deadline_missed"}
"""What a clock measured, and no recomputation can give again."""

SENSITIVE = Policy(alert_cost_ratio=6.0, flag_cost_ratio=5.0, release_after=1)
"""Thresholds that an untrained checkpoint's scores cross now and then."""

Row = tuple[str, dict[str, Any]]


@dataclass
class Outcome:
    """Rows by id, and the packed states at the end."""

    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    states: dict[str, bytes] = field(default_factory=dict)

    def add(self, effects: Effects) -> None:
        """Take rows in; a row that is known must come again as it was."""
        for key, row in rows_of(effects):
            assert self.rows.setdefault(key, row) == row, key


def rows_of(effects: Effects) -> list[Row]:
    """Everything published, by its id."""
    rows: list[Row] = []
    rows += [(s.score_id, s.model_dump(exclude=MEASURED)) for s in effects.scores]
    rows += [(a.alert_id, a.model_dump(exclude=MEASURED)) for a in effects.alerts]
    rows += [(f"{f.flag_id}/{f.revision}", f.model_dump()) for f in effects.flags]
    rows += [
        (f"change/{c.flag_id}/{f.revision}", c.model_dump())
        for c, f in zip(effects.flag_changes, effects.flags, strict=True)
    ]
    return rows


def patient(instant: float = 0.0) -> Budget:
    """A budget whose clock stands still and that nothing can overrun."""
    return Budget(partial(float, instant), enforced=False)


def engine_of(checkpoint: Checkpoint, states: dict[str, bytes] | None = None) -> ProfileEngine:
    """An engine, restored from states."""
    engine = ProfileEngine(checkpoint, SENSITIVE)
    for entity, packed in (states or {}).items():
        engine.restore(entity, packed)
    return engine


def feed(
    engine: ProfileEngine,
    batch: Sequence[LogRecord],
    budget: Budget | None = None,
    recorded: dict[str, Recorded] | None = None,
) -> list[Effects]:
    """Process and settle one batch: both parts of its effects."""
    early = engine.process(batch, budget or patient(), recorded)
    return [early, engine.settle(early)]


def run(
    engine: ProfileEngine,
    batches: Iterable[Sequence[LogRecord]],
    recorded: dict[str, Recorded] | None = None,
) -> Outcome:
    """Run batches to the end."""
    outcome = Outcome()
    for batch in batches:
        for effects in feed(engine, batch, recorded=recorded):
            outcome.add(effects)
        outcome.states.update(engine.packed(effects.touched))
    return outcome


def cut(log: Sequence[LogRecord], at: Iterable[int]) -> list[Sequence[LogRecord]]:
    """Parts of a log between cut points."""
    points = [0, *sorted({p for p in at if 0 < p < len(log)}), len(log)]
    return [log[a:b] for a, b in pairwise(points)]
