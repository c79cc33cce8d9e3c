"""Heads on the backbone's states: the likelihood of every field, and risk."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from pipeline.encoding import CARDINALITIES, FEATURES, N_FEATURES, N_FIELDS
from pipeline.model.architecture import FEATURE_CLIP
from pipeline.model.backbone import offsets_of

_EVENTS_SEEN = FEATURES.index("events_seen")


class FieldHeads(nn.Module):
    """One categorical distribution per field, as one matrix over all codes."""

    offsets: Tensor
    member: Tensor

    def __init__(self, width: int) -> None:
        super().__init__()
        total = sum(CARDINALITIES)
        self.projection = nn.Linear(width, total)
        nn.init.normal_(self.projection.weight, std=0.02)
        field = torch.repeat_interleave(torch.arange(N_FIELDS), torch.tensor(CARDINALITIES))
        member = torch.zeros(total, N_FIELDS)
        member[torch.arange(total), field] = 1.0
        self.register_buffer("offsets", offsets_of(CARDINALITIES), persistent=False)
        self.register_buffer("member", member, persistent=False)

    def forward(self, states: Tensor) -> Tensor:
        """Logits of all fields' codes, [..., V], from states, [..., width]."""
        logits: Tensor = self.projection(states)
        return logits

    def negative_log_likelihood(self, logits: Tensor, codes: Tensor) -> Tensor:
        """Surprise of each field, in nats.

        Args:
            logits: [..., V].
            codes: [..., F], what came.

        Returns:
            [..., F].
        """
        # One maximum for all fields is enough in float32, as long as two fields' logits lie
        # less than about 80 apart; weight decay keeps them within a few units.
        largest = logits.detach().amax(-1, keepdim=True)
        normaliser = torch.log(torch.exp(logits - largest) @ self.member) + largest
        chosen = logits.gather(-1, codes.long() + self.offsets)
        surprise: Tensor = normaliser - chosen
        return surprise


class RiskHead(nn.Module):
    """Log odds of risk from state, surprise, features, and the other side's state."""

    mean: Tensor
    scale: Tensor
    told_mean: Tensor
    told_scale: Tensor

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(N_FEATURES))
        self.register_buffer("scale", torch.ones(N_FEATURES))
        self.register_buffer("told_mean", torch.zeros(width))
        self.register_buffer("told_scale", torch.ones(width))
        self.inner = nn.Linear(2 * width + N_FIELDS + 2 * N_FEATURES + 2, hidden)
        self.outer = nn.Linear(hidden, 1)
        self.input_dropout = nn.Dropout(0.1)
        self.hidden_dropout = nn.Dropout(0.3)

    def standardise_by(self, features: Tensor, told: Tensor | None = None) -> None:
        """Take means and scales from training.

        Args:
            features: [N, A], NaN for unknown.
            told: states of other sides, [n, width], likewise; None if there are none.
        """
        pairs = [(features, self.mean, self.scale)]
        if told is not None:
            pairs.append((told, self.told_mean, self.told_scale))
        for values, mean, scale in pairs:
            known = ~values.isnan()
            count = known.sum(0).clamp(min=1)
            filled = torch.nan_to_num(values)
            centre = filled.sum(0) / count
            variance = (((filled - centre) * known) ** 2).sum(0) / count
            mean.copy_(centre)
            scale.copy_(variance.sqrt().clamp(min=1e-3))

    def hidden(
        self, states: Tensor, surprise: Tensor, features: Tensor, told: Tensor | None = None
    ) -> Tensor:
        """Hidden units, [..., hidden].

        Args:
            states: that have read the event, [..., width].
            surprise: [..., F].
            features: [..., A], NaN for unknown.
            told: states of the other side, [..., width], NaN where there is none; None: nowhere.
        """
        if told is None:
            told = torch.full_like(states, torch.nan)
        values = _standardised(features, self.mean, self.scale)
        others = _standardised(told, self.told_mean, self.told_scale)
        seen = torch.log1p(features[..., _EVENTS_SEEN : _EVENTS_SEEN + 1])
        unknown, untold = features.isnan().to(values), told[..., :1].isnan().to(values)
        inputs = [states, surprise, values, unknown, seen, others, untold]
        return torch.nn.functional.gelu(self.inner(self.input_dropout(torch.cat(inputs, dim=-1))))

    def forward(self, hidden: Tensor) -> Tensor:
        """Log odds, [...], from hidden units."""
        logit: Tensor = self.outer(self.hidden_dropout(hidden)).squeeze(-1)
        return logit


def _standardised(values: Tensor, mean: Tensor, scale: Tensor) -> Tensor:
    """Values in standard deviations, cut at FEATURE_CLIP, 0 where unknown."""
    standard = ((values - mean) / scale).clamp(-FEATURE_CLIP, FEATURE_CLIP)
    return torch.where(values.isnan(), torch.zeros_like(standard), standard)
