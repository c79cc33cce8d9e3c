from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit

from pipeline.model.buckets import BUCKETS, bucket_of
from pipeline.model.calibration import COVERAGE, Calibration, cell_distances, prior_shift
from pipeline.model.stack import Stack


def _world(
    rng: np.random.Generator, n: int, distortion: float = 2.0
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Overconfident log odds with known true probabilities."""
    true_logit = rng.normal(-2, 1.5, n)
    label = (rng.random(n) < expit(true_logit)).astype(np.int8)
    return distortion * true_logit + 1, rng.integers(0, 30, n), label, expit(true_logit)


def test_buckets_follow_events_seen() -> None:
    seen = np.array([0, 1, 2, 3, 5, 6, 10, 11, 500])
    names = [BUCKETS[b] for b in bucket_of(seen)]
    assert names == ["0", "1-2", "1-2", "3-5", "3-5", "6-10", "6-10", "11+", "11+"]


def test_calibration_undoes_a_known_distortion() -> None:
    logit, seen, label, true = _world(np.random.default_rng(0), 60_000)
    half = np.arange(len(logit)) % 2 == 0
    fitted = Calibration.fit(logit, seen, label, np.ones(len(logit)), half)
    error = np.abs(fitted.probability(logit, seen) - true)
    assert error.mean() < 0.01
    assert error.mean() < 0.2 * np.abs(expit(logit) - true).mean()


def test_intervals_cover_the_rate_of_new_cells_as_often_as_claimed() -> None:
    rng = np.random.default_rng(1)
    logit, seen, label, _ = _world(rng, 100_000)
    fitted = Calibration.fit(logit, seen, label, np.ones(len(logit)), rng.random(len(logit)) < 0.5)
    logit, seen, label, _ = _world(rng, 100_000)
    covered = []
    for b in range(len(BUCKETS)):
        rows = bucket_of(seen) == b
        p = fitted.probability(logit[rows], seen[rows])
        covered.extend(cell_distances(p, label[rows], np.ones(rows.sum())) <= fitted.width[b])
    assert np.mean(covered) == pytest.approx(COVERAGE, abs=0.04)


def test_prior_shift_keeps_look_alikes_beside_their_schemes() -> None:
    rng = np.random.default_rng(2)
    n = 200_000
    staged = rng.random(n) < 0.3
    scheme = staged & (rng.random(n) < 0.4)
    label = scheme.astype(np.int8)
    weight = prior_shift(staged, 0.1)
    assert (weight * staged).sum() / weight.sum() == pytest.approx(0.1 * staged.mean(), rel=1e-6)
    logit = np.where(staged, 1.0, -6.0) + rng.normal(0, 0.1, n)
    seen = np.zeros(n, np.int64)
    fitted = Calibration.fit(logit, seen, label, weight, rng.random(n) < 0.3)
    p = fitted.probability(logit, seen)
    assert p[staged].mean() == pytest.approx(0.4, abs=0.02)
    assert (weight * p).sum() / weight.sum() == pytest.approx(0.4 * 0.03, rel=0.1)


@pytest.mark.parametrize("everywhere", [True, False])
def test_prior_shift_needs_both_kinds(everywhere: bool) -> None:
    with pytest.raises(ValueError, match="needs entities"):
        prior_shift(np.full(5, everywhere), 0.1)


def _fitted() -> Calibration:
    logit, events, label, _ = _world(np.random.default_rng(3), 2_000)
    return Calibration.fit(logit, events, label, np.ones(2_000), np.arange(2_000) % 2 == 0)


_FITTED = _fitted()


@given(st.lists(st.floats(-30, 30), min_size=2, max_size=50), st.integers(0, 40))
def test_probability_rises_with_the_logit(logits: list[float], seen: int) -> None:
    ordered = np.sort(np.array(logits))
    result = _FITTED.calibrate(ordered, np.full(len(ordered), seen))
    assert (np.diff(result.probability) >= 0).all()
    assert ((result.lower >= 0) & (result.upper <= 1)).all()


def test_the_stack_trusts_the_part_that_knows() -> None:
    rng = np.random.default_rng(4)
    truth = rng.normal(size=20_000)
    label = (rng.random(20_000) < expit(truth)).astype(np.int8)
    seen = rng.integers(0, 20, 20_000)
    early = seen < 3
    informed = np.where(early, rng.normal(size=20_000), truth)
    parts = np.column_stack([informed, np.where(early, truth, rng.normal(size=20_000))])
    stack = Stack.fit(parts, seen, label)
    assert stack.weights[0, 1] > 5 * stack.weights[0, 0]
    assert stack.weights[-1, 0] > 5 * stack.weights[-1, 1]
    corr = np.corrcoef(stack.logit(parts, seen), truth)[0, 1]
    assert corr > 0.98
