"""What decoders remember of the sequences that they have read: a key-value cache."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from pipeline.encoding import N_FIELDS, WINDOW
from pipeline.model.architecture import Architecture

Float = npt.NDArray[np.float32]

POSITIONS: Final = WINDOW + 2
"""The start, a full window, and the event that is scored."""


class KeyValues(NamedTuple):
    """One sequence a place, in one decoder. A place is valid as far as ``codes`` agree."""

    codes: npt.NDArray[np.int16]
    """Events that were read, [M, POSITIONS - 1, F]."""
    known: npt.NDArray[np.int64]
    """Positions that are held, the start included, [M]."""
    keys: Float
    """Rotated, [M, layers, d, POSITIONS]."""
    values: Float
    """[M, layers, POSITIONS, d]."""
    states: Float
    """Behind the last layer, [M, POSITIONS, d]."""

    @classmethod
    def empty(cls, places: int, architecture: Architecture) -> KeyValues:
        """Room for so many sequences; memory is taken as places are used."""
        layers, width = architecture.layers, architecture.width
        return cls(
            codes=np.empty((places, POSITIONS - 1, N_FIELDS), np.int16),
            known=np.zeros(places, np.int64),
            keys=np.empty((places, layers, width, POSITIONS), np.float32),
            values=np.empty((places, layers, POSITIONS, width), np.float32),
            states=np.empty((places, POSITIONS, width), np.float32),
        )


@dataclass(frozen=True, slots=True)
class ContextMemory:
    """Contexts as both backbones have read them.

    A place never has to be emptied: what it holds is used only as far as it is what is asked
    for, and then has the bits that reading again would give.
    """

    language: KeyValues
    risk: KeyValues

    @classmethod
    def empty(cls, places: int, architecture: Architecture) -> ContextMemory:
        """Room for so many contexts."""
        return cls(KeyValues.empty(places, architecture), KeyValues.empty(places, architecture))

    def __len__(self) -> int:
        return len(self.language.known)
