"""An amortised start: one pass from the first events to a prompt, which steps may refine.

The generator pools the frozen states of a counterparty's own events, each joined by the event's
codes, and turns them into an offset of the meta-learned start (cf. TaNP, Lin et al. 2021: one
pass in place of an inner loop).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from pipeline.model.architecture import Architecture
from pipeline.model.backbone import EventEmbedding


class AmortisedStart(nn.Module):
    """Each prompt vector pools the own events by attention and projects what it finds."""

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        width, vectors = architecture.width, architecture.prompt_vectors
        self.tokens = EventEmbedding(width, scale=0.02)
        self.key = nn.Linear(width, vectors)
        self.value = nn.Linear(width, width)
        self.hidden = nn.Linear(width + 1, width)
        self.out = nn.Parameter(torch.zeros(vectors, width, width))

    def forward(self, states: Tensor, codes: Tensor, counted: Tensor) -> Tensor:
        """Offset of the start, [B, P, d]; zero without events.

        Args:
            states: state after each event, [B, T, d].
            codes: [B, T, F].
            counted: events to pool, [B, T], bool.
        """
        joined = states + self.tokens(codes)
        scores = self.key(joined).transpose(1, 2)
        # A very low score and not minus infinity: a row without events must not become NaN.
        share = torch.softmax(scores.masked_fill(~counted[:, None], -1e9), dim=-1)
        pooled = (share * counted[:, None]) @ self.value(joined)
        seen = counted.sum(1).to(pooled)
        n = torch.log1p(seen)[:, None, None].expand(-1, pooled.shape[1], 1)
        hidden = nn.functional.gelu(self.hidden(torch.cat([pooled, n], dim=-1)))
        offset = torch.einsum("bpd,pde->bpe", hidden, self.out)
        return offset * (seen > 0)[:, None, None]
