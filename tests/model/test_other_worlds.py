from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from pipeline.model.buckets import BUCKETS, bucket_of
from pipeline.model.calibration import cell_distances
from pipeline.model.other_worlds import ScoredWorld, fit_on


def _world(seed: int, bias: float, n: int = 20_000) -> ScoredWorld:
    """Scores that are off by the world's own bias."""
    rng = np.random.default_rng(seed)
    true = rng.normal(-2, 1.5, n)
    label = (rng.random(n) < expit(true)).astype(np.int8)
    return ScoredWorld(true + bias, rng.integers(0, 30, n), label, np.ones(n))


def test_intervals_hold_on_a_world_that_gave_nothing_to_them() -> None:
    biases = np.random.default_rng(1).normal(0, 0.2, 9).tolist()
    *worlds, new = [_world(i, bias) for i, bias in enumerate(biases)]
    calibration, coverage = fit_on(worlds)
    assert set(coverage) == set(BUCKETS)
    assert all(0.85 < share < 0.95 for share in coverage.values())
    p = calibration.probability(new.logit, new.seen)
    bucket = bucket_of(new.seen)
    for b in range(len(BUCKETS)):
        rows = bucket == b
        distances = cell_distances(p[rows], new.label[rows], new.weight[rows])
        assert (distances <= calibration.width[b]).mean() > 0.75


def test_worlds_that_differ_widen_the_intervals() -> None:
    alike, _ = fit_on([_world(i, 0.0) for i in range(4)])
    differing, _ = fit_on([_world(i, b) for i, b in enumerate((0.6, -0.6, 0.6, -0.6))])
    assert (differing.width > 1.1 * alike.width).all()


def test_one_world_is_not_enough() -> None:
    with pytest.raises(ValueError, match="judged by the others"):
        fit_on([_world(0, 0.0)])
