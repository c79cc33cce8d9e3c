"""The model behind a profile, as it is trained: backbones, soft prompt, heads."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from pipeline.encoding import N_FIELDS
from pipeline.model.architecture import Architecture
from pipeline.model.backbone import Backbone
from pipeline.model.heads import FieldHeads, RiskHead
from pipeline.model.inner_loop import StepSizes
from pipeline.model.prompt import PromptReadout
from pipeline.model.served_model import ServedModel


class ProfileModel(nn.Module):
    """All parameters. Each stage of training puts the parts together in its own way.

    Attributes:
        backbone: the language model; frozen once it is pre-trained.
        risk_backbone: a copy of it that is fine-tuned on risk; the risk head reads its state
            beside the surprise of the language model.
    """

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        self.architecture = architecture
        self.backbone = Backbone(architecture)
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

    def served(self) -> ServedModel:
        """A frozen copy for serving."""
        state = {name: tensor.detach().numpy() for name, tensor in self.state_dict().items()}
        return ServedModel({name: array.copy() for name, array in state.items()}, self.architecture)
