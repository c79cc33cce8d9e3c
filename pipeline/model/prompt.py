"""The soft prompt and its place: an attention layer that reads out of the frozen backbone.

Every state of the backbone attends to the P prompt vectors of its counterparty and adds what
it finds. The history's states do not depend on the prompt, so they stay valid when the prompt
changes, and an inner step needs no pass through the backbone. Queries also see the event's
own field codes: a prompt can then answer to "a payment of this kind" and not only to a
blurred state.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from pipeline.model.architecture import Architecture
from pipeline.model.backbone import EventEmbedding


class PromptReadout(nn.Module):
    """Multi-head attention from states to prompt vectors, plus the meta-learned start."""

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        width = architecture.width
        self.heads = architecture.readout_heads
        self.start = nn.Parameter(torch.randn(architecture.prompt_vectors, width) * width**-0.5)
        self.tokens = EventEmbedding(width, scale=0.02)
        self.query = nn.Linear(width, width, bias=False)
        self.key = nn.Linear(width, width, bias=False)
        self.value = nn.Linear(width, width, bias=False)
        self.out = nn.Linear(width, width, bias=False)
        nn.init.normal_(self.out.weight, std=0.02)

    def split(self, vectors: Tensor) -> Tensor:
        """Cut vectors into heads: [B, T, width] to [B, heads, T, width / heads]."""
        batch, length, width = vectors.shape
        return vectors.view(batch, length, self.heads, width // self.heads).transpose(1, 2)

    def queries(self, states: Tensor, codes: Tensor) -> Tensor:
        """Queries of states that have just read an event.

        Args:
            states: [B, T, width].
            codes: the event that each state has read last, [B, T, F]; zeros at the start
                position, which has read none.

        Returns:
            [B, heads, T, width / heads].
        """
        return self.split(self.query(states) + self.tokens(codes))

    def forward(self, states: Tensor, queries: Tensor, prompts: Tensor) -> Tensor:
        """States with what the prompts add.

        Args:
            states: [B, T, width].
            queries: [B, heads, T, width / heads].
            prompts: [B, P, width].

        Returns:
            [B, T, width].
        """
        keys, values = self.split(self.key(prompts)), self.split(self.value(prompts))
        scores = queries @ keys.transpose(-1, -2) * queries.shape[-1] ** -0.5
        # Written out, not fused: second-order meta-gradients need its double backward.
        found = torch.softmax(scores, dim=-1) @ values
        merged = found.transpose(1, 2).reshape(states.shape)
        added: Tensor = self.out(merged)
        return states + added
