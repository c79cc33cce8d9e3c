from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from pipeline.model.buckets import BUCKETS
from pipeline.model.other_worlds import ScoredWorld, coverage_left_out, fit_on


def _world(seed: int, bias: float, n: int = 20_000) -> ScoredWorld:
    """Scores that are off by the world's own bias."""
    rng = np.random.default_rng(seed)
    true = rng.normal(-2, 1.5, n)
    label = (rng.random(n) < expit(true)).astype(np.int8)
    return ScoredWorld(true + bias, rng.integers(0, 30, n), label, np.ones(n))


def test_intervals_hold_on_a_world_that_gave_nothing_to_them() -> None:
    biases = np.random.default_rng(1).normal(0, 0.25, 8)
    covered = coverage_left_out([_world(i, b) for i, b in enumerate(biases.tolist())])
    assert set(covered) == set(BUCKETS)
    assert all(0.8 < share < 0.98 for share in covered.values())


def test_worlds_that_differ_widen_the_intervals() -> None:
    alike = fit_on([_world(i, 0.0) for i in range(4)])
    differing = fit_on([_world(i, b) for i, b in enumerate((0.0, 0.6, 0.0, -0.6))])
    assert differing.width.mean() > 1.1 * alike.width.mean()


def test_one_world_is_not_enough() -> None:
    with pytest.raises(ValueError, match="world each"):
        fit_on([_world(0, 0.0)])
    assert coverage_left_out([_world(0, 0.0), _world(1, 0.0)]) == {}
