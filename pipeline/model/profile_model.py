"""The model behind a profile, as it is trained: backbones, soft prompt, heads."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from pipeline.encoding import N_FIELDS
from pipeline.model.architecture import Architecture
from pipeline.model.backbone import Backbone
from pipeline.model.heads import FieldHeads, RiskHead
from pipeline.model.inner_loop import StepSizes
from pipeline.model.prompt import PromptReadout, read_last
from pipeline.model.served_model import ServedModel


class ProfileModel(nn.Module):
    """All parameters. Each stage of training puts the parts together in its own way.

    Attributes:
        backbone: the language model; frozen once it is pre-trained.
        risk_backbone: a copy of it that is fine-tuned on risk; the risk head reads its state
            beside the surprise of the language model.

    Args:
        architecture: sizes.
        backbone: maps codes [B, T, F] to states [B, T + 1, width]; one of these sizes is made
            if there is none.
    """

    def __init__(self, architecture: Architecture, backbone: nn.Module | None = None) -> None:
        super().__init__()
        self.architecture = architecture
        self.backbone = Backbone(architecture) if backbone is None else backbone
        self.risk_backbone = Backbone(architecture)
        self.field_heads = FieldHeads(architecture.width)
        self.readout = PromptReadout(architecture)
        self.steps = StepSizes(
            architecture.inner_steps, architecture.prompt_vectors, architecture.width
        )
        self.field_weight = nn.Parameter(torch.zeros(N_FIELDS))
        self.risk = RiskHead(architecture.width, architecture.risk_hidden)

    def start_prompts(self, n: int) -> Tensor:
        """The meta-learned start for n counterparties, [n, P, d]."""
        return self.readout.start.detach().repeat(n, 1, 1)

    def surprise(self, states: Tensor, codes: Tensor, prompts: Tensor) -> Tensor:
        """Negative log likelihood of every field of every event, [B, T, F].

        Args:
            states: of the backbone; state t predicts event t, [B, T + 1, d].
            codes: [B, T, F].
            prompts: [B, P, d].
        """
        shares = self.readout.shares(states, read_last(codes))
        logits = self.field_heads(states) + self.readout(shares, prompts)
        return self.field_heads.negative_log_likelihood(logits[:, :-1], codes)

    def served(self) -> ServedModel:
        """A frozen copy for serving; only with a backbone of its own sizes."""
        state = {name: tensor.detach().cpu().numpy() for name, tensor in self.state_dict().items()}
        return ServedModel({name: array.copy() for name, array in state.items()}, self.architecture)
