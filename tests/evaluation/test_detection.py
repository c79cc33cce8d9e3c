from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.evaluation.detection import (
    alerted,
    alerted_cases,
    caught_after,
    value_found,
    widths,
)
from pipeline.evaluation.metrics import bucket_names, value_detected
from pipeline.evaluation.served import Served
from pipeline.evaluation.splits import Trial
from tests.evaluation.test_splits import make_trial


@pytest.fixture(scope="module")
def trial() -> Trial:
    return make_trial(400, 30)


@given(st.lists(st.integers(0, 9), min_size=1, max_size=60), st.floats(0, 1))
def test_no_more_are_alerted_than_the_budget_allows(drawn: list[int], share: float) -> None:
    score = np.array(drawn, np.float64)
    chosen = alerted(score, share)
    assert chosen.sum() <= share * len(score)
    if chosen.any() and not chosen.all():
        assert score[chosen].min() > score[~chosen].max()


@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 9)), min_size=1, max_size=60),
    st.floats(0, 1),
)
def test_no_more_cases_are_opened_than_the_budget_allows_and_repeats_cost_nothing(
    drawn: list[tuple[int, int]], share: float
) -> None:
    counterparty, score = (np.array(column) for column in zip(*drawn, strict=True))
    chosen = alerted_cases(score.astype(np.float64), counterparty.astype(np.uint64), share)
    opened = np.unique(counterparty[chosen])
    assert len(opened) <= share * len(np.unique(counterparty))
    if len(opened):
        assert chosen[score >= score[chosen].min()].all()


def test_a_perfect_score_finds_every_counterparty_at_its_first_risky_payment(trial: Trial) -> None:
    budget = (trial.risky.sum() + 0.5) / len(trial)
    curve = caught_after(trial, alerted(trial.risky.astype(np.float64), budget), 400)
    keys = np.unique(trial.counterparty[trial.risky])
    first = [trial.seen[trial.risky & (trial.counterparty == key)].min() for key in keys]
    expected = [np.mean(np.array(first) < n) for n in range(1, 401)]
    assert curve == pytest.approx(expected)
    assert curve[-1] == 1


def test_a_score_that_says_nothing_finds_nobody(trial: Trial) -> None:
    nothing = alerted(np.zeros(len(trial)), 0.1)
    assert (caught_after(trial, nothing, 20) == 0).all()
    safe = replace(trial, risky=np.zeros(len(trial), np.bool_))
    assert np.isnan(caught_after(safe, nothing, 20)).all()


def test_the_value_curve_rises_and_meets_the_table(trial: Trial) -> None:
    score = trial.risky + np.random.default_rng(0).normal(size=len(trial))
    ratios = np.array([1.0, 5.0, 10.0, 50.0])
    curve = value_found(trial.risky, score, trial.amount, ratios)
    assert (np.diff(curve) >= 0).all()
    assert curve[1] == value_detected(trial.risky, score, trial.amount, 5)


def test_undecided_are_those_whose_interval_holds_the_threshold(trial: Trial) -> None:
    p = np.linspace(0, 0.5, len(trial))
    none = np.zeros(len(p), np.int8)
    narrow = widths(trial, Served(p, p, p, none, 0), 0.1)
    wide = widths(trial, Served(p, np.zeros(len(p)), np.ones(len(p)), none, 0), 0.1)
    assert set(narrow) <= set(bucket_names())
    assert all(w.mean == w.undecided == 0 for w in narrow.values())
    assert all(w.mean == w.undecided == 1 for w in wide.values())
    assert all(w.coverage == 1 for w in wide.values() if np.isfinite(w.coverage))
