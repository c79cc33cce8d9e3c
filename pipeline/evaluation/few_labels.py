"""Scores learned from few labelled counterparties on a language model that read many.

Pre-training and meta-learning see no labels, so a checkpoint's language model may have read
all counterparties of which only a few are then labelled. LightGBM gets the same few.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from pipeline.encoding import FEATURES, N_FEATURES, WINDOW
from pipeline.evaluation.tuned_trees import SEEDS
from pipeline.model.architecture import FEATURE_CLIP
from pipeline.model.sequences import CROP, Progress, Sequences
from pipeline.model.served_model import ServedModel
from pipeline.model.timeline import play
from pipeline.model.trees import TREE_FEATURES, Trees, tree_inputs

Float = npt.NDArray[np.float64]
Rows = npt.NDArray[np.float32]

OURS: Final = "LightGBM and frozen language model"
THEIRS: Final = "LightGBM"
_HELD: Final = 5
"""One labelled counterparty in so many stops a LightGBM; each seed holds other ones."""
_HIDDEN: Final = 64
_BATCH: Final = 256
_RATE: Final = 2e-3
_PASS: Final = 1024


@dataclass(frozen=True, slots=True)
class FewLabels:
    """Scores of N rows of counterparties that nothing learned from."""

    seen: npt.NDArray[np.int64]
    risky: npt.NDArray[np.bool_]
    counterparty: npt.NDArray[np.uint64]
    scores: dict[str, Float]
    """Log odds by name, [N] each."""


def few_labels(
    served: ServedModel,
    labelled: Sequences,
    trial: Sequences,
    later_share: float,
    epochs: int,
    seed: int,
    progress: Progress,
) -> FewLabels:
    """Learn from the labelled counterparties and score the others.

    Ours is the mean of two log odds, since weights of a stack would cost labels: of LightGBM
    on aggregates and surprise, and of a small network that also reads the frozen state.

    Args:
        served: its language model is taken, its risk parts are not.
        labelled: all counterparties whose labels are known.
        trial: counterparties to score.
        later_share: share of the events behind the first window that are used.
        epochs: passes of the small network over the labelled rows.
        seed: of every random choice.
        progress: told of every step.
    """
    fit, test = (_read(served, part, later_share, seed, progress) for part in (labelled, trial))
    fold = np.random.default_rng(seed).integers(0, _HELD, len(labelled))[fit.owner]
    plain, surprised = (
        np.mean([_boost(fit, test, fold == held, held, names) for held in SEEDS], axis=0)
        for names in (FEATURES[:N_FEATURES], TREE_FEATURES)
    )
    read = np.mean([_probe(fit, test, epochs, seed + number) for number in SEEDS], axis=0)
    return FewLabels(
        seen=test.seen,
        risky=test.risky == 1,
        counterparty=trial.key[test.owner],
        scores={OURS: (surprised + read) / 2, THEIRS: plain},
    )


@dataclass(frozen=True, slots=True)
class _Read:
    """Rows of counterparties as the frozen language model reads them."""

    inputs: Rows
    """Of trees: features and surprise, [N, len(TREE_FEATURES)]."""
    states: Rows
    """After the event, and of the other side before it, [N, 2 d]; NaN where not known."""
    risky: npt.NDArray[np.int8]
    seen: npt.NDArray[np.int64]
    owner: npt.NDArray[np.int64]


def _read(
    served: ServedModel, sequences: Sequences, later_share: float, seed: int, progress: Progress
) -> _Read:
    line = play(served, sequences, True, later_share, seed, progress)
    order = np.argsort(line.row)
    rows = line.row[order]
    seen = sequences.position_of(rows)
    length = np.minimum(seen, WINDOW) + 1
    # Each row's window with its event, left-aligned; what stands behind is not read.
    window = np.minimum((rows - length + 1)[:, None] + np.arange(CROP), rows[:, None])
    states = [
        served.states(sequences.codes[window[part]], length[part])[
            np.arange(len(length[part])), length[part]
        ]
        for part in (slice(at, at + _PASS) for at in range(0, len(rows), _PASS))
    ]
    return _Read(
        tree_inputs(sequences.features[rows], line.surprise[order]),
        np.concatenate([np.concatenate(states), sequences.told[rows]], axis=1),
        sequences.risky[rows],
        seen,
        sequences.owner[rows],
    )


def _boost(
    fit: _Read, test: _Read, held: npt.NDArray[np.bool_], seed: int, names: tuple[str, ...]
) -> Float:
    """Log odds of the test rows by a LightGBM on the first ``names`` of the inputs."""
    columns = slice(len(names))
    validation = (fit.inputs[held, columns], fit.risky[held])
    trees = Trees.fit(fit.inputs[~held, columns], fit.risky[~held], validation, seed, names=names)
    return trees.logit(test.inputs[:, columns])


def _probe(fit: _Read, test: _Read, epochs: int, seed: int) -> Float:
    """Log odds of the test rows by a network with one hidden layer on everything."""
    known, of_test = (np.concatenate([part.inputs, part.states], axis=1) for part in (fit, test))
    mean = np.nan_to_num(_quiet_mean(known))
    deviation = np.sqrt(_quiet_mean((known - mean) ** 2))
    scale = np.maximum(np.nan_to_num(deviation, nan=1.0), 1e-3)

    def tensor(values: Rows) -> Tensor:
        scaled = np.clip((values - mean) / scale, -FEATURE_CLIP, FEATURE_CLIP)
        both = np.concatenate([np.nan_to_num(scaled), np.isnan(values)], axis=1)
        return torch.from_numpy(both.astype(np.float32))

    inputs, label = tensor(known), torch.from_numpy(fit.risky.astype(np.float32))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = nn.Sequential(
            nn.Dropout(0.2),
            nn.Linear(inputs.shape[1], _HIDDEN),
            nn.GELU(),
            nn.Dropout(0.4),
            nn.Linear(_HIDDEN, 1),
        )
        size = min(_BATCH, len(label))
        steps = len(label) // size
        optimiser = torch.optim.AdamW(network.parameters(), lr=_RATE, weight_decay=0.3)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, _RATE, total_steps=epochs * steps)
        for _ in range(epochs):
            for chosen in torch.randperm(len(label))[: steps * size].view(steps, size):
                logit = network(inputs[chosen]).squeeze(1)
                loss = nn.functional.binary_cross_entropy_with_logits(logit, label[chosen])
                optimiser.zero_grad()
                torch.autograd.backward(loss)
                optimiser.step()
                schedule.step()
        network.eval()
        with torch.no_grad():
            return np.asarray(network(tensor(of_test)).squeeze(1).numpy(), np.float64)


def _quiet_mean(values: Rows) -> Rows:
    """Mean of the known values of each column, NaN where none is."""
    known = ~np.isnan(values)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(known, values, 0).sum(0) / known.sum(0), np.float32)
