from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from pipeline.model import Architecture
from pipeline.model.profile_model import ProfileModel
from pipeline.model.risk_training import RiskCrops, risk_crops, train_risk
from pipeline.model.sequences import Sequences, crops_at, later_crops, opening_crops
from tests.model.worlds import no_progress, toy_sequences

_TINY = Architecture(width=16, layers=1, heads=2, feed_forward=16, readout_heads=2, risk_hidden=16)


def _model() -> ProfileModel:
    torch.manual_seed(0)
    return ProfileModel(_TINY).requires_grad_(False).eval()


def _opening(model: ProfileModel, sequences: Sequences) -> RiskCrops:
    return risk_crops(model, sequences, opening_crops(sequences))


def _loss(model: ProfileModel, parts: RiskCrops) -> float:
    batch, surprise, told = parts.batch(torch.arange(len(parts.crops)))
    states = model.risk_backbone(batch.codes)[:, 1:]
    logit = model.risk(model.risk.hidden(states, surprise, batch.features, told))
    loss = torch.nn.functional.binary_cross_entropy_with_logits(
        logit[batch.real], batch.risky[batch.real]
    )
    return float(loss.detach())


def test_risk_ends_as_at_its_best_look_and_the_language_model_stays_frozen() -> None:
    model = _model()
    fit = _opening(model, toy_sequences(12, events=1500, entities=90))
    held = _opening(model, toy_sequences(13))
    before = {k: v.clone() for k, v in model.state_dict().items()}
    generator = torch.Generator().manual_seed(0)
    losses = train_risk(model, fit, held, 150, generator, no_progress, 32)
    assert _loss(model, held) == pytest.approx(min(losses), rel=1e-5)
    assert min(losses) < 0.7 * losses[0]
    changed = {k for k, v in model.state_dict().items() if not torch.equal(v, before[k])}
    assert {k.split(".")[0] for k in changed} == {"risk", "risk_backbone"}


def test_the_risk_backbone_starts_as_the_language_model() -> None:
    model = _model()
    parts = _opening(model, toy_sequences(13))
    train_risk(model, parts, parts, 1, torch.Generator(), no_progress, 4)
    states = model.backbone.state_dict()
    for name, tensor in model.risk_backbone.state_dict().items():
        torch.testing.assert_close(tensor, states[name], atol=1e-4, rtol=0)


def test_later_crops_teach_only_at_their_last_event() -> None:
    sequences = toy_sequences(14, events=900, entities=10)
    crops = later_crops(sequences, 1.0, np.random.default_rng(0))
    elsewhere = np.setdiff1d(np.arange(len(sequences.risky)), crops.rows[:, -1])
    risky = sequences.risky.copy()
    risky[elsewhere] = 1 - risky[elsewhere]
    losses = []
    for told in (sequences, replace(sequences, risky=risky)):
        model = _model()
        parts = risk_crops(model, told, crops)
        generator = torch.Generator().manual_seed(1)
        losses.append(train_risk(model, parts, parts, 3, generator, no_progress, 8))
    assert len(elsewhere) > len(sequences)
    assert losses[0] == losses[1]


def test_surprise_is_that_of_the_frozen_language_model_under_the_start_prompt() -> None:
    model = _model()
    sequences = toy_sequences(14)
    parts = _opening(model, sequences)
    served = model.served()
    owner = np.arange(len(sequences))
    crops = crops_at(sequences, owner, np.zeros_like(owner))
    codes, features = sequences.codes[crops.rows], sequences.features[crops.rows]
    states = served.states(codes, crops.length)
    at = 3
    rows = np.flatnonzero(crops.length > at)
    output = served.judge(
        states[rows, at],
        codes[rows, at - 1],
        codes[rows, at],
        features[rows, at],
        served.start_prompts(len(rows)),
        states[rows, at + 1],
    )
    np.testing.assert_allclose(output.surprise, parts.surprise[rows, at].numpy(), atol=1e-4)
