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
    """Log odds of risk from state, surprise, and standardised features."""

    mean: Tensor
    scale: Tensor

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(N_FEATURES))
        self.register_buffer("scale", torch.ones(N_FEATURES))
        self.inner = nn.Linear(width + N_FIELDS + 2 * N_FEATURES + 1, hidden)
        self.outer = nn.Linear(hidden, 1)
        self.input_dropout = nn.Dropout(0.1)
        self.hidden_dropout = nn.Dropout(0.3)

    def standardise_by(self, features: Tensor) -> None:
        """Take mean and scale from training features, [N, A] with NaN for unknown."""
        known = ~features.isnan()
        count = known.sum(0).clamp(min=1)
        filled = torch.nan_to_num(features)
        mean = filled.sum(0) / count
        variance = (((filled - mean) * known) ** 2).sum(0) / count
        self.mean.copy_(mean)
        self.scale.copy_(variance.sqrt().clamp(min=1e-3))

    def hidden(self, states: Tensor, surprise: Tensor, features: Tensor) -> Tensor:
        """Hidden units, [..., hidden], from [..., width], [..., F] and [..., A]."""
        unknown = features.isnan()
        values = ((features - self.mean) / self.scale).clamp(-FEATURE_CLIP, FEATURE_CLIP)
        values = torch.where(unknown, torch.zeros_like(values), values)
        seen = torch.log1p(features[..., _EVENTS_SEEN : _EVENTS_SEEN + 1])
        inputs = torch.cat([states, surprise, values, unknown.to(values), seen], dim=-1)
        return torch.nn.functional.gelu(self.inner(self.input_dropout(inputs)))

    def forward(self, hidden: Tensor) -> Tensor:
        """Log odds, [...], from hidden units."""
        logit: Tensor = self.outer(self.hidden_dropout(hidden)).squeeze(-1)
        return logit
