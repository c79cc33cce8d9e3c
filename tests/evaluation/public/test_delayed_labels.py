"""Labels are seen when they are known, and no day earlier."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.evaluation.public.delayed_labels import LABEL_FEATURES, label_features
from pipeline.evaluation.public.payments import DAY_MS, PublicPayments
from pipeline.evaluation.public.windows import KeyedPast
from tests.evaluation.public.streams import stream

DELAY = 7 * DAY_MS


def _features(payments: PublicPayments, fraud: np.ndarray) -> np.ndarray:
    past = KeyedPast(payments.payee, payments.event_ms)
    return label_features(past, payments.event_ms, fraud, DELAY)


@pytest.mark.parametrize("seed", range(5))
def test_no_feature_depends_on_a_label_that_is_not_known_yet(seed: int) -> None:
    payments = stream(800, 40, seed)
    row = 600
    unknown = payments.event_ms > payments.event_ms[row] - DELAY
    turned = np.where(unknown, 1 - payments.fraud, payments.fraud).astype(np.int8)
    before, after = _features(payments, payments.fraud), _features(payments, turned)
    same_past = payments.event_ms <= payments.event_ms[row]
    np.testing.assert_array_equal(before[same_past], after[same_past])


def test_a_label_changes_the_features_once_it_is_known() -> None:
    payments = stream(800, 40)
    turned = payments.fraud.copy()
    turned[100] = 1 - turned[100]
    before, after = _features(payments, payments.fraud), _features(payments, turned)
    changed = ((before != after) & ~np.isnan(before)).any(1)
    own = payments.payee == payments.payee[100]
    due = payments.event_ms >= payments.event_ms[100] + DELAY
    assert not changed[~(own & due)].any()
    assert changed[own & due][0]


def test_a_run_of_frauds_is_counted_from_its_first_payment() -> None:
    time = np.arange(6) * DAY_MS
    fraud = np.array([0, 1, 1, -1, 1, 0], np.int8)
    past = KeyedPast(np.zeros(6, np.int64), time)
    got = dict(zip(LABEL_FEATURES, label_features(past, time, fraud, DAY_MS).T, strict=True))
    nan = np.nan
    expected = {
        "last_known": [nan, 0, 1, 1, 1, 1],
        "run_length": [0, 0, 1, 2, 2, 3],
        "run_days": [nan, nan, 1, 2, 3, 4],
        "days_since_fraud": [nan, nan, 1, 1, 2, 1],
        "events_since_fraud": [nan, nan, 0, 0, 0, 0],
        "frauds_3d": [0, 0, 1, 2, 2, 2],
    }
    for name, values in expected.items():
        np.testing.assert_array_equal(got[name], np.array(values, np.float32), err_msg=name)


def test_without_any_known_label_nothing_is_claimed() -> None:
    time = np.arange(3) * DAY_MS
    got = label_features(KeyedPast(np.arange(3), time), time, np.ones(3, np.int8), DAY_MS)
    rates = [i for i, name in enumerate(LABEL_FEATURES) if name.startswith("rate")]
    assert np.isnan(got[:, rates]).all()
    assert (got[:, LABEL_FEATURES.index("run_length")] == 0).all()
