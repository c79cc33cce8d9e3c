"""How a checkpoint is made, from labelled observations to calibrated probabilities."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch

from pipeline.model.adaptation import Adaptation
from pipeline.model.architecture import Architecture
from pipeline.model.calibration import Calibration, prior_shift
from pipeline.model.checkpoint import Checkpoint
from pipeline.model.measures import Measured, measure
from pipeline.model.meta import MetaLearner, meta_train
from pipeline.model.other_states import read_others
from pipeline.model.other_worlds import ScoredWorld, fit_on
from pipeline.model.placements import Place, placement_of
from pipeline.model.plain_trees import PlainTrees
from pipeline.model.played import Played
from pipeline.model.pretrain import pretrain
from pipeline.model.profile_model import ProfileModel
from pipeline.model.prompt_control import PromptControl
from pipeline.model.risk_training import risk_crops, train_risk
from pipeline.model.sequences import (
    Crops,
    LabelledColumns,
    Progress,
    Sequences,
    encode_sequences,
    later_crops,
    opening_crops,
)
from pipeline.model.served_model import ServedModel
from pipeline.model.splits import Splits, split
from pipeline.model.stack import Stack
from pipeline.model.stages import Stages
from pipeline.model.timeline import play
from pipeline.model.trees import Trees

_AFTER_THE_WEIGHTS: Final = ("risky_share_ratio", "tree_rounds")
"""Choices that the stages kept on disk do not depend on."""
DEVICES: Final = ("cpu", "cuda")
_AT_LEAST_ONE: Final = (
    *("pretrain_iterations", "meta_iterations", "risk_iterations", "batch_size"),
    *("most_events", "tree_rounds", "threads"),
)


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that decides a checkpoint, beside the observations.

    Attributes:
        seed: of every random choice.
        architecture: sizes of the model.
        learner: meta-learner of the prompt's start.
        pretrain_iterations, meta_iterations, risk_iterations: optimiser steps.
        batch_size: crops or episodes a step.
        most_events: first events of a counterparty that are used.
        later_share: share of the events behind the first window that are used.
        tree_rounds: most boosting rounds.
        risky_share_ratio: share of schemes and look-alikes in service, divided by that of
            the training observations; the calibration corrects for it.
        held_out_families, held_out_typologies: never trained on.
        threads: of torch; on one machine the same number gives the same weights.
        device: ``cpu`` or ``cuda``, where weights are trained; part of what decides the bits.
    """

    seed: int = 7
    architecture: Architecture = field(default_factory=Architecture)
    learner: MetaLearner = MetaLearner.MAML
    pretrain_iterations: int = 1500
    meta_iterations: int = 600
    risk_iterations: int = 3000
    batch_size: int = 64
    most_events: int = 100
    later_share: float = 0.1
    tree_rounds: int = 800
    risky_share_ratio: float = 1.0
    held_out_families: tuple[int, ...] = ()
    held_out_typologies: tuple[int, ...] = ()
    threads: int = 1
    device: str = "cpu"

    def __post_init__(self) -> None:
        """Refuse a recipe that nothing can follow.

        Raises:
            ValueError: a value is out of its range; the message says which.
        """
        for name in _AT_LEAST_ONE:
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1")
        if self.device not in DEVICES:
            raise ValueError(f"device must be one of {', '.join(DEVICES)}")
        if not 0 <= self.later_share <= 1:
            raise ValueError("later_share must lie between 0 and 1")

    def as_dict(self) -> dict[str, Any]:
        """For the manifest."""
        return {**asdict(self), "learner": str(self.learner)}


def train(
    observations: Iterable[LabelledColumns],
    recipe: Recipe,
    progress: Progress,
    stages_at: Path | None = None,
    other_worlds: Sequence[Iterable[LabelledColumns]] = (),
) -> Checkpoint:
    """Make a checkpoint; its notes hold the recipe and what was measured on the test splits.

    Args:
        observations: both sides of payments, in order of arrival.
        recipe: all choices.
        progress: told how far each stage is.
        stages_at: directory for the weights of finished stages, from which a stopped run of
            the same recipe on the same observations goes on.
        other_worlds: observations to calibrate on, at least two; held-out counterparties of
            the first ones if there are none.
    """
    torch.set_num_threads(recipe.threads)
    sequences = encode_sequences(observations, recipe.most_events, progress)
    splits = split(sequences, recipe.held_out_families, recipe.held_out_typologies, recipe.seed)
    weights_from = {k: v for k, v in recipe.as_dict().items() if k not in _AFTER_THE_WEIGHTS}
    made_from = {"recipe": weights_from, "observations": _fingerprint(sequences)}
    stages = Stages(stages_at, made_from)
    fit, held = sequences.of(splits.fit), sequences.of(splits.stack)
    rng = np.random.default_rng(recipe.seed)
    crops, held_crops = (
        opening_crops(part).joined(later_crops(part, recipe.later_share, rng))
        for part in (fit, held)
    )
    model = _language_model(fit, crops, recipe, progress, stages)
    sequences = read_others(sequences, model.served())
    fit, held = sequences.of(splits.fit), sequences.of(splits.stack)
    _learn_risk(model, (fit, crops), (held, held_crops), recipe, progress, stages)
    checkpoint = _assemble(model.served(), sequences, splits, recipe, progress, other_worlds)
    stages.clear()
    return checkpoint


def _fingerprint(sequences: Sequences) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for array in (sequences.codes, sequences.features, sequences.risky, sequences.begin):
        digest.update(array.tobytes())
    return digest.hexdigest()


def _language_model(
    fit: Sequences, crops: Crops, recipe: Recipe, progress: Progress, stages: Stages
) -> ProfileModel:
    """Pre-train the backbone, and meta-learn the prompt above it; both are frozen then."""
    size, seed = recipe.batch_size, recipe.seed
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = ProfileModel(recipe.architecture).to(recipe.device)
        # Each stage draws from a generator of its own, so that a resumed run draws alike.
        if not stages.restore("pretrain", model):
            generator = torch.Generator().manual_seed(seed)
            pretrain(model, fit, crops, recipe.pretrain_iterations, generator, progress, size)
            stages.keep("pretrain", model)
        torch.manual_seed(seed + 1)
        if not stages.restore("meta", model):
            generator = torch.Generator().manual_seed(seed + 1)
            iterations = recipe.meta_iterations
            adaptation = Adaptation(model, placement_of(model, Place.READ_OUT))
            meta_train(
                adaptation, fit, crops, recipe.learner, iterations, generator, progress, size
            )
            stages.keep("meta", model)
    model.requires_grad_(False).eval()
    return model


def _learn_risk(
    model: ProfileModel,
    fit: tuple[Sequences, Crops],
    held: tuple[Sequences, Crops],
    recipe: Recipe,
    progress: Progress,
    stages: Stages,
) -> None:
    """Fine-tune a copy of the backbone, and a head on it, by the labels."""
    if stages.restore("risk", model):
        return
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.seed + 2)
        generator = torch.Generator().manual_seed(recipe.seed + 2)
        parts = risk_crops(model, *fit), risk_crops(model, *held)
        iterations = recipe.risk_iterations
        train_risk(model, *parts, iterations, generator, progress, recipe.batch_size)
    stages.keep("risk", model)


def _assemble(
    whole: ServedModel,
    sequences: Sequences,
    splits: Splits,
    recipe: Recipe,
    progress: Progress,
    other_worlds: Sequence[Iterable[LabelledColumns]],
) -> Checkpoint:
    def played(by: ServedModel, chosen: npt.NDArray[np.bool_], adapt: bool = True) -> Played:
        some = sequences.of(chosen)
        line = play(by, some, adapt, recipe.later_share, recipe.seed, progress)
        return Played(some, line)

    fit, held = played(whole, splits.fit), played(whole, splits.stack)
    progress("boost trees", 0, 2)
    rounds = recipe.tree_rounds
    validation = (held.inputs, held.label)
    trees = Trees.fit(fit.inputs, fit.label, validation, recipe.seed, rounds)
    progress("boost trees", 1, 2)
    plain = PlainTrees.fit(fit, held, recipe.seed, rounds)
    progress("boost trees", 2, 2)
    stack = Stack.fit(held.parts(trees), held.seen, held.label)
    unlearned = sequences.of(splits.stack | splits.calibrate)
    control = PromptControl.over(
        whole, trees, stack, unlearned, recipe.later_share, recipe.seed, progress
    )
    model = ServedModel(whole.state, whole.architecture, control.weight)
    worlds = [_score(model, trees, stack, world, recipe, progress) for world in other_worlds]
    coverage: dict[str, float] = {}
    if worlds:
        calibration, coverage = fit_on(worlds)
    else:
        both = played(model, splits.stack), played(model, splits.calibrate)
        calibration = _calibrate(stack, trees, *both, recipe)
    risky = sequences.ever(sequences.risky == 1)
    named = {
        "test": splits.test,
        "unseen family": splits.unseen_family,
        # Their counterparties are all risky: the test split's others stand beside them.
        "unseen typologies": splits.unseen_typology | (splits.test & ~risky),
    }
    checkpoint = Checkpoint.assemble(model, trees, stack, calibration, {})
    measured = {
        name: _measure(
            checkpoint, plain, played(model, chosen), played(model, chosen, adapt=False), recipe
        )
        for name, chosen in named.items()
        if (chosen & risky).any() and (chosen & ~risky).any()
    }
    notes = {
        "recipe": recipe.as_dict(),
        "observations": _counts(sequences, splits),
        "prompt control": control.as_dict(),
        "measured": {name: m.as_dict() for name, m in measured.items()},
        "coverage on other worlds": coverage,
    }
    return Checkpoint(model, trees, stack, calibration, checkpoint.version, notes)


def _calibrate(
    stack: Stack, trees: Trees, held: Played, widths: Played, recipe: Recipe
) -> Calibration:
    both = (held, widths)
    staged_entity = np.concatenate([p.staged_entity for p in both])
    return Calibration.fit(
        np.concatenate([stack.logit(p.parts(trees), p.seen) for p in both]),
        np.concatenate([p.seen for p in both]),
        np.concatenate([p.label for p in both]),
        prior_shift(staged_entity, recipe.risky_share_ratio),
        np.repeat([False, True], [len(p.label) for p in both]),
    )


def _score(
    model: ServedModel,
    trees: Trees,
    stack: Stack,
    observations: Iterable[LabelledColumns],
    recipe: Recipe,
    progress: Progress,
) -> ScoredWorld:
    """Score another world; what is held out of training stays away from calibration too."""
    sequences = encode_sequences(observations, recipe.most_events, progress)
    sequences = read_others(sequences, model)
    away = split(sequences, recipe.held_out_families, recipe.held_out_typologies, recipe.seed)
    some = sequences.of(~(away.unseen_family | away.unseen_typology))
    line = play(model, some, True, recipe.later_share, recipe.seed, progress)
    played = Played(some, line)
    return ScoredWorld(
        stack.logit(played.parts(trees), played.seen),
        played.seen,
        played.label,
        prior_shift(played.staged_entity, recipe.risky_share_ratio),
    )


def _measure(
    checkpoint: Checkpoint, plain: PlainTrees, adapted: Played, unadapted: Played, recipe: Recipe
) -> Measured:
    parts = adapted.parts(checkpoint.trees), unadapted.parts(checkpoint.trees)
    seen = adapted.seen
    scores = {
        **plain.logits(adapted),
        "LightGBM, aggregates and surprise": parts[0][:, 1],
        "risk head, K=0": parts[1][:, 0],
        "risk head, adapted": parts[0][:, 0],
        "stack, K=0": checkpoint.stack.logit(parts[1], seen),
        "stack, adapted": checkpoint.stack.logit(parts[0], seen),
    }
    return measure(
        scores,
        adapted.label == 1,
        seen,
        adapted.counterparty,
        checkpoint.calibration,
        prior_shift(adapted.staged_entity, recipe.risky_share_ratio),
        {
            "nats per field, K=0": float(unadapted.timeline.surprise.mean()),
            "nats per field, adapted": float(adapted.timeline.surprise.mean()),
            "adaptations": adapted.timeline.adaptations,
            "accepted": adapted.timeline.accepted,
        },
    )


def _counts(sequences: Sequences, splits: Splits) -> dict[str, dict[str, int]]:
    risky, staged = sequences.ever(sequences.risky == 1), sequences.ever(sequences.staged)
    return {
        name: {
            "counterparties": int(mask.sum()),
            "risky counterparties": int((mask & risky).sum()),
            "in schemes or look-alikes": int((mask & staged).sum()),
            "events": int(sequences.length[mask].sum()),
        }
        for name, mask in ((n, getattr(splits, n)) for n in Splits.__slots__)
    }
