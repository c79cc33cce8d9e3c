"""LightGBM on a peer's embedding, and the program around both."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import lightgbm
import numpy as np
import numpy.typing as npt

from pipeline.evaluation.benchmark.submission import write_submission
from pipeline.evaluation.benchmark.tables import TEST, TRAIN, VALIDATION
from pipeline.evaluation.peers.prefixes import Prefixes, Vocabulary, describe, last_events

Float = npt.NDArray[np.float32]

PARAMETERS: Final[dict[str, Any]] = {
    "objective": "binary",
    "metric": "binary_logloss",
    "learning_rate": 0.04,
    "num_leaves": 31,
    "min_data_in_leaf": 150,
    "feature_fraction": 0.3,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "lambda_l2": 10.0,
    "max_bin": 127,
    "deterministic": True,
    "force_row_wise": True,
    "verbosity": -1,
    "num_threads": 1,
}
"""Those of the stack's trees, so that only the inputs differ.

Written again, since :mod:`pipeline.model` needs more than a peer's environment has."""
_ROUNDS: Final = 600
_PATIENCE: Final = 40


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a peer.

    Attributes:
        data: directory of the benchmark.
        scratch: for files of the peer's own.
        seed: of everything that is drawn.
    """

    data: Path
    scratch: Path
    seed: int


Embed = Callable[[Run, dict[str, Prefixes]], dict[str, Float]]
"""Embeddings [N, d] of the prefixes of each split; it may learn from the training tables."""


def main(embed: Embed, description: str) -> None:
    """Embed every prefix, fit the head, write two submissions.

    ``NAME-SEED.parquet`` reads the embedding and the raw fields of the event to score;
    ``NAME-aggregates-SEED.parquet`` the benchmark's aggregates of that event as well.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--data", type=Path, required=True, help="directory of the benchmark")
    parser.add_argument("--out", type=Path, required=True, help="directory of the submissions")
    parser.add_argument("--name", required=True, help="begins the submissions' names")
    parser.add_argument("--seed", type=int, default=0)
    told = parser.parse_args()
    run = Run(told.data, told.out / f"{told.name}-{told.seed}", told.seed)
    prefixes = {split: Prefixes.read(run.data, split) for split in (TRAIN, VALIDATION, TEST)}
    vocabulary = Vocabulary.of(prefixes[TRAIN].events)
    inputs = {
        split: np.concatenate([embedding, _raw(prefixes[split], vocabulary)], axis=1)
        for split, embedding in embed(run, prefixes).items()
    }
    tasks = prefixes[TEST].names
    write_submission(
        told.out / f"{told.name}-{told.seed}.parquet", tasks, _scores(prefixes, inputs, run.seed)
    )
    known = {s: np.concatenate([x, prefixes[s].aggregates], axis=1) for s, x in inputs.items()}
    write_submission(
        told.out / f"{told.name}-aggregates-{told.seed}.parquet",
        tasks,
        _scores(prefixes, known, run.seed),
    )


def _raw(prefixes: Prefixes, vocabulary: Vocabulary) -> Float:
    described = vocabulary.number(describe(prefixes.events, prefixes.key))
    return last_events(described, prefixes.key)


def _scores(
    prefixes: dict[str, Prefixes], inputs: dict[str, Float], seed: int
) -> npt.NDArray[np.float64]:
    """Log odds of the test tasks, boosting stopped early on the validation tasks."""
    train = lightgbm.Dataset(inputs[TRAIN], prefixes[TRAIN].risky)
    held = lightgbm.Dataset(inputs[VALIDATION], prefixes[VALIDATION].risky, reference=train)
    stop = lightgbm.early_stopping(_PATIENCE, verbose=False)
    parameters = {**PARAMETERS, "seed": seed}
    booster = lightgbm.train(parameters, train, _ROUNDS, valid_sets=[held], callbacks=[stop])
    return np.asarray(booster.predict(inputs[TEST], raw_score=True), np.float64)
