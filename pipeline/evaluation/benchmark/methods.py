"""Baselines that come with the benchmark: from its tables to a score for every test task."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from pipeline.encoding import FEATURES, N_FEATURES, OWN_HISTORY, ObservationColumns
from pipeline.errors import ColdwireError
from pipeline.evaluation import baselines
from pipeline.evaluation.baselines import Labelled
from pipeline.evaluation.benchmark.benchmark import Benchmark
from pipeline.evaluation.benchmark.observing import is_last, observations_of, portions
from pipeline.evaluation.benchmark.tables import EVENTS, TEST, TRAIN, VALIDATION, key_of
from pipeline.evaluation.served import serve
from pipeline.evaluation.splits import encode_observations
from pipeline.model.checkpoint import Checkpoint
from pipeline.model.sequences import LabelledColumns
from pipeline.model.trees import Trees
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
    return _trees_on(benchmark, seed, np.arange(N_FEATURES))


def _lightgbm_own(benchmark: Benchmark, seed: int) -> Float:
    return _trees_on(benchmark, seed, OWN_HISTORY)


def _trees_on(benchmark: Benchmark, seed: int, columns: npt.NDArray[np.intp]) -> Float:
    fit, stop = _labelled(benchmark, TRAIN), _labelled(benchmark, VALIDATION)
    validation = (stop.features[:, columns], stop.risky)
    names = tuple(FEATURES[i] for i in columns)
    trees = Trees.fit(fit.features[:, columns], fit.risky, validation, seed, names=names)
    return trees.logit(benchmark.features(TEST)[:, columns])


def _logistic_regression(benchmark: Benchmark, _seed: int) -> Float:
    return baselines.logistic_regression(_labelled(benchmark, TRAIN), benchmark.features(TEST))


def _z_score_rules(benchmark: Benchmark, _seed: int) -> Float:
    return baselines.z_score_rules(_labelled(benchmark, TRAIN), benchmark.features(TEST))


BASELINES: Final = {
    "lightgbm": Baseline("LightGBM on aggregates", _lightgbm, random=True),
    "lightgbm-own-history": Baseline("LightGBM on own history", _lightgbm_own, random=True),
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
    policy = Policy(adapts=adapts)
    events = benchmark.table(TEST, EVENTS)
    parts = portions(events, key_of(TEST))
    return np.concatenate([_served(checkpoint, part, policy) for part in parts])


def _served(checkpoint: Checkpoint, events: pl.DataFrame, policy: Policy) -> Float:
    key = key_of(TEST)
    asked = pl.Series(is_last(events, key))
    # By position, so that a batch holds an event of many tasks and not many events of one.
    logged = events.with_columns(asked=asked).sort("position", maintain_order=True)
    scores = serve(checkpoint, observations_of(logged, key), policy).probability
    return logged.with_columns(score=scores).filter("asked").sort(key)["score"].to_numpy()


def prior_only(checkpoint: Checkpoint, benchmark: Benchmark) -> Float:
    """Probability of every test task at the lowest tier: no window, no prompt of its own.

    Raises:
        ColdwireError: the checkpoint was trained on a world of the benchmark.
    """
    _check_unseen(checkpoint, benchmark)
    key = key_of(TEST)
    scores = []
    for part in portions(benchmark.table(TEST, EVENTS), key):
        codes, features = encode_observations(observations_of(part, key))
        asked = is_last(part, key)
        scores.append(baselines.prior_only(checkpoint, codes[asked], features[asked]))
    return np.concatenate(scores)


def labelled_columns(benchmark: Benchmark) -> LabelledColumns:
    """The training table as a checkpoint's recipe reads it; no family or typology is told."""
    key = key_of(TRAIN)
    columns = ObservationColumns.concatenate(
        [
            ObservationColumns.from_observations(observations_of(part, key))
            for part in portions(benchmark.table(TRAIN, EVENTS), key)
        ]
    )
    untold = np.full(len(columns), -1, np.int16)
    return LabelledColumns(columns, benchmark.risky(TRAIN), untold, untold.astype(np.int8))


def _labelled(benchmark: Benchmark, split: str) -> Labelled:
    return Labelled(benchmark.features(split), benchmark.risky(split))


def _check_unseen(checkpoint: Checkpoint, benchmark: Benchmark) -> None:
    seed = checkpoint.notes.get("world", {}).get("seed")
    if seed in [world["seed"] for world in benchmark.manifest.worlds.values()]:
        raise ColdwireError(
            f"the checkpoint was trained on the world of seed {seed}, which is in the benchmark",
            "make the benchmark with another --seed",
        )
