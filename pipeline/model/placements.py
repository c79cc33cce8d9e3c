"""Where the soft prompt may enter the frozen model: in front, behind, last layer, above.

What serves is the read-out into the logits; the others are measured beside it. Attention is
written out (eager): second-order meta-gradients need its double backward.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from typing import Protocol, cast

import torch
from torch import Tensor, nn
from transformers.models.llama.modeling_llama import LlamaDecoderLayer, apply_rotary_pos_emb

from pipeline.model.backbone import Backbone, EventEmbedding
from pipeline.model.profile_model import ProfileModel
from pipeline.model.prompt import read_last

Reader = Callable[[Tensor], Tensor]
"""Maps prompts [B, P, d] to logits of all fields' codes, [B, T, V], for each event."""

_KeysValues = tuple[Tensor, Tensor]


class Place(StrEnum):
    """Names of the placements."""

    READ_OUT = "read-out"
    STATE = "into the state"
    LAST_LAYER = "last layer"
    SUFFIX = "suffix"
    FRONT = "front"


class Placement(Protocol):
    """A place of the prompt."""

    @property
    def start(self) -> nn.Parameter:
        """The meta-learned start, [P, d]."""

    def parameters(self) -> Iterator[nn.Parameter]:
        """Start and weights of the place; not those of the frozen model."""

    def over(self, codes: Tensor) -> Reader:
        """Read histories; what no prompt changes is computed here, once.

        Args:
            codes: [B, T, F], left-aligned.
        """


def placement_of(model: ProfileModel, place: Place) -> Placement:
    """The model's prompt at a place; all but the read-out get a start of their own."""
    match place:
        case Place.READ_OUT:
            return ReadOut(model)
        case Place.STATE:
            return IntoState(model)
        case Place.LAST_LAYER:
            return LastLayer(model)
        case Place.SUFFIX:
            return Suffix(model)
        case Place.FRONT:
            return Front(model)


class ReadOut:
    """Above the backbone, into the logits. A step touches one matrix."""

    def __init__(self, model: ProfileModel) -> None:
        self._model = model

    @property
    def start(self) -> nn.Parameter:
        """That of the model's read-out."""
        return self._model.readout.start

    def parameters(self) -> Iterator[nn.Parameter]:
        """Those of the model's read-out."""
        return self._model.readout.parameters()

    def over(self, codes: Tensor) -> Reader:
        """See :class:`Placement`."""
        with torch.no_grad():
            states = self._model.backbone(codes)[:, :-1]
            before = self._model.field_heads(states)
        shares = self._model.readout.shares(states, read_last(codes)[:, :-1])
        return lambda prompts: before + self._model.readout(shares, prompts)


class _Place(nn.Module):
    """A prompt with a start of its own; the model is not registered, so not trained."""

    start: nn.Parameter

    def __init__(self, model: ProfileModel) -> None:
        super().__init__()
        self._frozen = (model,)
        backbone = self.backbone
        # As large as the vectors that the decoder knows at this place, but each its own way.
        noise = 0.1 * torch.randn(model.architecture.prompt_vectors, model.architecture.width)
        self.start = nn.Parameter(backbone.start.detach() + noise)

    @property
    def model(self) -> ProfileModel:
        return self._frozen[0]

    @property
    def backbone(self) -> Backbone:
        if not isinstance(self.model.backbone, Backbone):
            raise TypeError("only the backbone of events has these places")
        return self.model.backbone


class IntoState(_Place):
    """Above the backbone, into the state: attention whose keys are made of the prompt too.

    All that it can say must pass the d directions that the field heads read (as a prompt in
    the last layer must): the place that gained nothing.
    """

    def __init__(self, model: ProfileModel) -> None:
        super().__init__(model)
        width = model.architecture.width
        self.heads = model.architecture.readout_heads
        self.tokens = EventEmbedding(width, scale=0.02)
        self.query = nn.Linear(width, width, bias=False)
        self.key = nn.Linear(width, width, bias=False)
        self.value = nn.Linear(width, width, bias=False)
        self.out = nn.Linear(width, width, bias=False)
        nn.init.normal_(self.out.weight, std=0.02)

    def over(self, codes: Tensor) -> Reader:
        """See :class:`Placement`."""
        with torch.no_grad():
            states = self.backbone(codes)[:, :-1]
        size = states.shape[-1] // self.heads
        queries = _heads(self.query(states) + self.tokens(read_last(codes)[:, :-1]), size)

        def read(prompts: Tensor) -> Tensor:
            keys, values = _heads(self.key(prompts), size), _heads(self.value(prompts), size)
            shares = torch.softmax(queries @ keys.transpose(-1, -2) * size**-0.5, dim=-1)
            found = (shares @ values).transpose(1, 2).reshape(states.shape)
            logits: Tensor = self.model.field_heads(states + self.out(found))
            return logits

        return read


class _Inside(_Place):
    """A prompt among the decoder's positions."""

    def embedded(self, codes: Tensor) -> Tensor:
        """Start position and all events but the last, [B, T, d], as the decoder reads them."""
        start = self.backbone.start.expand(len(codes), 1, -1)
        return torch.cat([start, self.backbone.embedding(codes[:, :-1])], dim=1)

    @property
    def layers(self) -> list[LlamaDecoderLayer]:
        """Of the decoder, lowest first."""
        return list(cast("Iterable[LlamaDecoderLayer]", self.backbone.decoder.layers))

    def rotary(self, positions: Tensor) -> tuple[Tensor, Tensor]:
        """Cosine and sine of positions, [1, T, head] each."""
        found: tuple[Tensor, Tensor] = self.backbone.decoder.rotary_emb(
            self.backbone.start, position_ids=positions[None]
        )
        return found

    def finish(self, hidden: Tensor) -> Tensor:
        """The decoder's last norm and the field heads."""
        logits: Tensor = self.model.field_heads(self.backbone.decoder.norm(hidden))
        return logits


class Front(_Inside):
    """Prefix tokens before the history: every key and value of the history depends on them."""

    def over(self, codes: Tensor) -> Reader:
        """See :class:`Placement`."""
        with torch.no_grad():
            events = self.embedded(codes)
        vectors, length = len(self.start), events.shape[1]
        # The prompt shares the position of the start: the events stay where they were trained.
        positions = torch.cat([torch.zeros(vectors, dtype=torch.int64), torch.arange(length)])
        rotary, mask = self.rotary(positions), _causal(vectors + length)

        def read(prompts: Tensor) -> Tensor:
            hidden = torch.cat([prompts, events], dim=1)
            for layer in self.layers:
                hidden, _ = _through(layer, hidden, rotary, mask)
            return self.finish(hidden[:, vectors:])

        return read


class LastLayer(_Inside):
    """Prefix keys and values in the last decoder layer: the layers below are computed once."""

    def over(self, codes: Tensor) -> Reader:
        """See :class:`Placement`."""
        *below, last = self.layers
        with torch.no_grad():
            hidden = self.embedded(codes)
            length = hidden.shape[1]
            rotary = self.rotary(torch.arange(length))
            for layer in below:
                hidden, _ = _through(layer, hidden, rotary, _causal(length))
        vectors = len(self.start)
        at_start = self.rotary(torch.zeros(vectors, dtype=torch.int64))
        mask = torch.cat([torch.zeros(length, vectors), _causal(length)], dim=1)

        def read(prompts: Tensor) -> Tensor:
            prefix = _keys_values(last, last.input_layernorm(prompts), at_start)
            states, _ = _through(last, hidden, rotary, mask, prefix)
            return self.finish(states)

        return read


class Suffix(_Inside):
    """Behind the cached history; then the last event is read once more, and predicts.

    Each state has a suffix of its own: it sees its history's keys and values, its prompt and
    itself, and no other suffix.
    """

    def over(self, codes: Tensor) -> Reader:
        """See :class:`Placement`."""
        batch = len(codes)
        cache: list[_KeysValues] = []
        with torch.no_grad():
            events = self.embedded(codes)
            length, width = events.shape[1:]
            rotary, hidden = self.rotary(torch.arange(length)), events
            for layer in self.layers:
                hidden, own = _through(layer, hidden, rotary, _causal(length))
                cache.append(own)
        size = len(self.start) + 1
        state = torch.arange(length).repeat_interleave(size)
        within = torch.arange(size).repeat(length)
        own_suffix = (state[:, None] == state) & (within[:, None] >= within)
        seen = torch.cat([state[:, None] >= torch.arange(length), own_suffix], dim=1)
        mask = _masked(seen)
        behind = self.rotary(state)

        def read(prompts: Tensor) -> Tensor:
            repeated = prompts[:, None].expand(-1, length, -1, -1)
            new = torch.cat([repeated, events[:, :, None]], dim=2).reshape(batch, -1, width)
            for layer, past in zip(self.layers, cache, strict=True):
                new, _ = _through(layer, new, behind, mask, past)
            return self.finish(new.view(batch, length, size, width)[:, :, -1])

        return read


def _masked(seen: Tensor) -> Tensor:
    return torch.zeros(seen.shape).masked_fill(~seen, float("-inf"))


def _causal(length: int) -> Tensor:
    return _masked(torch.ones(length, length, dtype=torch.bool).tril())


def _keys_values(
    layer: LlamaDecoderLayer, normed: Tensor, rotary: tuple[Tensor, Tensor]
) -> _KeysValues:
    attention = layer.self_attn
    keys, values = (
        _heads(project(normed), attention.head_dim)
        for project in (attention.k_proj, attention.v_proj)
    )
    return apply_rotary_pos_emb(keys, keys, *rotary)[1], values


def _heads(vectors: Tensor, size: int) -> Tensor:
    return vectors.view(*vectors.shape[:2], -1, size).transpose(1, 2)


def _through(
    layer: LlamaDecoderLayer,
    hidden: Tensor,
    rotary: tuple[Tensor, Tensor],
    mask: Tensor,
    past: _KeysValues | None = None,
) -> tuple[Tensor, _KeysValues]:
    """One decoder layer over new positions, behind the keys and values of past ones.

    Args:
        layer: frozen.
        hidden: new positions, [B, T, d].
        rotary: theirs.
        mask: added to scores, [T, past + T].
        past: keys and values, [B, heads, past, head] each.

    Returns:
        The new positions above the layer, and their keys and values.
    """
    attention = layer.self_attn
    normed = layer.input_layernorm(hidden)
    own = _keys_values(layer, normed, rotary)
    keys, values = own
    if past is not None:
        keys, values = (torch.cat([p, n], dim=2) for p, n in zip(past, own, strict=True))
    queries = _heads(attention.q_proj(normed), attention.head_dim)
    queries = apply_rotary_pos_emb(queries, queries, *rotary)[0]
    scores = queries @ keys.transpose(-1, -2) * attention.scaling + mask
    found = (torch.softmax(scores, dim=-1) @ values).transpose(1, 2).reshape(hidden.shape)
    hidden = hidden + attention.o_proj(found)
    out: Tensor = hidden + layer.mlp(layer.post_attention_layernorm(hidden))
    return out, own
