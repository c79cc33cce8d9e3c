"""The frozen Llama decoder in few operations, for serving.

At a batch of a few short windows the time goes into starting operations, not into
arithmetic. This is the arithmetic of transformers' LlamaModel with its weights, the three
attention projections and the two of the gated unit each as one; a test compares the states.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor
from torch.nn import functional
from transformers import LlamaModel
from transformers.models.llama.modeling_llama import LlamaDecoderLayer


@dataclass(frozen=True, slots=True)
class _Layer:
    attention_norm: Tensor
    attention_in: Tensor
    attention_out: Tensor
    unit_norm: Tensor
    unit_in: Tensor
    unit_out: Tensor


class FusedDecoder:
    """A copy of a decoder's weights, laid out for inference.

    Args:
        decoder: without biases; its later changes are not seen.
    """

    def __init__(self, decoder: LlamaModel) -> None:
        config = decoder.config
        self._heads = int(config.num_attention_heads)
        self._epsilon = float(config.rms_norm_eps)
        self._norm = decoder.norm.weight.detach()
        self._layers = [_laid_out(cast(LlamaDecoderLayer, layer)) for layer in decoder.layers]
        positions = torch.arange(config.max_position_embeddings)[None]
        like = torch.zeros(1, 1, config.hidden_size)
        cosine, sine = decoder.rotary_emb(like, positions)
        half = cosine.shape[-1] // 2
        # Rotating swaps halves and negates the first: fold the sign into the sine.
        sign = torch.cat([-torch.ones(half), torch.ones(half)])
        self._cosine, self._sine = cosine.detach()[0], sine.detach()[0] * sign

    def __call__(self, embedded: Tensor) -> Tensor:
        """States after the final norm, [B, T, d], of embedded sequences [B, T, d]."""
        batch, length, width = embedded.shape
        size = width // self._heads
        cosine = self._cosine[:length]
        sine = self._sine[:length]
        state = embedded
        for layer in self._layers:
            normed = functional.rms_norm(state, (width,), layer.attention_norm, self._epsilon)
            joined = functional.linear(normed, layer.attention_in)
            parts = joined.view(batch, length, 3, self._heads, size).permute(2, 0, 3, 1, 4)
            turned = parts[:2] * cosine + parts[:2].roll(size // 2, dims=-1) * sine
            found = functional.scaled_dot_product_attention(
                turned[0], turned[1], parts[2], is_causal=True
            )
            merged = found.transpose(1, 2).reshape(batch, length, width)
            state = state + functional.linear(merged, layer.attention_out)
            normed = functional.rms_norm(state, (width,), layer.unit_norm, self._epsilon)
            gate, up = functional.linear(normed, layer.unit_in).chunk(2, dim=-1)
            state = state + functional.linear(functional.silu(gate) * up, layer.unit_out)
        return functional.rms_norm(state, (width,), self._norm, self._epsilon)


def _laid_out(layer: LlamaDecoderLayer) -> _Layer:
    attention, unit = layer.self_attn, layer.mlp
    projections = (attention.q_proj, attention.k_proj, attention.v_proj)
    return _Layer(
        attention_norm=layer.input_layernorm.weight.detach(),
        attention_in=torch.cat([each.weight.detach() for each in projections]),
        attention_out=attention.o_proj.weight.detach(),
        unit_norm=layer.post_attention_layernorm.weight.detach(),
        unit_in=torch.cat([unit.gate_proj.weight.detach(), unit.up_proj.weight.detach()]),
        unit_out=unit.down_proj.weight.detach(),
    )
