"""What the language model makes of the other sides, for payments that are read as a whole.

In service every profile tells its state with its standing; here the same states are computed
for all events of all counterparties, and each payment is given the other side's newest one.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt

from pipeline.encoding import WINDOW
from pipeline.encoding.language_state import States
from pipeline.model.sequences import NOBODY, Crops, Sequences, crops_at
from pipeline.model.served_model import STRIDE, ServedModel

_PASS: Final = 256


def read_others(sequences: Sequences, model: ServedModel) -> Sequences:
    """The same sequences, each event with the state of its other side.

    Args:
        sequences: as encoded, with all counterparties.
        model: whose language model reads them.
    """
    told = states_after(sequences, model)[sequences.other]
    told[sequences.other == NOBODY] = np.nan
    return replace(sequences, told=told)


def states_after(sequences: Sequences, model: ServedModel) -> States:
    """States after each event, [N, d], in the contexts that the stream scores them in."""
    states = np.empty((len(sequences.risky), model.architecture.width), np.float16)
    crops, begin = _contexts(sequences)
    for first in range(0, len(crops), _PASS):
        chosen = np.arange(first, min(first + _PASS, len(crops)))
        some = crops.take(chosen)
        read = model.states(sequences.codes[some.rows], some.length)[:, 1:]
        scored = some.real & (np.arange(read.shape[1]) >= begin[chosen, None])
        states[some.rows[scored]] = read[scored]
    return states


def _contexts(sequences: Sequences) -> tuple[Crops, npt.NDArray[np.int64]]:
    """Crops that cover every event once, each from its place ``begin`` on."""
    owner, offset = [np.arange(len(sequences))], [np.zeros(len(sequences), np.int64)]
    longest = int(sequences.length.max(initial=0))
    for moved in range(STRIDE, longest, STRIDE):
        # A context that has moved on first scores the event behind what the last one held.
        longer = np.flatnonzero(sequences.length > moved + WINDOW - STRIDE + 1)
        owner.append(longer)
        offset.append(np.full(len(longer), moved))
    owners, offsets = np.concatenate(owner), np.concatenate(offset)
    begin = np.where(offsets > 0, WINDOW - STRIDE + 1, 0)
    return crops_at(sequences, owners, offsets), begin
