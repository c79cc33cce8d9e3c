"""What moves a prompt at its place: a begin, an inner loss, and steps down that loss."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from pipeline.model.amortised import AmortisedStart
from pipeline.model.inner_loop import InnerLoss
from pipeline.model.placements import Placement, Reader
from pipeline.model.profile_model import ProfileModel


@dataclass(frozen=True, slots=True)
class Adaptation:
    """A prompt's place together with what is learned about moving it.

    Attributes:
        model: frozen backbone and heads; its step sizes and field weights are used.
        placement: where the prompt enters.
        amortised: generator of the begin; None begins at the start.
    """

    model: ProfileModel
    placement: Placement
    amortised: AmortisedStart | None = None

    def around(self) -> list[nn.Parameter]:
        """What is trained with the prompt: the weights of its place and of the generator."""
        parts = [self.placement, self.amortised]
        return [p for part in parts if part is not None for p in part.parameters()]

    def begin(self, codes: Tensor, support: Tensor) -> Tensor:
        """Prompts before any step, [B, P, d].

        Args:
            codes: [B, T, F].
            support: own events that may be learned from, [B, T], bool.
        """
        start = self.placement.start.expand(len(codes), -1, -1)
        if self.amortised is None:
            return start
        with torch.no_grad():
            states = self.model.backbone(codes)
        offset: Tensor = self.amortised(states[:, 1:], codes, support)
        return start + offset

    def surprise(self, reader: Reader, codes: Tensor, prompts: Tensor) -> Tensor:
        """Negative log likelihood of every field of every event under prompts, [B, T, F]."""
        return self.model.field_heads.negative_log_likelihood(reader(prompts), codes)

    def inner_loss(self, reader: Reader, codes: Tensor, support: Tensor) -> InnerLoss:
        """Weighted surprise of the support, summed over its events."""
        weight = torch.softmax(self.model.field_weight, dim=0)

        def loss(prompts: Tensor) -> Tensor:
            weighted = self.surprise(reader, codes, prompts) @ weight
            return (weighted * support).sum(1)

        return loss
