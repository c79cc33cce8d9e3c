from __future__ import annotations

import pytest
import torch

from pipeline.model import Architecture
from pipeline.model.profile_model import ProfileModel
from pipeline.model.risk_training import RiskRows, risk_rows, train_risk_head
from tests.model.worlds import no_progress, toy_sequences

_TINY = Architecture(width=16, layers=1, heads=2, feed_forward=16, readout_heads=2, risk_hidden=16)


def _loss(model: ProfileModel, rows: RiskRows) -> float:
    logit = model.risk(model.risk.hidden(rows.states, rows.surprise, rows.features))
    loss = torch.nn.functional.binary_cross_entropy_with_logits(logit, rows.risky)
    return float(loss.detach())


def test_the_head_ends_as_after_its_best_epoch_and_nothing_else_changes() -> None:
    torch.manual_seed(0)
    model = ProfileModel(_TINY).requires_grad_(False).eval()
    fit = risk_rows(model, toy_sequences(12, events=1500, entities=90))
    held = risk_rows(model, toy_sequences(13))
    before = {k: v.clone() for k, v in model.state_dict().items()}
    generator = torch.Generator().manual_seed(0)
    losses = train_risk_head(model, fit, held, 12, generator, no_progress)
    assert _loss(model, held) == pytest.approx(min(losses), rel=1e-5)
    assert min(losses) < 0.7 * losses[0]
    changed = {k for k, v in model.state_dict().items() if not torch.equal(v, before[k])}
    assert changed
    assert all(k.startswith("risk.") for k in changed)


def test_rows_are_the_first_events_of_every_counterparty() -> None:
    torch.manual_seed(0)
    model = ProfileModel(_TINY).requires_grad_(False).eval()
    sequences = toy_sequences(14)
    rows = risk_rows(model, sequences)
    kept = sequences.position < 17
    assert torch.equal(rows.risky, torch.from_numpy(sequences.risky[kept]).float())
    assert torch.equal(
        rows.features.nan_to_num(), torch.from_numpy(sequences.features[kept]).nan_to_num()
    )
