from __future__ import annotations

import numpy as np
import pytest

from pipeline.evaluation.bootstrap import CounterpartyBootstrap
from pipeline.evaluation.metrics import average_precision


def _data(seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    counterparty = np.repeat(np.arange(200, dtype=np.uint64), 5)
    risky = np.repeat(random.uniform(size=200) < 0.2, 5)
    good = risky + random.normal(size=1000)
    poor = risky * 0.2 + random.normal(size=1000)
    return counterparty, risky, good, poor


def test_the_interval_holds_the_value_and_repeats_with_its_seed() -> None:
    counterparty, risky, good, _ = _data()
    first = CounterpartyBootstrap(counterparty, seed=4).interval(average_precision, risky, good)
    again = CounterpartyBootstrap(counterparty, seed=4).interval(average_precision, risky, good)
    assert first == again
    assert first.low < first.value < first.high


def test_a_better_score_has_its_difference_above_zero_and_itself_none() -> None:
    counterparty, risky, good, poor = _data()
    bootstrap = CounterpartyBootstrap(counterparty)
    gain = bootstrap.difference(average_precision, risky, good, poor)
    assert gain.low > 0
    none = bootstrap.difference(average_precision, risky, good, good)
    assert (none.value, none.low, none.high) == (0, 0, 0)


def test_payments_of_one_counterparty_do_not_count_as_independent() -> None:
    counterparty, risky, good, _ = _data()
    whole = CounterpartyBootstrap(counterparty).interval(average_precision, risky, good)
    alone = CounterpartyBootstrap(np.arange(1000, dtype=np.uint64)).interval(
        average_precision, risky, np.repeat(good[::5], 5)
    )
    tied = CounterpartyBootstrap(counterparty).interval(
        average_precision, risky, np.repeat(good[::5], 5)
    )
    assert tied.high - tied.low > 1.5 * (alone.high - alone.low)
    assert whole.value == pytest.approx(average_precision(risky, good))


def test_without_rows_the_interval_is_unknown() -> None:
    nothing = CounterpartyBootstrap(np.empty(0, np.uint64)).interval(
        average_precision, np.empty(0, bool), np.empty(0)
    )
    assert np.isnan([nothing.value, nothing.low, nothing.high]).all()
