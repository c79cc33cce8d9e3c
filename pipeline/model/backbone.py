"""The payments language model: a causal Llama decoder with one position per event."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from transformers import LlamaConfig, LlamaModel

from pipeline.encoding import CARDINALITIES, WINDOW
from pipeline.model.architecture import Architecture


def offsets_of(cardinalities: Sequence[int]) -> Tensor:
    """Where each field's codes start in one shared table, [F] int64."""
    ends = torch.tensor(list(cardinalities)).cumsum(0)
    return torch.cat([torch.zeros(1, dtype=torch.int64), ends[:-1]])


class EventEmbedding(nn.Module):
    """An event's vector: the sum of the embeddings of its fields."""

    offsets: Tensor

    def __init__(self, width: int, scale: float) -> None:
        super().__init__()
        self.table = nn.Embedding(sum(CARDINALITIES), width)
        nn.init.normal_(self.table.weight, std=scale)
        self.register_buffer("offsets", offsets_of(CARDINALITIES), persistent=False)

    def forward(self, codes: Tensor) -> Tensor:
        """[..., F] codes to [..., width]."""
        flat = (codes.long() + self.offsets).reshape(-1, codes.shape[-1])
        summed = nn.functional.embedding_bag(flat, self.table.weight, mode="sum")
        return summed.view(*codes.shape[:-1], -1)


class Backbone(nn.Module):
    """Llama decoder over a start position and a sequence of events.

    State t has read the start and events 0 .. t-1, so it predicts event t.
    """

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        width = architecture.width
        self.embedding = EventEmbedding(width, scale=0.1)
        self.start = nn.Parameter(torch.randn(width) * 0.1)
        self.decoder = LlamaModel(
            LlamaConfig(
                vocab_size=1,
                hidden_size=width,
                intermediate_size=architecture.feed_forward,
                num_hidden_layers=architecture.layers,
                num_attention_heads=architecture.heads,
                num_key_value_heads=architecture.heads,
                max_position_embeddings=WINDOW + 2,
                pad_token_id=None,
                bos_token_id=None,
                eos_token_id=None,
                use_cache=False,
            )
        )
        self.decoder.set_attn_implementation("sdpa")
        # Events come as vectors: the token table of a text model has no use here.
        del self.decoder.embed_tokens

    def forward(self, codes: Tensor) -> Tensor:
        """States of a batch of sequences.

        Args:
            codes: [B, T, F]. Rows are left-aligned; what stands behind a sequence's end
                cannot reach its states, since attention is causal.

        Returns:
            [B, T + 1, width], after the decoder's final norm.
        """
        events = self.embedding(codes)
        start = self.start.expand(len(codes), 1, -1)
        embedded = torch.cat([start, events], dim=1)
        states: Tensor = self.decoder(inputs_embeds=embedded, use_cache=False).last_hidden_state
        return states
