"""The same log gives the same rows and states, however it is cut, interrupted or rushed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.model.checkpoint import Checkpoint
from pipeline.scoring.backtest import replay
from pipeline.scoring.budget import Budget
from pipeline.scoring.effects import LogRecord, Recorded
from pipeline.scoring.engine import ProfileEngine
from pipeline.scoring.ladder import StageCost
from pipeline.scoring.passage import Costs
from pipeline.scoring.repeats import record_ms
from schemas.records import FlagState, Observation
from schemas.score import Tier
from tests.scoring.logs import mixed_log
from tests.scoring.runs import Outcome, cut, engine_of, feed, rows_of, run


def _arrival_ms(batch: Sequence[LogRecord]) -> float:
    """Arrival of the newest payment of a batch."""
    payments = [r.record for r in batch if isinstance(r.record, Observation)]
    return max((float(record_ms(p)) for p in payments), default=0.0)


LENGTH = 90
SLOW = Costs(score=StageCost(fixed_ms=240.0, row_ms=1.0))
"""A machine whose scoring takes almost the whole deadline."""
_quick = settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
_cuts = st.lists(st.integers(1, LENGTH - 1), max_size=12)
_seeds = st.integers(0, 50)


def test_the_logs_of_these_tests_reach_every_kind_of_row(checkpoint: Checkpoint) -> None:
    rows: list[dict[str, Any]] = []
    for seed in range(4):
        log = mixed_log(seed, LENGTH, model_version=checkpoint.version)
        rows += run(engine_of(checkpoint), [log]).rows.values()
    assert len({frozenset(row) for row in rows}) == 4
    assert {row["tier"] for row in rows if "score_id" in row} == set(Tier)
    assert {row["state"] for row in rows if "severity" in row} == set(FlagState)


@_quick
@given(seed=_seeds, cuts=_cuts)
def test_how_a_log_is_cut_into_batches_changes_nothing(
    checkpoint: Checkpoint, seed: int, cuts: list[int]
) -> None:
    log = mixed_log(seed, LENGTH, model_version=checkpoint.version)
    whole = run(engine_of(checkpoint), [log])
    parts = run(engine_of(checkpoint), cut(log, cuts))
    assert parts == whole


@_quick
@given(seed=_seeds, cuts=_cuts, data=st.data())
def test_a_crash_between_any_two_steps_changes_nothing(
    checkpoint: Checkpoint, seed: int, cuts: list[int], data: st.DataObject
) -> None:
    log = mixed_log(seed, LENGTH, model_version=checkpoint.version)
    whole = run(engine_of(checkpoint), [log])
    batches = cut(log, cuts)
    crashed = data.draw(st.integers(1, len(batches)), label="batches before the crash")
    committed = data.draw(st.integers(0, crashed), label="batches committed")

    outcome, history = Outcome(), []
    engine = engine_of(checkpoint)
    for batch in batches[:crashed]:
        for effects in feed(engine, batch):
            outcome.add(effects)
        history.append(dict(engine.packed(effects.touched)))
    # Of every batch after the committed ones, some profiles' states are out, some are not.
    stored: dict[str, bytes] = {}
    for number, states in enumerate(history):
        stored |= {
            entity: packed
            for entity, packed in states.items()
            if number < committed or data.draw(st.booleans(), label=f"{number} {entity} out")
        }

    revived = engine_of(checkpoint, stored)
    for batch in cut(log, cuts)[committed:]:
        for effects in feed(revived, batch):
            outcome.add(effects)
        stored.update(revived.packed(effects.touched))
    assert outcome.rows == whole.rows
    assert stored == whole.states


@_quick
@given(seed=_seeds, cuts=_cuts, tick=st.sampled_from([0.5, 5.0, 40.0, 90.0]))
def test_a_short_deadline_changes_only_what_is_published_of_scores(
    checkpoint: Checkpoint, seed: int, cuts: list[int], tick: float
) -> None:
    log = mixed_log(seed, LENGTH, model_version=checkpoint.version)
    whole = run(engine_of(checkpoint), [log])
    engine, rushed = engine_of(checkpoint), Outcome()
    recorded: dict[str, Recorded] = {}
    for batch in cut(log, cuts):
        clock = count(_arrival_ms(batch), tick)
        for effects in feed(engine, batch, Budget(partial(next, clock))):
            rushed.add(effects)
            recorded |= {s.score_id: Recorded(s.tier, s.inner_steps) for s in effects.scores}
        rushed.states.update(engine.packed(effects.touched))
    assert rushed.states == whole.states
    assert set(rushed.rows) == set(whole.rows)
    for key, row in rushed.rows.items():
        if "severity" in row:
            assert row == whole.rows[key]

    again = Outcome()
    for effects in replay(engine_of(checkpoint), log, recorded, batch_size=31):
        for key, row in rows_of(effects):
            again.rows[key] = row
    assert again.rows == rushed.rows


def test_pressed_for_time_a_score_takes_a_lower_tier(checkpoint: Checkpoint) -> None:
    log = mixed_log(4, 80, entities=2)
    before = engine_of(checkpoint)
    run(before, [log[:-20]])
    engine = ProfileEngine(checkpoint, costs=SLOW)
    for entity, packed in before.packed(before.entities):
        engine.restore(entity, packed)
    clock = count(_arrival_ms(log), 5.0)
    early = engine.process(log[-20:], Budget(partial(next, clock)))
    assert {s.tier for s in early.scores if s.events_seen > 0} == {Tier.PRIOR}
    assert not any(s.deadline_missed for s in early.scores)
    assert early.deferred is not None
    late = engine.settle(early)
    assert not {s.score_id for s in early.scores} & {s.score_id for s in late.scores}


def test_an_unsettled_batch_must_be_settled_first(checkpoint: Checkpoint) -> None:
    log = mixed_log(4, 40)
    engine = ProfileEngine(checkpoint, costs=SLOW)
    effects = engine.process(log, Budget(partial(next, count(_arrival_ms(log), 5.0))))
    assert effects.deferred is not None
    with pytest.raises(RuntimeError, match="settle"):
        engine.process(log, Budget(partial(float, 0.0)))
    with pytest.raises(RuntimeError, match="settle"):
        engine.packed(effects.touched)
    engine.settle(effects)
    assert engine.packed(effects.touched)
