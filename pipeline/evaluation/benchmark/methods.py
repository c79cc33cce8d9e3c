"""Baselines that come with the benchmark: from its tables to a score for every test task."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from pipeline.errors import ColdwireError
from pipeline.evaluation import baselines
from pipeline.evaluation.baselines import Labelled
from pipeline.evaluation.benchmark.benchmark import Benchmark
from pipeline.evaluation.benchmark.observing import is_last, observations_of
from pipeline.evaluation.benchmark.tables import EVENTS, TEST, TRAIN, VALIDATION, key_of
from pipeline.evaluation.served import serve
from pipeline.evaluation.splits import encode_observations
from pipeline.model.checkpoint import Checkpoint
from pipeline.scoring import Policy

Float = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Baseline:
    """A method that learns from the benchmark's tables alone.

    Attributes:
        title: as the leaderboard shows it.
        score: scores of the test tasks in their order, [N], for a seed.
        random: whether the seed changes anything.
    """

    title: str
    score: Callable[[Benchmark, int], Float]
    random: bool


def _lightgbm(benchmark: Benchmark, seed: int) -> Float:
    fit, stop = _labelled(benchmark, TRAIN), _labelled(benchmark, VALIDATION)
    return baselines.lightgbm(fit, stop, benchmark.features(TEST), seeds=(seed,))


def _logistic_regression(benchmark: Benchmark, _seed: int) -> Float:
    return baselines.logistic_regression(_labelled(benchmark, TRAIN), benchmark.features(TEST))


def _z_score_rules(benchmark: Benchmark, _seed: int) -> Float:
    return baselines.z_score_rules(_labelled(benchmark, TRAIN), benchmark.features(TEST))


BASELINES: Final = {
    "lightgbm": Baseline("LightGBM on aggregates", _lightgbm, random=True),
    "logistic-regression": Baseline("logistic regression", _logistic_regression, random=False),
    "z-score-rules": Baseline("z-score rules", _z_score_rules, random=False),
}


def served(checkpoint: Checkpoint, benchmark: Benchmark, *, adapts: bool) -> Float:
    """Probability that the stream's engine publishes for the last event of every test task.

    Args:
        adapts: False keeps every prompt at its start: the K = 0 control.

    Raises:
        ColdwireError: the checkpoint was trained on a world of the benchmark.
    """
    _check_unseen(checkpoint, benchmark)
    # By position, so that a batch holds an event of many tasks and not many events of one.
    events = benchmark.table(TEST, EVENTS)
    asked = pl.Series(is_last(events, key_of(TEST)))
    logged = events.with_columns(asked=asked).sort("position", maintain_order=True)
    observations = observations_of(logged, key_of(TEST))
    scores = serve(checkpoint, observations, Policy(adapts=adapts)).probability
    answered = logged.with_columns(score=scores).filter("asked").sort(key_of(TEST))
    return answered["score"].to_numpy()


def prior_only(checkpoint: Checkpoint, benchmark: Benchmark) -> Float:
    """Probability of every test task at the lowest tier: no window, no prompt of its own.

    Raises:
        ColdwireError: the checkpoint was trained on a world of the benchmark.
    """
    _check_unseen(checkpoint, benchmark)
    events, key = benchmark.table(TEST, EVENTS), key_of(TEST)
    codes, features = encode_observations(observations_of(events, key))
    asked = is_last(events, key)
    return baselines.prior_only(checkpoint, codes[asked], features[asked])


def _labelled(benchmark: Benchmark, split: str) -> Labelled:
    return Labelled(benchmark.features(split), benchmark.risky(split))


def _check_unseen(checkpoint: Checkpoint, benchmark: Benchmark) -> None:
    seed = checkpoint.notes.get("world", {}).get("seed")
    if seed in [world["seed"] for world in benchmark.manifest.worlds.values()]:
        raise ColdwireError(
            f"the checkpoint was trained on the world of seed {seed}, which is in the benchmark",
            "make the benchmark with another --seed",
        )
