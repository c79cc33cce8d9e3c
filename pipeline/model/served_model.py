"""The model as it serves: arrays in, arrays out, parameters frozen."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Final

import numpy as np
import numpy.typing as npt

from pipeline.encoding import N_FIELDS, WINDOW
from pipeline.model import kernels
from pipeline.model.architecture import Architecture
from pipeline.model.key_values import ContextMemory, KeyValues
from pipeline.model.served_weights import (
    DecoderWeights,
    ServedWeights,
    lay_out,
    lay_out_decoder,
)

Float = npt.NDArray[np.float32]
Codes = npt.NDArray[np.int16]
Counts = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

STRIDE: Final = 8
"""Events by which the context of a score moves on, once it has moved off the first event."""


@dataclass(frozen=True, slots=True)
class RiskOutput:
    """What the model says about N events."""

    logit: Float
    """Log odds of risk, [N]; not calibrated."""
    surprise: Float
    """Negative log likelihood of each field before the event came, [N, F], in nats."""


@dataclass(frozen=True, slots=True)
class Adapted:
    """Prompts after the inner loop."""

    prompts: Float
    """[N, P, d]; the old ones in rows that were not accepted."""
    accepted: Mask
    """Whether the loss on held-out own events fell, [N]."""
    loss_before: Float
    """Loss of the old prompts on the held-out events, nats per field, [N]."""
    loss_after: Float
    """Loss of the candidate on the same events, [N]."""


class ServedModel:
    """Scores events in the context of their history and adapts prompts to it.

    Rows never mix: a row's bits do not depend on the rest of its batch.

    Attributes:
        architecture: sizes.
        state: parameters by the names that training gives them.
        prompt_weight: share of the way from the start to a counterparty's prompt at which its
            events are judged.
        language_model: digest of the language model's weights: only models of one digest
            understand each other's states.
    """

    def __init__(
        self, state: Mapping[str, Float], architecture: Architecture, prompt_weight: float = 1.0
    ) -> None:
        self.architecture = architecture
        self.state = dict(state)
        self.prompt_weight = prompt_weight
        self._weights: ServedWeights = lay_out(state, architecture)
        self._language = lay_out_decoder(state, architecture, "backbone")
        self._risk = lay_out_decoder(state, architecture, "risk_backbone")
        self.language_model = _digest(state, "backbone.")

    def start_prompts(self, n: int) -> Float:
        """The meta-learned start for n counterparties, [n, P, d]."""
        return np.tile(self._weights.start_prompt, (n, 1, 1))

    def states(self, codes: Codes, lengths: Counts) -> Float:
        """States of N sequences in the language model, prompts not yet read.

        Args:
            codes: [N, T, F], left-aligned.
            lengths: events in each, [N].

        Returns:
            [N, T + 1, d]; state t has read t events and predicts the next one. Zero behind
            a row's own length.
        """
        memory = KeyValues.empty(len(codes), self.architecture)
        return _decode(self._language, memory, np.arange(len(codes)), codes, lengths)

    def risk_states(self, codes: Codes, lengths: Counts) -> Float:
        """The same in the risk backbone: what the risk head reads of a history."""
        memory = KeyValues.empty(len(codes), self.architecture)
        return _decode(self._risk, memory, np.arange(len(codes)), codes, lengths)

    def memory(self, places: int) -> ContextMemory:
        """An empty memory for :meth:`score`."""
        return ContextMemory.empty(places, self.architecture)

    def judge(
        self,
        before: Float,
        last: Codes,
        codes: Codes,
        features: Float,
        prompts: Float,
        risk_state: Float,
        told: Float | None = None,
    ) -> RiskOutput:
        """Judge N events by the states around them.

        Args:
            before: state of the language model that predicts the event, [N, d].
            last: codes of the event before, zeros if there is none, [N, F].
            codes: [N, F].
            features: [N, A], NaN where unknown.
            prompts: [N, P, d].
            risk_state: state of the risk backbone that has read the event, [N, d].
            told: the language model's states of the other sides, [N, d], NaN where there is
                none; None: nowhere.
        """
        n = len(codes)
        if told is None:
            told = np.full_like(before, np.nan)
        output = RiskOutput(np.empty(n, np.float32), np.empty((n, N_FIELDS), np.float32))
        start = self._weights.start_prompt
        weighed = start + np.float32(self.prompt_weight) * (prompts - start)
        arrays = (before, last, codes, features, weighed, risk_state, told)
        in_order = tuple(np.ascontiguousarray(array) for array in arrays)
        results = (output.logit, output.surprise)
        kernels.judge(self._weights, *in_order, *results)  # type: ignore[call-arg]
        return output

    def score(
        self,
        window: Codes,
        lengths: Counts,
        codes: Codes,
        features: Float,
        prompts: Float,
        memory: ContextMemory | None = None,
        places: Counts | None = None,
        told: Float | None = None,
    ) -> tuple[RiskOutput, Float]:
        """Score N events, each in the context of its entity's history.

        Args:
            window: codes of the last events, oldest first, left-aligned, [N, WINDOW, F].
            lengths: events in each window, [N]; 0 gives the zero-history score.
            codes: codes of the new events, [N, F].
            features: features of the new events, [N, A], NaN where unknown.
            prompts: [N, P, d]; pass :meth:`start_prompts` for the unadapted score (K = 0).
            memory: of contexts read before; changes the time that a score takes, not the score.
            places: where in the memory each row's context is, or is to be, [N].
            told: states of the other sides, as :meth:`judge` takes them.

        Returns:
            The output, and the language model's states of history and event,
            [N, WINDOW + 2, d].
        """
        rows = np.arange(len(codes))
        if memory is None or places is None:
            memory, places = self.memory(len(codes)), rows
        sequence = np.concatenate([window, np.zeros_like(window[:, :1])], axis=1)
        sequence[rows, lengths] = codes
        states = _decode(self._language, memory.language, places, sequence, lengths + 1)
        last = np.where(lengths[:, None] > 0, sequence[rows, lengths - 1], 0).astype(codes.dtype)
        read = _decode(self._risk, memory.risk, places, sequence, lengths + 1, last=1)[:, 0]
        before = states[rows, lengths]
        return self.judge(before, last, codes, features, prompts, read, told), states

    def adapt_states(
        self, states: Float, codes: Codes, counted: Mask, whole: Mask, prompts: Float
    ) -> Adapted:
        """Take all inner steps on the own events whose states are there already.

        Args:
            states: state t predicts event t, [N, at least T, d].
            codes: [N, T, F].
            counted: events to learn from, [N, T].
            whole: whether the sequence begins with the entity's first event, [N].
            prompts: present ones, [N, P, d]. Where the history is whole the loop begins at
                the start prompt; else it goes on from the present one, which remembers what
                the window forgot.
        """
        n = len(codes)
        adapted = Adapted(
            prompts.copy(), np.empty(n, np.bool_), np.empty(n, np.float32), np.empty(n, np.float32)
        )
        arrays = (states, codes, counted, whole)
        in_order = [np.ascontiguousarray(array) for array in arrays]
        kernels.adapt(
            self._weights, *in_order, *(getattr(adapted, f.name) for f in fields(adapted))
        )
        return adapted

    def adapt(self, window: Codes, lengths: Counts, prompts: Float, trusted: Mask) -> Adapted:
        """Adapt prompts to the own history by K inner steps on its next-event likelihood.

        Args:
            window: [N, WINDOW, F], left-aligned.
            lengths: [N].
            prompts: present prompts, [N, P, d].
            trusted: which events of the window may be learned from, [N, WINDOW].
        """
        counted = targets(lengths) & trusted
        states = self.states(window, lengths)
        return self.adapt_states(states, window, counted, lengths < WINDOW, prompts)


def _decode(
    weights: DecoderWeights,
    memory: KeyValues,
    places: Counts,
    codes: Codes,
    lengths: Counts,
    last: int | None = None,
) -> Float:
    """The last states of each sequence, all by default, [N, last, d]."""
    n, length, _ = codes.shape
    states = np.zeros((n, last or length + 1, weights.start_state.size), np.float32)
    kernels.states_of(weights, memory, places, np.ascontiguousarray(codes), lengths, states)
    return states


def _digest(state: Mapping[str, Float], part: str) -> str:
    digest = hashlib.blake2b(digest_size=6)
    for name in sorted(name for name in state if name.startswith(part)):
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(state[name]).tobytes())
    return digest.hexdigest()


def context_lengths(seen: Counts) -> Counts:
    """Events before the next one that its score reads, for counterparties with so many, [N].

    All of them while a window holds them. Then a context keeps its first event for STRIDE
    events, so that reading one more costs one position, and moves on by STRIDE. After every
    WINDOW events context and event are the whole window, whose states the inner loop needs.
    """
    moved = -(-np.maximum(seen - WINDOW, 0) // STRIDE) * STRIDE
    lengths: Counts = seen - moved
    return lengths


def targets(lengths: Counts) -> Mask:
    """Events of windows that have a true context, [N, WINDOW].

    A full window may have lost its beginning, so its first event has none.
    """
    position = np.arange(WINDOW)
    return (position < lengths[:, None]) & ((position > 0) | (lengths < WINDOW)[:, None])
