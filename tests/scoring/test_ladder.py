from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipeline.scoring.ladder import EARLY_ADAPTATIONS, StageCost, adaptation_due, best_tier
from schemas.score import Tier


def test_adaptation_falls_due_early_and_often_then_every_sixteen_events() -> None:
    due = np.flatnonzero(adaptation_due(np.arange(100)))
    assert due.tolist() == [*EARLY_ADAPTATIONS, 32, 48, 64, 80, 96]


def test_the_best_tier_follows_from_history_and_accepted_prompts() -> None:
    tiers = best_tier(np.array([0, 1, 40, 40]), np.array([0, 0, 0, 2]))
    assert tiers.tolist() == [Tier.PRIOR, Tier.IN_CONTEXT, Tier.IN_CONTEXT, Tier.ADAPTED]


@given(st.lists(st.tuples(st.integers(1, 256), st.floats(0.1, 1000)), max_size=30))
def test_an_estimate_stays_positive_and_grows_with_rows(spent: list[tuple[int, float]]) -> None:
    cost = StageCost(fixed_ms=3.0, row_ms=0.2)
    for rows, ms in spent:
        cost.learn(rows, ms)
    assert cost.estimate_ms(0) == 0
    assert 0 < cost.estimate_ms(1) < cost.estimate_ms(64)


def test_an_estimate_approaches_what_is_measured() -> None:
    cost = StageCost(fixed_ms=3.0, row_ms=0.2)
    for _ in range(60):
        cost.learn(64, 50.0)
    assert abs(cost.estimate_ms(64) - 50) < 1
