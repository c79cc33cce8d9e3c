"""The rival that changes the backbone least: rank-2 LoRA by the risk loss (Hu et al. 2021).

The checkpoint's own risk part is a full fine-tune of the same backbone; this one begins at the
same frozen weights, is trained alike, and is scored by the same kernels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from pipeline.model.backbone import Backbone
from pipeline.model.profile_model import ProfileModel
from pipeline.model.risk_training import RiskCrops, RiskScorer, fit_scorer, risk_crops
from pipeline.model.sequences import Progress, Sequences, later_crops, opening_crops
from pipeline.model.served_model import ServedModel

_RANK: Final = 2
_RATE: Final = 2e-3


@dataclass(frozen=True, slots=True)
class Lessons:
    """Labelled counterparties: some to learn from, others to stop by."""

    fit: Sequences
    held: Sequences
    later_share: float
    """Share of the events behind the first window that count."""


def low_rank(
    served: ServedModel, lessons: Lessons, iterations: int, seed: int, progress: Progress
) -> tuple[ServedModel, list[float]]:
    """Train a rank-2 matrix beside every linear map of the decoder, and a new risk head.

    Args:
        served: whose language model to begin with; it stays as it is.
        lessons: labelled counterparties.
        iterations: optimiser steps.
        seed: of draws, dropout and the matrices.
        progress: told of every step.

    Returns:
        The model at the look with the lowest held-out loss, and the losses of all looks.
    """
    rng = np.random.default_rng(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = ProfileModel(served.architecture)
        model.load_state_dict(_language_model(served), strict=False)
        model.requires_grad_(False).eval()
        model.risk_backbone.load_state_dict(model.backbone.state_dict())
        fit, held = (
            _crops(model, part, lessons.later_share, rng) for part in (lessons.fit, lessons.held)
        )
        model.risk.standardise_by(torch.from_numpy(lessons.fit.features), fit.told)
        model.risk.requires_grad_(True)
        _open(model.risk_backbone)
        scorer = RiskScorer(model.risk_backbone, model.risk)
        generator = torch.Generator().manual_seed(seed)
        losses = fit_scorer(scorer, fit, held, iterations, generator, progress, _RATE)
    for linear in _linears(model.risk_backbone):
        parametrize.remove_parametrizations(linear, "weight")
    return model.served(), losses


def _language_model(served: ServedModel) -> dict[str, Tensor]:
    return {name: torch.tensor(a) for name, a in served.state.items() if "risk" not in name}


def _crops(
    model: ProfileModel, sequences: Sequences, later_share: float, rng: np.random.Generator
) -> RiskCrops:
    crops = opening_crops(sequences).joined(later_crops(sequences, later_share, rng))
    return risk_crops(model, sequences, crops)


class _LowRank(nn.Module):
    """Adds a matrix of low rank, nought at first, to a weight."""

    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        rows, columns = weight.shape
        self.down = nn.Parameter(torch.randn(_RANK, columns) * columns**-0.5)
        self.up = nn.Parameter(torch.zeros(rows, _RANK))

    def forward(self, weight: Tensor) -> Tensor:
        return weight + self.up @ self.down


def _linears(backbone: Backbone) -> list[nn.Linear]:
    return [part for part in backbone.decoder.modules() if isinstance(part, nn.Linear)]


def _open(backbone: Backbone) -> None:
    """Leave only matrices of low rank to be trained."""
    for linear in _linears(backbone):
        parametrize.register_parametrization(linear, "weight", _LowRank(linear.weight))
