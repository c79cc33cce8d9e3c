"""Weights of a trained model as plain arrays, laid out for the serving kernels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pipeline.encoding import CARDINALITIES, WINDOW
from pipeline.model.architecture import Architecture

Float = npt.NDArray[np.float32]

_ROTARY_BASE = 10_000.0
_EPSILON = 1e-6


class DecoderWeights(NamedTuple):
    """A Llama decoder over events; arrays as in :class:`ServedWeights`."""

    offsets: npt.NDArray[np.int64]
    event_table: Float
    """[V, d]."""
    start_state: Float
    """Embedding of the start position, [d]."""
    attention_norm: Float
    """[layers, d]."""
    attention_in: Float
    """Queries, keys and values side by side, [layers, d, 3 d]."""
    attention_out: Float
    unit_norm: Float
    unit_in: Float
    """Gate and up projection side by side, [layers, d, 2 feed_forward]."""
    unit_out: Float
    last_norm: Float
    cosine: Float
    """Of the rotary position embedding, [positions, head]."""
    sine: Float
    """The same; negated in the first half, as rotating swaps halves and negates one."""
    epsilon: np.float32
    heads: int


class ServedWeights(NamedTuple):
    """Arrays in C order. Matrices stand to the right of row vectors: ``x @ matrix``.

    V codes of all fields in one table, d the width, P prompt vectors, K inner steps.
    """

    offsets: npt.NDArray[np.int64]
    """Where each field's codes start among the V, and their end, [F + 1]."""
    slot_table: Float
    """What an event's codes add to the scores of prompt vectors, [V, heads P]."""
    slot_key: Float
    """From states to those scores, [d, heads P]."""
    slot_bias: Float
    readout_heads: int
    found_to_logits: Float
    """From what is found in the prompt to logits, [d, V]."""
    logits_to_found: Float
    """Transposed, [V, d]."""
    start_prompt: Float
    """[P, d]."""
    projection: Float
    """From states to logits, [d, V]."""
    bias: Float
    step_size: Float
    """[K, P, d]."""
    shrinkage: Float
    """[K]."""
    field_weight: Float
    """Weights of the fields in the inner loss, summing to one, [F]."""
    feature_mean: Float
    feature_scale: Float
    told_mean: Float
    told_scale: Float
    risk_inner: Float
    """[2 d + F + 2 A + 2, hidden]."""
    risk_inner_bias: Float
    risk_outer: Float
    """[hidden]."""
    risk_outer_bias: np.float32


def lay_out_decoder(
    state: Mapping[str, Float], architecture: Architecture, backbone: str
) -> DecoderWeights:
    """Arrange the parameters of one of the backbones of a ``ProfileModel``.

    Raises:
        KeyError: a parameter is missing.
    """
    layers = [f"{backbone}.decoder.layers.{i}" for i in range(architecture.layers)]

    def stacked(*names: str) -> Float:
        side_by_side = [
            np.concatenate([state[f"{layer}.{n}"].T for n in names], axis=1) for layer in layers
        ]
        return _in_order(np.stack(side_by_side))

    def norms(name: str) -> Float:
        return _in_order(np.stack([state[f"{layer}.{name}.weight"] for layer in layers]))

    cosine, sine = _rotary(architecture.width // architecture.heads)
    return DecoderWeights(
        offsets=_offsets(),
        event_table=_in_order(state[f"{backbone}.embedding.table.weight"]),
        start_state=_in_order(state[f"{backbone}.start"]),
        attention_norm=norms("input_layernorm"),
        attention_in=stacked(*(f"self_attn.{n}_proj.weight" for n in "qkv")),
        attention_out=stacked("self_attn.o_proj.weight"),
        unit_norm=norms("post_attention_layernorm"),
        unit_in=stacked("mlp.gate_proj.weight", "mlp.up_proj.weight"),
        unit_out=stacked("mlp.down_proj.weight"),
        last_norm=_in_order(state[f"{backbone}.decoder.norm.weight"]),
        cosine=cosine,
        sine=sine,
        epsilon=np.float32(_EPSILON),
        heads=architecture.heads,
    )


def lay_out(state: Mapping[str, Float], architecture: Architecture) -> ServedWeights:
    """Arrange what stands on the backbones of a ``ProfileModel``, by its state dictionary.

    Raises:
        KeyError: a parameter is missing.
    """

    def across(name: str) -> Float:
        return _in_order(state[name].T)

    field = np.exp(state["field_weight"] - state["field_weight"].max())
    return ServedWeights(
        offsets=_offsets(),
        slot_table=_in_order(state["readout.tokens.table.weight"]),
        slot_key=across("readout.key.weight"),
        slot_bias=_in_order(state["readout.key.bias"]),
        readout_heads=architecture.readout_heads,
        found_to_logits=across("readout.out.weight"),
        logits_to_found=_in_order(state["readout.out.weight"]),
        start_prompt=_in_order(state["readout.start"]),
        projection=across("field_heads.projection.weight"),
        bias=_in_order(state["field_heads.projection.bias"]),
        step_size=_in_order(np.exp(state["steps.log_size"])),
        shrinkage=_in_order(1 / (1 + np.exp(-state["steps.shrink"]))),
        field_weight=_in_order(field / field.sum()),
        feature_mean=_in_order(state["risk.mean"]),
        feature_scale=_in_order(state["risk.scale"]),
        told_mean=_in_order(state["risk.told_mean"]),
        told_scale=_in_order(state["risk.told_scale"]),
        risk_inner=across("risk.inner.weight"),
        risk_inner_bias=_in_order(state["risk.inner.bias"]),
        risk_outer=_in_order(state["risk.outer.weight"][0]),
        risk_outer_bias=np.float32(state["risk.outer.bias"][0]),
    )


def _offsets() -> npt.NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(CARDINALITIES)]).astype(np.int64)


def _rotary(head: int) -> tuple[Float, Float]:
    """Cosine and signed sine of Llama's rotary embedding (Su et al. 2021), [positions, head]."""
    turn = _ROTARY_BASE ** (-np.arange(0, head, 2) / head)
    angle = np.outer(np.arange(WINDOW + 2), turn)
    cosine, sine = np.cos(angle), np.sin(angle)
    return (
        _in_order(np.concatenate([cosine, cosine], axis=1)),
        _in_order(np.concatenate([-sine, sine], axis=1)),
    )


def _in_order(array: npt.NDArray[np.floating]) -> Float:
    return np.ascontiguousarray(array, np.float32)
