from __future__ import annotations

import lightgbm
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.model.quick_scorer import Forest

_INPUTS = 7


def grown(*, unknown: bool, leaves: int = 31, seed: int = 0) -> lightgbm.Booster:
    """A booster on inputs with or without NaN, and with many exact zeros."""
    inputs = rows(4_000, seed, unknown=unknown)
    risk = np.nan_to_num(inputs[:, 0] * inputs[:, 1] + np.abs(inputs[:, 2]) - inputs[:, 3])
    label = (risk + np.random.default_rng(seed).normal(size=len(risk)) > 0).astype(np.int8)
    parameters = {"objective": "binary", "num_leaves": leaves, "seed": seed, "verbosity": -1}
    return lightgbm.train(
        {**parameters, "min_data_in_leaf": 5, "num_threads": 1},
        lightgbm.Dataset(inputs, label),
        12,
    )


def rows(n: int, seed: int, *, unknown: bool) -> npt.NDArray[np.float32]:
    random = np.random.default_rng(seed)
    inputs = random.normal(size=(n, _INPUTS)).astype(np.float32)
    inputs[random.random(inputs.shape) < 0.2] = 0
    if unknown:
        inputs[random.random(inputs.shape) < 0.2] = np.nan
    return inputs


@pytest.fixture(scope="module", params=[False, True], ids=["known", "unknown"])
def booster(request: pytest.FixtureRequest) -> lightgbm.Booster:
    return grown(unknown=request.param)


@settings(deadline=None, max_examples=25)
@given(n=st.integers(1, 200), seed=st.integers(0, 1_000), unknown=st.booleans())
def test_sums_have_the_bits_of_lightgbm_whatever_the_batch(
    booster: lightgbm.Booster, n: int, seed: int, unknown: bool
) -> None:
    inputs = rows(n, seed, unknown=unknown)
    expected = booster.predict(inputs, raw_score=True, num_threads=1)
    assert np.array_equal(Forest.read(booster.model_to_string()).raw_score(inputs), expected)


def test_a_value_on_a_threshold_or_beside_it_goes_where_lightgbm_sends_it(
    booster: lightgbm.Booster,
) -> None:
    forest = Forest.read(booster.model_to_string())
    finite = forest.threshold[np.abs(forest.threshold) < 1e30]
    edge = np.random.default_rng(1).choice(finite, (500, _INPUTS))
    beside = np.nextafter(edge, np.float32(np.inf))
    tiny = np.full((1, _INPUTS), 1e-38, np.float32)
    inputs = np.concatenate([edge, beside, tiny, -tiny])
    expected = booster.predict(inputs, raw_score=True, num_threads=1)
    assert np.array_equal(forest.raw_score(inputs), expected)


def test_a_tree_of_one_leaf_adds_its_value() -> None:
    flat = lightgbm.Dataset(np.zeros((50, _INPUTS)), np.arange(50) % 3)
    parameters = {"objective": "regression", "verbosity": -1}
    booster = lightgbm.train(parameters, flat, 1)
    inputs = rows(3, 0, unknown=True)
    expected = booster.predict(inputs, raw_score=True)
    assert np.array_equal(Forest.read(booster.model_to_string()).raw_score(inputs), expected)


def test_trees_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="leaves"):
        Forest.read(grown(unknown=False, leaves=40).model_to_string())
