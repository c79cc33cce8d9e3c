"""The language model's state of an entity, as it is told to those that pay or are paid by it.

Numbers of a standing say how much an entity pays; its state says how. It is made without
labels, so that nothing that a head has learned of one counterparty reaches another's score.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from schemas.standing import LanguageState, Standing

_WIRE = np.dtype("<f2")

States = npt.NDArray[np.float16]


def state_told(state: States, language_model: str) -> LanguageState | None:
    """A state [d] as it is told; None for all zeros, which is no state."""
    if not state.any():
        return None
    return LanguageState.model_construct(
        language_model=language_model, values=state.astype(_WIRE).tobytes()
    )


def states_heard(
    standings: Sequence[Standing | None], language_model: str, width: int
) -> npt.NDArray[np.float32]:
    """States of the other sides of N payments, [N, width].

    Args:
        standings: of the other sides.
        language_model: digest of the one that may be understood.
        width: d.

    Returns:
        NaN where nothing was told, or by another language model, or of another width.
    """
    heard = np.full((len(standings), width), np.nan, np.float32)
    for row, standing in enumerate(standings):
        told = None if standing is None else standing.state
        if told is None or told.language_model != language_model:
            continue
        values = told.values
        if len(values) == width * _WIRE.itemsize:
            heard[row] = np.frombuffer(values, _WIRE)
    return heard
