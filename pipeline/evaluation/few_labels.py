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

from pipeline.encoding import FEATURES, N_FEATURES
from pipeline.evaluation.splits import training_rows
from pipeline.evaluation.tuned_trees import SEEDS
from pipeline.model.profile_model import ProfileModel
from pipeline.model.risk_training import risk_crops, train_risk
from pipeline.model.sequences import Progress, Sequences, later_crops, opening_crops
from pipeline.model.served_model import ServedModel
from pipeline.model.timeline import play
from pipeline.model.trees import Trees

Float = npt.NDArray[np.float64]

OURS: Final = "LightGBM and fine-tuned language model"
THEIRS: Final = "LightGBM"
_HELD: Final = 5
"""One labelled counterparty in so many stops the training; each seed holds other ones."""


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
    iterations: int,
    seed: int,
    progress: Progress,
) -> FewLabels:
    """Learn from the labelled counterparties and score the others.

    The score is the mean of two log odds, since weights of a stack would cost labels: of the
    same LightGBM as the rival, and of the language model's fine-tuned copy.

    Args:
        served: its language model is taken, its risk parts are not.
        labelled: all counterparties whose labels are known.
        trial: counterparties to score.
        later_share: share of the events behind the first window that are used.
        iterations: of fine-tuning.
        seed: of every random choice.
        progress: told of every step.
    """
    fold = np.random.default_rng(seed).integers(0, _HELD, len(labelled))
    tuned = _fine_tuned(served, labelled, fold == 0, later_share, iterations, seed, progress)
    line = play(tuned, trial, True, later_share, seed, progress)
    order = np.argsort(line.row)
    rows = line.row[order]
    features = trial.features[rows]
    trees = [
        _trees(labelled.of(fold != held), labelled.of(fold == held), later_share, held, features)
        for held in SEEDS
    ]
    boosted: Float = np.mean(trees, axis=0)
    return FewLabels(
        seen=trial.position_of(rows),
        risky=trial.risky[rows] == 1,
        counterparty=trial.key[trial.owner[rows]],
        scores={OURS: (boosted + line.logit[order]) / 2, THEIRS: boosted},
    )


def _trees(
    fit: Sequences,
    stop: Sequences,
    later_share: float,
    seed: int,
    features: npt.NDArray[np.float32],
) -> Float:
    rows, held = (training_rows(part, later_share, seed) for part in (fit, stop))
    validation = (stop.features[held], stop.risky[held])
    names = FEATURES[:N_FEATURES]
    trees = Trees.fit(fit.features[rows], fit.risky[rows], validation, seed, names=names)
    return trees.logit(features)


def _fine_tuned(
    served: ServedModel,
    labelled: Sequences,
    held: npt.NDArray[np.bool_],
    later_share: float,
    iterations: int,
    seed: int,
    progress: Progress,
) -> ServedModel:
    rng = np.random.default_rng(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = ProfileModel(served.architecture)
        language = {k: torch.tensor(v) for k, v in served.state.items() if "risk" not in k}
        model.load_state_dict(language, strict=False)
        model.requires_grad_(False).eval()
        parts = []
        for part in (labelled.of(~held), labelled.of(held)):
            crops = opening_crops(part).joined(later_crops(part, later_share, rng))
            parts.append(risk_crops(model, part, crops))
        generator = torch.Generator().manual_seed(seed)
        train_risk(model, parts[0], parts[1], iterations, generator, progress)
    return model.served()
