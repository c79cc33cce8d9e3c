"""What serving computes in few operations is what training computes with many."""

from __future__ import annotations

import torch

from pipeline.encoding import CARDINALITIES, N_FIELDS, WINDOW
from pipeline.model.backbone import Architecture, Backbone
from pipeline.model.exact_gradient import ExactGradient
from pipeline.model.profile_model import ProfileModel

ROWS = 6


def windows(seed: int) -> torch.Tensor:
    torch.manual_seed(seed)
    return (torch.rand(ROWS, WINDOW, N_FIELDS) * torch.tensor(CARDINALITIES)).to(torch.int16)


def test_the_fused_decoder_gives_the_states_of_transformers_llama() -> None:
    torch.manual_seed(1)
    backbone = Backbone(Architecture()).eval().requires_grad_(False)
    for length in (1, 3, WINDOW):
        codes = windows(length)[:, :length]
        expected = backbone(codes)
        backbone.freeze()
        torch.testing.assert_close(backbone(codes), expected, atol=2e-5, rtol=1e-4)
        backbone._fused = None


def test_the_exact_gradient_is_that_of_automatic_differentiation() -> None:
    torch.manual_seed(2)
    model = ProfileModel(Architecture()).frozen()
    lengths = torch.tensor([1, 2, 5, 9, 15, 16])
    own = model.own_events(windows(3), lengths, torch.ones(ROWS, WINDOW, dtype=torch.bool))
    prompts = (model.start_prompts(ROWS) + 0.3 * torch.randn(ROWS, 4, 96)).requires_grad_()
    weighted = own.cells * torch.softmax(model.field_weight, dim=0)
    (expected,) = torch.autograd.grad(model.own_loss(own, prompts, weighted=True).sum(), prompts)
    with torch.no_grad():
        exact = ExactGradient.of(
            model.readout, model.field_heads, own.states, own.queries, own.codes
        )
        torch.testing.assert_close(exact.at(prompts, weighted), expected, atol=1e-5, rtol=1e-4)
        torch.testing.assert_close(
            exact.loss(prompts, weighted), model.own_loss(own, prompts, weighted=True)
        )
