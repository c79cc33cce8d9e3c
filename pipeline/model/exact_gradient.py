"""The inner loss's gradient in the prompts, written out.

Serving takes its inner steps with it: a fraction of the operations of automatic
differentiation, which the meta-learners use and a test compares it with.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from pipeline.model.heads import FieldHeads
from pipeline.model.prompt import PromptReadout


@dataclass(frozen=True, slots=True)
class ExactGradient:
    """Gradient of own next-event losses of B windows, prompts being all that moves.

    With S the states, q the queries, and per head A = softmax(q K' / sqrt(d)), the logits are
    S W' + b + concat(A V) (W O)'; what does not depend on the prompts is computed once.
    """

    readout: PromptReadout
    queries: Tensor
    """[B, heads, T, d / heads]."""
    base: Tensor
    """Logits without any prompt, [B, T, codes]."""
    out: Tensor
    """From merged heads to logits, [codes, d]."""
    chosen: Tensor
    """Column of each field's code, [B, T, F]."""
    field: Tensor
    """Field of each column, [codes]."""
    member: Tensor
    """[codes, F], 0 or 1."""

    @classmethod
    def of(
        cls,
        readout: PromptReadout,
        heads: FieldHeads,
        states: Tensor,
        queries: Tensor,
        codes: Tensor,
    ) -> ExactGradient:
        """Prepare for windows of states [B, T, d], queries and codes [B, T, F]."""
        return cls(
            readout,
            queries,
            heads.projection(states),
            heads.projection.weight @ readout.out.weight,
            codes.long() + heads.offsets,
            heads.member.argmax(1),
            heads.member,
        )

    def doubled(self) -> ExactGradient:
        """The same windows twice, for two sets of prompts in one pass."""
        return replace(
            self,
            queries=self.queries.repeat(2, 1, 1, 1),
            base=self.base.repeat(2, 1, 1),
            chosen=self.chosen.repeat(2, 1, 1),
        )

    def loss(self, prompts: Tensor, cells: Tensor) -> Tensor:
        """Loss of each window under its prompts, [B]; arguments as in :meth:`at`."""
        logits = self._read(prompts)[3]
        largest = logits.amax(-1, keepdim=True)
        normaliser = torch.log(torch.exp(logits - largest) @ self.member) + largest
        nll = normaliser - logits.gather(-1, self.chosen)
        return (nll * cells).sum((1, 2))

    def at(self, prompts: Tensor, cells: Tensor) -> Tensor:
        """Gradient at prompts.

        Args:
            prompts: [B, P, d].
            cells: weight of each field of each event in the loss, [B, T, F].

        Returns:
            [B, P, d].
        """
        readout = self.readout
        share, values, scale, logits = self._read(prompts)
        unnormalised = torch.exp(logits - logits.amax(-1, keepdim=True))
        per_field = cells / (unnormalised @ self.member)
        pull = unnormalised * per_field.index_select(-1, self.field)
        pull.scatter_add_(-1, self.chosen, -cells)
        found = readout.split(pull @ self.out)
        in_share = found @ values.transpose(-1, -2)
        in_scores = share * (in_share - (in_share * share).sum(-1, keepdim=True)) * scale
        in_keys = in_scores.transpose(-1, -2) @ self.queries
        in_values = share.transpose(-1, -2) @ found
        gradient: Tensor = (
            in_keys.transpose(1, 2).flatten(2) @ readout.key.weight
            + in_values.transpose(1, 2).flatten(2) @ readout.value.weight
        )
        return gradient

    def _read(self, prompts: Tensor) -> tuple[Tensor, Tensor, float, Tensor]:
        """Attention shares, values, the scale of the scores, and logits."""
        readout, scale = self.readout, self.queries.shape[-1] ** -0.5
        keys = readout.split(readout.key(prompts))
        values = readout.split(readout.value(prompts))
        share = torch.softmax(self.queries @ keys.transpose(-1, -2) * scale, dim=-1)
        merged = (share @ values).transpose(1, 2).flatten(2)
        return share, values, scale, self.base + merged @ self.out.T
