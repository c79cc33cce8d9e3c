"""The model's arithmetic for serving, compiled: no operation is started, no row is padded.

At batches of a few short histories a framework spends its time on starting operations. Here
each row is one pass of compiled loops and small matrix products over what is new of it, so its
bits cannot depend on the rest of its batch. Every operation is rounded as it is written: a
compiler that may reorder sums or fuse products chooses anew wherever it optimises, and a
process that has compiled would then score otherwise than one that loads the same kernels from
the cache. The same arithmetic stands in :mod:`pipeline.model.profile_model` for training; a
test compares the two.
"""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
from numba import njit
from numba.core import types
from numba.extending import intrinsic

from pipeline.encoding import FEATURES
from pipeline.model.architecture import FEATURE_CLIP
from pipeline.model.key_values import POSITIONS, KeyValues
from pipeline.model.served_weights import DecoderWeights, ServedWeights

# Division as in numpy: a branch that raises on zero would keep loops from being vectorised.
_compiled = njit(nogil=True, cache=True, error_model="numpy")
_inlined = njit(inline="always")
_EVENTS_SEEN: Final = FEATURES.index("events_seen")
_CLIP: Final = np.float32(FEATURE_CLIP)
_POSITIONS: Final = POSITIONS
_TOGETHER: Final = 256
"""Positions that go through the layers at once: more would leave the processor's own cache."""
_ROWS: Final = 4
"""Rows that a matrix product takes at once: each loaded weight then serves four."""
_HELD_OUT_SHARE: Final = 4
"""One in so many of the own events, the newest, judges an adapted prompt."""


def _emit_fused(_typing: Any, x: Any, y: Any, z: Any) -> Any:
    """x * y + z of single-precision numbers, rounded once, whatever the compiler chooses."""

    def emit(_target: Any, builder: Any, _signature: Any, numbers: Any) -> Any:
        return builder.fma(*numbers)

    return types.float32(x, y, z), emit


_fused: Any = intrinsic(_emit_fused)


@_compiled
def states_of(
    w: DecoderWeights, memory: KeyValues, at: Any, codes: Any, lengths: Any, out: Any
) -> None:
    """States of N sequences: the Llama decoder over a start position and the events.

    A sequence is read from where it parts from the one that its place in memory holds. What is
    remembered was computed from the same events by the same code: it changes no bit.

    Args:
        w: weights of a backbone.
        memory: keys and values by place; holds these sequences afterwards.
        at: place of each sequence, [N].
        codes: [N, T, F], left-aligned.
        lengths: events of each sequence, [N].
        out: [N, up to T + 1, d], the last states of each sequence, in order; what a row's
            length leaves is not written. State t has read t events.
    """
    taken = np.zeros(len(memory.known), np.bool_)
    first = np.empty(len(codes), np.int64)
    begin = 0
    while begin < len(codes):
        end, positions = begin, 0
        # Sequences of one place take turns.
        while end < len(codes) and positions < _TOGETHER and not taken[at[end]]:
            taken[at[end]] = True
            first[end] = _known(memory, at[end], codes[end, : lengths[end]])
            positions += lengths[end] + 1 - first[end]
            end += 1
        part = slice(begin, end)
        _read(w, memory, at[part], codes[part], first[part], lengths[part], positions)
        for row in range(begin, end):
            taken[at[row]] = False
            count = min(lengths[row] + 1, out.shape[1])
            out[row, :count] = memory.states[at[row], lengths[row] + 1 - count : lengths[row] + 1]
        begin = end


@_compiled
def _known(memory: KeyValues, place: int, codes: Any) -> Any:
    """Positions in memory that have read nothing but what this sequence begins with."""
    held = memory.codes[place]
    most = min(memory.known[place], len(codes) + 1)
    for t in range(most - 1):
        for field in range(codes.shape[1]):
            if held[t, field] != codes[t, field]:
                return t + 1
    return most


@_compiled
def _read(
    w: DecoderWeights, memory: KeyValues, at: Any, codes: Any, first: Any, lengths: Any, m: int
) -> None:
    """Compute the m positions, from ``first`` to the length of each sequence, into memory."""
    width, unit = w.start_state.shape[0], w.unit_out.shape[1]
    # All positions of all rows, one below the other: weights are then read once a layer.
    x = np.empty((m, width), np.float32)
    normed = np.empty((m, width), np.float32)
    added = np.empty((m, width), np.float32)
    joined = np.empty((m, 3 * width), np.float32)
    gated = np.empty((m, 2 * unit), np.float32)
    opened = np.empty((m, unit), np.float32)
    begin = np.zeros(len(codes) + 1, np.int64)
    for row in range(len(codes)):
        begin[row + 1] = begin[row] + lengths[row] + 1 - first[row]
        for t in range(first[row], lengths[row] + 1):
            own = x[begin[row] + t - first[row]]
            if t == 0:
                own[:] = w.start_state
            else:
                own[:] = 0
                _add_codes(w.event_table, w.offsets, codes[row, t - 1], own)
                memory.codes[at[row], t - 1] = codes[row, t - 1]
    for layer in range(len(w.attention_in)):
        _norm(x, w.attention_norm[layer], w.epsilon, normed)
        _multiply(normed, w.attention_in[layer], joined)
        for row in range(len(codes)):
            part = slice(begin[row], begin[row + 1])
            keys, values = memory.keys[at[row], layer], memory.values[at[row], layer]
            _attend(w, joined[part], first[row], keys, values, normed[part])
        _multiply(normed, w.attention_out[layer], added)
        _add(x, added)
        _norm(x, w.unit_norm[layer], w.epsilon, normed)
        _multiply(normed, w.unit_in[layer], gated)
        for t in range(m):
            _open(gated[t, :unit], gated[t, unit:], opened[t])
        _multiply(opened, w.unit_out[layer], added)
        _add(x, added)
    _norm(x, w.last_norm, w.epsilon, x)
    for row in range(len(codes)):
        if first[row] <= lengths[row]:
            memory.states[at[row], first[row] : lengths[row] + 1] = x[begin[row] : begin[row + 1]]
            memory.known[at[row]] = lengths[row] + 1


@_compiled
def judge(
    w: ServedWeights,
    before: Any,
    last: Any,
    codes: Any,
    features: Any,
    prompts: Any,
    risk_state: Any,
    told: Any,
    logit: Any,
    surprise: Any,
) -> None:
    """Risk and surprise of N events.

    Args:
        w: weights.
        before: state of the language model that predicts the event, [N, d].
        last: codes of the event before it, [N, F]; zeros if there is none.
        codes: [N, F].
        features: [N, A], NaN where unknown.
        prompts: [N, P, d].
        risk_state: state of the risk backbone that has read the event, [N, d].
        told: state of the other side, [N, d], NaN where there is none.
        logit: written, log odds of risk, [N].
        surprise: written, nats, [N, F].
    """
    n, width = before.shape
    fields, known = codes.shape[1], w.feature_mean.shape[0]
    shares = np.empty((n, w.slot_bias.shape[0]), np.float32)
    found = np.empty((n, width), np.float32)
    _share(w, before, last, shares)
    for row in range(n):
        one = slice(row, row + 1)
        _find(shares[one], prompts[row], found[one])
    logits = np.empty((n, w.bias.shape[0]), np.float32)
    added = np.empty_like(logits)
    _multiply(before, w.projection, logits)
    _add_row(logits, w.bias)
    _multiply(found, w.found_to_logits, added)
    _add(logits, added)
    inputs = np.empty((n, w.risk_inner.shape[0]), np.float32)
    for row in range(n):
        _surprise(w.offsets, logits[row], codes[row], surprise[row])
        inputs[row, :width] = risk_state[row]
        inputs[row, width : width + fields] = surprise[row]
        at = width + fields
        for i in range(known):
            value = features[row, i]
            inputs[row, at + i] = _standardised(value, w.feature_mean[i], w.feature_scale[i])
            inputs[row, at + known + i] = np.isnan(value)
        at += 2 * known
        inputs[row, at] = np.log1p(features[row, _EVENTS_SEEN])
        for i in range(width):
            mean, scale = w.told_mean[i], w.told_scale[i]
            inputs[row, at + 1 + i] = _standardised(told[row, i], mean, scale)
        inputs[row, at + 1 + width] = np.isnan(told[row, 0])
    hidden = np.empty((n, w.risk_outer.shape[0]), np.float32)
    _multiply(inputs, w.risk_inner, hidden)
    for row in range(n):
        total = w.risk_outer_bias
        for i in range(hidden.shape[1]):
            h = hidden[row, i] + w.risk_inner_bias[i]
            total += np.float32(0.5 * h * (1 + math.erf(h * math.sqrt(0.5)))) * w.risk_outer[i]
        logit[row] = total


@_inlined
def _standardised(value: Any, mean: Any, scale: Any) -> Any:
    """A value in standard deviations, cut at _CLIP, 0 where unknown."""
    return np.float32(0) if np.isnan(value) else min(max((value - mean) / scale, -_CLIP), _CLIP)


@_compiled
def adapt(
    w: ServedWeights,
    states: Any,
    codes: Any,
    counted: Any,
    whole: Any,
    prompts: Any,
    accepted: Any,
    before: Any,
    after: Any,
) -> None:
    """Inner loop of N counterparties on the likelihood of their own events.

    A candidate is fitted to all counted events but the newest quarter (of a single event, to
    half of its fields) and judged by the loss on those; only if that falls, a prompt is
    fitted to all of them and taken.

    Args:
        w: weights.
        states: state t predicts event t, [N, at least T, d].
        codes: [N, T, F].
        counted: events that are targets, [N, T].
        whole: the states reach back to the first event: begin at the start prompt, [N].
        prompts: present ones, [N, P, d]; replaced where accepted.
        accepted: written, [N].
        before: written, mean held-out loss of the present prompt, nats per field, [N].
        after: written, that of the candidate, [N].
    """
    width, length, fields = states.shape[2], codes.shape[1], codes.shape[2]
    own = np.empty((length, width), np.float32)
    last = np.zeros((length, fields), codes.dtype)
    shares = np.empty((length, w.slot_bias.shape[0]), np.float32)
    logits = np.empty((length, w.bias.shape[0]), np.float32)
    targets = np.empty((length, fields), codes.dtype)
    every, odd, even = w.field_weight, w.field_weight.copy(), w.field_weight.copy()
    odd[::2] = 0
    even[1::2] = 0
    for row in range(len(codes)):
        m = 0
        for t in range(length):
            if counted[row, t]:
                own[m] = states[row, t]
                targets[m] = codes[row, t]
                last[m] = 0
                if t > 0:
                    last[m] = codes[row, t - 1]
                m += 1
        accepted[row] = False
        before[row] = after[row] = 0
        if m == 0:
            continue
        _share(w, own[:m], last[:m], shares[:m])
        _multiply(own[:m], w.projection, logits[:m])
        _add_row(logits[:m], w.bias)
        held = (m + _HELD_OUT_SHARE - 1) // _HELD_OUT_SHARE
        first, fit_by, judge_by = m - held, every, every
        if m == 1:
            first, fit_by, judge_by = 0, even, odd
        fit = max(first, 1)
        begin = w.start_prompt if whole[row] else prompts[row]
        candidate = begin.copy()
        _descend(w, shares[:fit], logits[:fit], targets[:fit], fit_by, candidate)
        old = _loss(w, shares[first:m], logits[first:m], targets[first:m], judge_by, prompts[row])
        new = _loss(w, shares[first:m], logits[first:m], targets[first:m], judge_by, candidate)
        before[row], after[row] = old, new
        if new < old:
            final = begin.copy()
            _descend(w, shares[:m], logits[:m], targets[:m], every, final)
            prompts[row] = final
            accepted[row] = True


@_compiled
def _descend(
    w: ServedWeights, shares: Any, base: Any, codes: Any, weight: Any, prompt: Any
) -> None:
    """Take all inner steps on the summed loss of these events, in place."""
    m = len(shares)
    vectors, width = prompt.shape
    heads = w.readout_heads
    size = width // heads
    found = np.empty((m, width), np.float32)
    logits = np.empty_like(base)
    gradient = np.empty_like(prompt)
    rate = np.float32(1 / math.sqrt(1 + m))
    for step in range(len(w.step_size)):
        _find(shares, prompt, found)
        _multiply(found, w.found_to_logits, logits)
        _add(logits, base)
        for t in range(m):
            _pull(w.offsets, logits[t], codes[t], weight)
        _multiply(logits, w.logits_to_found, found)
        gradient[:] = 0
        for t in range(m):
            for head in range(heads):
                for p in range(vectors):
                    share = shares[t, head * vectors + p]
                    for i in range(head * size, (head + 1) * size):
                        gradient[p, i] = _fused(share, found[t, i], gradient[p, i])
        for p in range(vectors):
            for i in range(width):
                moved = prompt[p, i] - rate * w.step_size[step, p, i] * gradient[p, i]
                prompt[p, i] = moved + w.shrinkage[step] * (w.start_prompt[p, i] - moved)


@_compiled
def _loss(w: ServedWeights, shares: Any, base: Any, codes: Any, chosen: Any, prompt: Any) -> Any:
    """Mean surprise of the fields with a weight in these events."""
    m = len(shares)
    found = np.empty((m, prompt.shape[1]), np.float32)
    logits = np.empty_like(base)
    _find(shares, prompt, found)
    _multiply(found, w.found_to_logits, logits)
    _add(logits, base)
    surprise = np.empty(codes.shape[1], np.float32)
    total, cells = np.float32(0), 0
    for t in range(m):
        _surprise(w.offsets, logits[t], codes[t], surprise)
        for field in range(len(surprise)):
            if chosen[field] > 0:
                total += surprise[field]
                cells += 1
    return total / cells


@_compiled
def _share(w: ServedWeights, states: Any, last: Any, shares: Any) -> None:
    """Attention of states to prompt vectors, [m, heads P], from the events they read last."""
    vectors = shares.shape[1] // w.readout_heads
    _multiply(states, w.slot_key, shares)
    _add_row(shares, w.slot_bias)
    for t in range(len(states)):
        _add_codes(w.slot_table, w.offsets, last[t], shares[t])
        for begin in range(0, shares.shape[1], vectors):
            _softmax(shares[t, begin : begin + vectors])


@_compiled
def _find(shares: Any, prompt: Any, found: Any) -> None:
    """What states with these shares find in one prompt, [m, d]."""
    m, width = found.shape
    vectors = len(prompt)
    heads = shares.shape[1] // vectors
    size = width // heads
    for t in range(m):
        for head in range(heads):
            begin, end = head * size, (head + 1) * size
            for i in range(begin, end):
                found[t, i] = 0
            for p in range(vectors):
                share = shares[t, head * vectors + p]
                for i in range(begin, end):
                    found[t, i] = _fused(share, prompt[p, i], found[t, i])


@_compiled
def _attend(
    w: DecoderWeights, joined: Any, first: int, keys: Any, values: Any, merged: Any
) -> None:
    """Causal attention of m positions from ``first`` on, with rotary embedding.

    Args:
        w: weights.
        joined: queries, keys and values, [m, 3 d].
        first: position of the first row.
        keys: [d, positions], rotated; those of the m are written.
        values: [positions, d]; likewise.
        merged: written, [m, d].
    """
    m, width = merged.shape
    size = width // w.heads
    scale = np.float32(1 / math.sqrt(size))
    query, key = np.empty(width, np.float32), np.empty(width, np.float32)
    share = np.empty((w.heads, _POSITIONS), np.float32)
    for t in range(m):
        position = first + t
        _rotate(w, position, joined[t, :width], query)
        _rotate(w, position, joined[t, width : 2 * width], key)
        for i in range(width):
            query[i] *= scale
            keys[i, position] = key[i]
        values[position] = joined[t, 2 * width :]
        for head in range(w.heads):
            begin, end = head * size, (head + 1) * size
            _products(query[begin:end], keys[begin:end], share[head])
            _softmax(share[head, : position + 1])
        merged[t] = 0
        for s in range(position + 1):
            for head in range(w.heads):
                begin, end = head * size, (head + 1) * size
                part, value, found = share[head, s], values[s, begin:end], merged[t, begin:end]
                for i in range(size):
                    found[i] = _fused(part, value[i], found[i])


@_compiled
def _rotate(w: DecoderWeights, position: int, x: Any, out: Any) -> None:
    """Rotary embedding of a position's query or key, head by head."""
    size = len(x) // w.heads
    half = size // 2
    cosine, sine = w.cosine[position], w.sine[position]
    for begin in range(0, len(x), size):
        low, high = x[begin : begin + half], x[begin + half : begin + size]
        low_out, high_out = out[begin : begin + half], out[begin + half : begin + size]
        for i in range(half):
            low_out[i] = low[i] * cosine[i] + high[i] * sine[i]
            high_out[i] = high[i] * cosine[half + i] + low[i] * sine[half + i]


@_compiled
def _products(query: Any, keys: Any, out: Any) -> None:
    """A query's products with all keys, [positions]; where there is no key yet, anything."""
    # A number of columns that compilation knows: the loop becomes a few instructions.
    for s in range(_POSITIONS):
        out[s] = 0
    for i in range(0, len(query), 2):
        q0, q1, k0, k1 = query[i], query[i + 1], keys[i], keys[i + 1]
        for s in range(_POSITIONS):
            out[s] = _fused(q1, k1[s], _fused(q0, k0[s], out[s]))


@_compiled
def _surprise(offsets: Any, logits: Any, codes: Any, out: Any) -> None:
    """Negative log likelihood of each field's code; logits are overwritten."""
    for field in range(len(codes)):
        own = logits[offsets[field] : offsets[field + 1]]
        chosen, largest = own[codes[field]], _largest(own)
        out[field] = np.log(_exponentials(own, largest)) + largest - chosen


@_compiled
def _pull(offsets: Any, logits: Any, codes: Any, weight: Any) -> None:
    """Turn logits into the gradient of the weighted loss in them."""
    for field in range(len(codes)):
        own = logits[offsets[field] : offsets[field + 1]]
        scale = weight[field] / _exponentials(own, _largest(own))
        for i in range(len(own)):
            own[i] *= scale
        own[codes[field]] -= weight[field]


@_compiled
def _softmax(scores: Any) -> None:
    """Replace scores by their softmax."""
    scale = np.float32(1) / _exponentials(scores, _largest(scores))
    for i in range(len(scores)):
        scores[i] *= scale


@_compiled
def _largest(scores: Any) -> Any:
    largest = scores[0]
    for i in range(1, len(scores)):
        largest = max(largest, scores[i])
    return largest


@_compiled
def _exponentials(scores: Any, largest: Any) -> Any:
    """Replace scores by their exponentials; returns the sum."""
    for i in range(len(scores)):
        scores[i] = _exp(scores[i] - largest)
    return _sum(scores)


@_compiled
def _sum(x: Any) -> Any:
    """Sum of a vector, in four sums side by side."""
    whole = len(x) // 4 * 4
    s0 = s1 = s2 = s3 = np.float32(0)
    for i in range(0, whole, 4):
        s0 += x[i]
        s1 += x[i + 1]
        s2 += x[i + 2]
        s3 += x[i + 3]
    for i in range(whole, len(x)):
        s0 += x[i]
    return (s0 + s1) + (s2 + s3)


@_compiled
def _open(gate: Any, value: Any, out: Any) -> None:
    """Values behind their gates: SwiGLU (Shazeer 2020)."""
    for i in range(len(out)):
        out[i] = gate[i] / (np.float32(1) + _exp(-gate[i])) * value[i]


@_inlined
def _exp(x: Any) -> Any:
    """Exponential to one unit in the last place, without a call: loops over it are vectorised.

    Reduction and polynomial are those of Cephes' expf (Moshier 1992).
    """
    bounded = min(max(x, np.float32(-87.3)), np.float32(88.3))
    power = np.floor(bounded * np.float32(1.44269504) + np.float32(0.5))
    rest = _fused(power, np.float32(-0.693359375), bounded)
    rest = _fused(power, np.float32(2.12194440e-4), rest)
    series = np.float32(1.9875691500e-4)
    series = _fused(series, rest, np.float32(1.3981999507e-3))
    series = _fused(series, rest, np.float32(8.3334519073e-3))
    series = _fused(series, rest, np.float32(4.1665795894e-2))
    series = _fused(series, rest, np.float32(1.6666665459e-1))
    series = _fused(series, rest, np.float32(5.0000001201e-1))
    series = _fused(series, rest * rest, rest) + np.float32(1)
    exponent = np.int32((np.int32(power) + np.int32(127)) << np.int32(23))
    return series * exponent.view(np.float32)


@_compiled
def _norm(x: Any, weight: Any, epsilon: Any, out: Any) -> None:
    """Root-mean-square norm of each row."""
    width = x.shape[1]
    for t in range(len(x)):
        scale = np.float32(1) / np.sqrt(_square(x[t]) / np.float32(width) + epsilon)
        for i in range(width):
            out[t, i] = x[t, i] * scale * weight[i]


@_compiled
def _square(x: Any) -> Any:
    """Sum of squares of a vector, in four sums side by side."""
    whole = len(x) // 4 * 4
    s0 = s1 = s2 = s3 = np.float32(0)
    for i in range(0, whole, 4):
        s0 = _fused(x[i], x[i], s0)
        s1 = _fused(x[i + 1], x[i + 1], s1)
        s2 = _fused(x[i + 2], x[i + 2], s2)
        s3 = _fused(x[i + 3], x[i + 3], s3)
    for i in range(whole, len(x)):
        s0 = _fused(x[i], x[i], s0)
    return (s0 + s1) + (s2 + s3)


@_compiled
def _add_codes(table: Any, offsets: Any, codes: Any, out: Any) -> None:
    for field in range(len(codes)):
        entry = table[offsets[field] + codes[field]]
        for i in range(len(out)):
            out[i] += entry[i]


@_compiled
def _multiply(x: Any, matrix: Any, out: Any) -> None:
    """Write x @ matrix; every row in one order of summation, whatever the rows beside it."""
    whole = len(x) // _ROWS * _ROWS
    for row in range(0, whole, _ROWS):
        _multiply_rows(x[row : row + _ROWS], matrix, out[row : row + _ROWS])
    for row in range(whole, len(x)):
        _multiply_row(x[row], matrix, out[row])


@_compiled
def _multiply_rows(x: Any, matrix: Any, out: Any) -> None:
    """Four rows at once, each summed as :func:`_multiply_row` sums it."""
    a, b, c, d = out[0], out[1], out[2], out[3]
    columns, depth = len(a), len(matrix)
    whole = depth // 4 * 4
    for j in range(columns):
        a[j] = b[j] = c[j] = d[j] = 0
    for k in range(0, whole, 4):
        a0, a1, a2, a3 = x[0, k], x[0, k + 1], x[0, k + 2], x[0, k + 3]
        b0, b1, b2, b3 = x[1, k], x[1, k + 1], x[1, k + 2], x[1, k + 3]
        c0, c1, c2, c3 = x[2, k], x[2, k + 1], x[2, k + 2], x[2, k + 3]
        d0, d1, d2, d3 = x[3, k], x[3, k + 1], x[3, k + 2], x[3, k + 3]
        m0, m1, m2, m3 = matrix[k], matrix[k + 1], matrix[k + 2], matrix[k + 3]
        for j in range(columns):
            w0, w1, w2, w3 = m0[j], m1[j], m2[j], m3[j]
            a[j] = _four(a[j], a0, a1, a2, a3, w0, w1, w2, w3)
            b[j] = _four(b[j], b0, b1, b2, b3, w0, w1, w2, w3)
            c[j] = _four(c[j], c0, c1, c2, c3, w0, w1, w2, w3)
            d[j] = _four(d[j], d0, d1, d2, d3, w0, w1, w2, w3)
    for k in range(whole, depth):
        a0, b0, c0, d0, m0 = x[0, k], x[1, k], x[2, k], x[3, k], matrix[k]
        for j in range(columns):
            a[j] = _fused(a0, m0[j], a[j])
            b[j] = _fused(b0, m0[j], b[j])
            c[j] = _fused(c0, m0[j], c[j])
            d[j] = _fused(d0, m0[j], d[j])


@_inlined
def _four(
    total: Any, x0: Any, x1: Any, x2: Any, x3: Any, w0: Any, w1: Any, w2: Any, w3: Any
) -> Any:
    """The total with four products added, one after the other."""
    return _fused(x3, w3, _fused(x2, w2, _fused(x1, w1, _fused(x0, w0, total))))


@_compiled
def _multiply_row(x: Any, matrix: Any, out: Any) -> None:
    columns, depth = len(out), len(matrix)
    whole = depth // 4 * 4
    for j in range(columns):
        out[j] = 0
    for k in range(0, whole, 4):
        x0, x1, x2, x3 = x[k], x[k + 1], x[k + 2], x[k + 3]
        m0, m1, m2, m3 = matrix[k], matrix[k + 1], matrix[k + 2], matrix[k + 3]
        for j in range(columns):
            out[j] = _four(out[j], x0, x1, x2, x3, m0[j], m1[j], m2[j], m3[j])
    for k in range(whole, depth):
        x0, m0 = x[k], matrix[k]
        for j in range(columns):
            out[j] = _fused(x0, m0[j], out[j])


@_compiled
def _add(x: Any, more: Any) -> None:
    for t in range(len(x)):
        for i in range(x.shape[1]):
            x[t, i] += more[t, i]


@_compiled
def _add_row(x: Any, row: Any) -> None:
    for t in range(len(x)):
        for i in range(x.shape[1]):
            x[t, i] += row[i]
