from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from pipeline.evaluation.metrics import (
    average_precision,
    brier,
    bucket_names,
    bucket_of,
    calibration_error,
    coverage,
    precision_recall,
    recall_at_alerts,
    recall_at_daily_alerts,
    reliability,
    roc_auc,
    value_detected,
)
from pipeline.model import buckets

_rows = st.lists(st.tuples(st.booleans(), st.integers(0, 8)), min_size=2, max_size=60).filter(
    lambda rows: len({risky for risky, _ in rows}) == 2
)


def _arrays(rows: list[tuple[bool, int]]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([r for r, _ in rows]), np.array([s / 8 for _, s in rows])


@given(_rows)
def test_areas_agree_with_scikit_learn_ties_included(rows: list[tuple[bool, int]]) -> None:
    risky, score = _arrays(rows)
    assert average_precision(risky, score) == pytest.approx(average_precision_score(risky, score))
    assert roc_auc(risky, score) == pytest.approx(roc_auc_score(risky, score))


@given(_rows, st.data())
def test_a_weight_counts_a_row_so_often(rows: list[tuple[bool, int]], data: st.DataObject) -> None:
    risky, score = _arrays(rows)
    times = np.array(data.draw(st.lists(st.integers(0, 3), min_size=len(rows), max_size=len(rows))))
    repeated, scores = np.repeat(risky, times), np.repeat(score, times)
    if len(set(repeated.tolist())) < 2:
        return
    weight = times.astype(float)
    assert average_precision(risky, score, weight) == pytest.approx(
        average_precision_score(repeated, scores)
    )
    assert roc_auc(risky, score, weight) == pytest.approx(roc_auc_score(repeated, scores))


def test_without_risky_rows_nothing_is_measured() -> None:
    nothing, score = np.zeros(4, bool), np.arange(4.0)
    assert np.isnan(average_precision(nothing, score))
    assert np.isnan(roc_auc(nothing, score))
    assert np.isnan(value_detected(nothing, score, score, 5))
    assert np.isnan(recall_at_alerts(nothing, score, 2))
    assert np.isnan(recall_at_daily_alerts(nothing, score, np.zeros(4, np.int64), 2))


def test_value_detected_stops_where_false_alerts_outnumber_the_ratio() -> None:
    risky = np.array([True, False, False, True, False, False, False, True])
    score = np.arange(8.0)[::-1]
    amount = np.array([100.0, 1, 1, 300, 1, 1, 1, 600])
    assert value_detected(risky, score, amount, 1) == pytest.approx(0.4)
    assert value_detected(risky, score, amount, 2) == pytest.approx(1.0)
    assert value_detected(risky, score, amount, 0) == pytest.approx(0.1)


def test_recall_at_alerts_shares_ties() -> None:
    risky = np.array([True, True, False, False])
    assert recall_at_alerts(risky, np.array([3.0, 2, 1, 0]), 1) == pytest.approx(0.5)
    assert recall_at_alerts(risky, np.full(4, 0.5), 2) == pytest.approx(0.5)
    assert recall_at_alerts(risky, np.full(4, 0.5), 9) == pytest.approx(1.0)


def test_honest_probabilities_have_no_calibration_error_and_are_covered() -> None:
    random = np.random.default_rng(0)
    p = random.uniform(0, 1, 40_000)
    risky = random.uniform(size=40_000) < p
    assert calibration_error(risky, p) < 0.02
    assert calibration_error(risky, np.clip(p + 0.2, 0, 1)) > 0.1
    assert brier(risky, p) == pytest.approx(1 / 6, abs=0.01)
    assert coverage(risky, p - 0.2, p + 0.2) > 0.99
    assert coverage(risky, p + 0.1, p + 0.2) < 0.05
    points = reliability(risky, p, bins=5)
    assert points.predicted == pytest.approx(points.observed, abs=0.03)
    assert points.share.tolist() == pytest.approx([0.2] * 5)


def test_weights_move_honesty_to_another_share_of_risky_rows() -> None:
    random = np.random.default_rng(1)
    risky = random.uniform(size=60_000) < 0.5
    weight = np.where(risky, 1.0, 9.0)
    p = np.full(60_000, 0.1)
    assert calibration_error(risky, p) == pytest.approx(0.4, abs=0.02)
    assert calibration_error(risky, p, weight) < 0.01
    assert brier(risky, p, weight) == pytest.approx(0.09, abs=0.005)
    assert coverage(risky, p - 0.06, p + 0.06, weight) > 0.9
    assert coverage(risky, p - 0.06, p + 0.06) < 0.05


def test_too_few_rows_for_a_cell_have_no_coverage() -> None:
    assert np.isnan(coverage(np.zeros(9, bool), np.zeros(9), np.ones(9)))


def test_precision_and_recall_run_from_the_top() -> None:
    precision, recall = precision_recall(np.array([True, False, True]), np.array([3.0, 2, 1]))
    assert precision.tolist() == pytest.approx([1, 1 / 2, 2 / 3])
    assert recall.tolist() == pytest.approx([1 / 2, 1 / 2, 1])


def test_buckets_of_events_seen() -> None:
    seen = np.array([0, 1, 2, 3, 5, 6, 10, 11, 16, 17, 500])
    assert [bucket_names()[i] for i in bucket_of(seen)] == [
        *("0", "1-2", "1-2", "3-5", "3-5", "6-10", "6-10", "11-16", "11-16", "17+", "17+")
    ]


def test_a_bucket_lies_within_one_range_of_the_calibration() -> None:
    seen = np.arange(200)
    ranges = buckets.bucket_of(seen)
    for bucket in range(len(bucket_names())):
        assert len(set(ranges[bucket_of(seen) == bucket].tolist())) == 1


def test_a_day_cannot_spend_the_alerts_of_another() -> None:
    risky = np.array([True, True, True, False, False, True])
    score = np.array([9.0, 8, 7, 6, 5, 4])
    day = np.array([0, 0, 0, 1, 1, 1])
    assert recall_at_alerts(risky, score, 2) == pytest.approx(2 / 4)
    assert recall_at_daily_alerts(risky, score, day, 1) == pytest.approx(1 / 4)
    assert recall_at_daily_alerts(risky, score, day, 3) == pytest.approx(1.0)
    assert recall_at_daily_alerts(risky, score, np.zeros(6, np.int64), 2.5) == pytest.approx(
        recall_at_alerts(risky, score, 2.5)
    )
