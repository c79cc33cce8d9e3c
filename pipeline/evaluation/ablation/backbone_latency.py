"""How long one score and one adaptation take: batch 1, a full window, one CPU thread.

The own sizes are timed as they serve, by the compiled kernels; a language model by torch.
Both do the same work: a score reads history and event through the decoder and judges the
event; an adaptation reads the history, fits a prompt to all but the newest quarter, compares
it on that quarter, and fits one to all of it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from torch import Tensor

from pipeline.encoding import WINDOW
from pipeline.model.inner_loop import descend
from pipeline.model.profile_model import ProfileModel
from pipeline.model.sequences import CROP, Sequences, opening_crops
from pipeline.model.text_backbone import TextBackbone
from pipeline.scoring.speed import Latency

_WARM_UP: Final = 3
_FIT: Final = WINDOW * 3 // 4


@dataclass(frozen=True, slots=True)
class Latencies:
    """Of one score, one adaptation, and of the steps of an adaptation whose states are there."""

    score: Latency
    adaptation: Latency
    steps: Latency


def kernel_latency(model: ProfileModel, sequences: Sequences, calls: int) -> Latencies:
    """Of the compiled kernels.

    Args:
        model: with a backbone of the project's own.
        sequences: counterparties to draw full windows from; one of at least CROP events.
        calls: timed, each with another counterparty's history as far as there are some.
    """
    served = model.served()
    codes, features = _whole_crops(sequences)
    lengths, trusted = np.full(1, WINDOW), np.ones((1, WINDOW), np.bool_)
    prompts = served.start_prompts(1)

    def score(i: int) -> None:
        at = slice(i, i + 1)
        served.score(codes[at, :WINDOW], lengths, codes[at, WINDOW], features[at, WINDOW], prompts)

    def adapt(i: int) -> None:
        served.adapt(codes[i : i + 1, :WINDOW], lengths, prompts, trusted)

    states = served.states(codes[:, :WINDOW], np.full(len(codes), WINDOW))

    def steps(i: int) -> None:
        at = slice(i, i + 1)
        whole = np.zeros(1, np.bool_)
        served.adapt_states(states[at], codes[at, :WINDOW], trusted, whole, prompts)

    return Latencies(*(_timed(call, len(codes), calls) for call in (score, adapt, steps)))


def text_latency(
    model: ProfileModel, backbone: TextBackbone, sequences: Sequences, calls: int
) -> Latencies:
    """Of a language model in torch; arguments as in :func:`kernel_latency`.

    Args:
        model: whose heads read the states.
        backbone: standardised for that model, on the device to be timed.
        sequences: see there.
        calls: see there.
    """
    whole, features = _whole_crops(sequences)
    codes = torch.from_numpy(whole)
    start = model.start_prompts(1)

    def score(i: int) -> None:
        with torch.no_grad():
            states = backbone(codes[i : i + 1]).to("cpu")
            surprise = model.surprise(states, codes[i : i + 1].long(), start)[:, WINDOW]
            own = torch.from_numpy(features[i : i + 1, WINDOW])
            float(model.risk(model.risk.hidden(states[:, CROP], surprise, own)))

    def adapt(i: int) -> None:
        with torch.no_grad():
            states = backbone(codes[i : i + 1, :WINDOW]).to("cpu")
        _adapt(model, states, codes[i : i + 1, :WINDOW].long())

    with torch.no_grad():
        known = backbone(codes[:1, :WINDOW]).to("cpu")

    def steps(i: int) -> None:
        del i
        _adapt(model, known, codes[:1, :WINDOW].long())

    return Latencies(*(_timed(call, len(codes), calls) for call in (score, adapt, steps)))


def _adapt(model: ProfileModel, states: Tensor, codes: Tensor) -> Tensor:
    """The guarded inner loop of serving, by automatic differentiation."""
    start = model.readout.start.detach()
    weight = torch.softmax(model.field_weight.detach(), dim=0)

    def fitted(events: int) -> Tensor:
        def loss(prompts: Tensor) -> Tensor:
            surprise = model.surprise(states, codes, prompts)[:, :events]
            return (surprise * weight).sum((1, 2))

        return descend(start[None], start, loss, model.steps, torch.tensor([events]))

    candidate = fitted(_FIT)
    with torch.no_grad():
        old, new = (
            model.surprise(states, codes, prompts)[:, _FIT:].mean()
            for prompts in (start[None], candidate)
        )
    return fitted(WINDOW) if new < old else start[None]


def _whole_crops(sequences: Sequences) -> tuple[np.ndarray, np.ndarray]:
    """Codes and features of the opening crops that are full, [C, CROP, F] and [C, CROP, A]."""
    crops = opening_crops(sequences)
    rows = crops.rows[crops.length == CROP]
    return sequences.codes[rows], sequences.features[rows]


def _timed(call: Callable[[int], None], rows: int, calls: int) -> Latency:
    for i in range(_WARM_UP):
        call(i % rows)
    spent = []
    for i in range(calls):
        began, worked = time.perf_counter(), time.process_time()
        call(i % rows)
        spent.append((time.perf_counter() - began, time.process_time() - worked))
    return Latency.of(spent)
