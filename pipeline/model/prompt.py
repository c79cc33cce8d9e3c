"""The soft prompt and its place: slots above the frozen backbone, read into the fields' logits.

Every state attends to the P prompt vectors of its counterparty by meta-learned keys, and what
it finds there is added to the logits of the next event. The keys see state and codes of the
event read last, but not the prompt: the logits are linear in the prompt, so the inner loss is
convex, and neither the history's states nor the attention change in an inner step.

The prompt speaks past the state on purpose. A state of width d holds far fewer directions than
there are codes, so a prompt that is added to the state cannot raise the odds of one purpose
without moving those of other fields; no step size makes such a step good, and meta-learning
then shrinks it to nothing (``docs/ablations.md``).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from pipeline.encoding import CARDINALITIES
from pipeline.model.architecture import Architecture
from pipeline.model.backbone import EventEmbedding


class PromptReadout(nn.Module):
    """Attention from states to prompt vectors, plus the meta-learned start."""

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        width, self.heads = architecture.width, architecture.readout_heads
        slots = self.heads * architecture.prompt_vectors
        self.start = nn.Parameter(torch.zeros(architecture.prompt_vectors, width))
        self.tokens = EventEmbedding(slots, scale=0.02)
        self.key = nn.Linear(width, slots)
        self.out = nn.Linear(width, sum(CARDINALITIES), bias=False)
        nn.init.normal_(self.out.weight, std=width**-0.5)

    def shares(self, states: Tensor, codes: Tensor) -> Tensor:
        """How much each state attends to each prompt vector.

        Args:
            states: [B, T, width].
            codes: the event that each state has read last, [B, T, F]; zeros at the start
                position, which has read none.

        Returns:
            [B, T, heads, P]; each head's shares sum to one.
        """
        scores = self.key(states) + self.tokens(codes)
        return torch.softmax(scores.view(*scores.shape[:2], self.heads, -1), dim=-1)

    def forward(self, shares: Tensor, prompts: Tensor) -> Tensor:
        """What the prompts add to the fields' logits.

        Args:
            shares: [B, T, heads, P].
            prompts: [B, P, width].

        Returns:
            [B, T, codes of all fields].
        """
        cut = prompts.view(*prompts.shape[:2], self.heads, -1)
        found = torch.einsum("bthp,bphi->bthi", shares, cut).flatten(2)
        added: Tensor = self.out(found)
        return added


def read_last(codes: Tensor) -> Tensor:
    """The event that each state has read last, [B, T + 1, F]; zeros at the start position."""
    return torch.cat([torch.zeros_like(codes[:, :1]), codes], dim=1)
