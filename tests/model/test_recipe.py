from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from pipeline.model import Architecture, Checkpoint
from pipeline.model.adaptation import Adaptation
from pipeline.model.card import model_card
from pipeline.model.episodes import SUPPORT_SIZES, sample_episodes
from pipeline.model.meta import MetaLearner, meta_train
from pipeline.model.placements import Place, placement_of
from pipeline.model.pretrain import augmented, crop_batch, pretrain
from pipeline.model.profile_model import ProfileModel
from pipeline.model.recipe import Recipe, train
from pipeline.model.sequences import opening_crops
from tests.model.worlds import no_progress, toy_observations, toy_sequences

_TINY = Architecture(
    width=16, layers=1, heads=2, feed_forward=32, prompt_vectors=2, readout_heads=2, risk_hidden=16
)


def _recipe(seed: int, learner: MetaLearner = MetaLearner.FOMAML) -> Recipe:
    return Recipe(
        seed=seed,
        architecture=_TINY,
        learner=learner,
        pretrain_iterations=40,
        meta_iterations=15,
        risk_iterations=120,
        batch_size=32,
        most_events=24,
        tree_rounds=20,
        risky_share_ratio=0.5,
        held_out_typologies=(),
        held_out_families=(2,),
        threads=1,
    )


@pytest.fixture(scope="module")
def checkpoint() -> Checkpoint:
    return train([toy_observations(1, 4000, 250)], _recipe(seed=3), no_progress)


def test_the_recipe_learns_the_toy_risk_on_unseen_counterparties(checkpoint: Checkpoint) -> None:
    for name in ("test", "unseen family"):
        measured = checkpoint.notes["measured"][name]
        assert measured["average_precision"]["stack, adapted"]["all"] > 0.7
        assert measured["base_rate"]["all"] < 0.3
    assert checkpoint.notes["measured"]["test"]["likelihood"]["accepted"] > 0


class _StoppedError(Exception):
    pass


def test_a_stopped_run_goes_on_and_the_same_seed_gives_the_same_weights(
    checkpoint: Checkpoint, tmp_path: Path
) -> None:
    def stop_at_the_trees(stage: str, done: int, of: int) -> None:
        if stage == "boost trees":
            raise _StoppedError

    observations = [toy_observations(1, 4000, 250)]
    with pytest.raises(_StoppedError):
        train(observations, _recipe(seed=3), stop_at_the_trees, tmp_path)
    assert len(list(tmp_path.iterdir())) == 3
    stages: list[str] = []

    def note(stage: str, done: int, of: int) -> None:
        stages.append(stage)

    again = train(observations, _recipe(seed=3), note, tmp_path)
    assert "pretrain" not in stages
    assert again.version == checkpoint.version
    assert again.notes == checkpoint.notes
    assert not list(tmp_path.iterdir())


def test_the_card_shows_what_was_measured(checkpoint: Checkpoint) -> None:
    card = model_card(checkpoint, "coldwire train --quick --seed 3", "2026-01-01")
    value = checkpoint.notes["measured"]["test"]["average_precision"]["stack, adapted"]["all"]
    assert checkpoint.version in card
    assert f"{value:.3f}" in card
    assert "stack, adapted minus stack, K=0" in card
    weight = checkpoint.notes["prompt control"]["weight"]
    assert weight == checkpoint.model.prompt_weight
    assert f"A score takes {weight} of the way" in card


def _fresh_model() -> ProfileModel:
    torch.manual_seed(0)
    return ProfileModel(_TINY)


def test_pre_training_lowers_the_likelihood_loss() -> None:
    sequences = toy_sequences(8)
    generator = torch.Generator().manual_seed(0)
    losses = pretrain(
        _fresh_model(), sequences, opening_crops(sequences), 40, generator, no_progress, 16
    )
    assert np.mean(losses[-5:]) < 0.92 * np.mean(losses[:5])


@pytest.mark.parametrize("learner", list(MetaLearner))
def test_every_learner_trains_the_prompt_and_leaves_the_backbone_frozen(
    learner: MetaLearner,
) -> None:
    sequences = toy_sequences(9)
    model = _fresh_model()
    before = {k: v.clone() for k, v in model.state_dict().items()}
    generator = torch.Generator().manual_seed(0)
    adaptation = Adaptation(model, placement_of(model, Place.READ_OUT))
    crops = opening_crops(sequences)
    meta_train(adaptation, sequences, crops, learner, 3, generator, no_progress, 8)
    changed = {k for k, v in model.state_dict().items() if not torch.equal(v, before[k])}
    assert not any(k.startswith(("backbone.", "field_heads.", "risk")) for k in changed)
    assert "readout.start" in changed
    assert ("steps.log_size" in changed) == (learner is not MetaLearner.REPTILE)
    assert ("field_weight" in changed) == (learner is MetaLearner.MAML)


def test_an_episode_is_judged_only_by_what_came_after_its_support() -> None:
    sequences = toy_sequences(10)
    episodes = sample_episodes(
        sequences,
        opening_crops(sequences),
        torch.Generator().manual_seed(1),
        batch_size=64,
    )
    support = episodes.support
    assert not (support & episodes.query).any()
    assert episodes.query.any(1).all()
    last_support = torch.where(support, torch.arange(17), -1).amax(1)
    first_query = torch.where(episodes.query, torch.arange(17), 99).amin(1)
    assert (first_query == last_support + 1).all()
    assert set(episodes.events.int().tolist()) <= set(SUPPORT_SIZES)


def test_augmentation_keeps_relations_and_absence() -> None:
    sequences = toy_sequences(11)
    codes = crop_batch(sequences, opening_crops(sequences)).codes
    changed = augmented(codes, torch.Generator().manual_seed(0))
    differs = (changed != codes).any(0).any(0)
    assert not differs[12:].any()
    assert differs[[0, 3]].all()
    assert ((codes[..., 8] == 0) == (changed[..., 8] == 0)).all()
    assert changed.min() >= 0
