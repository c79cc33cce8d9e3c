"""A payment and a profile become numbers, here and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from numba import njit

from pipeline.encoding.aggregates import accumulate, domestic, features
from pipeline.encoding.codes import REGION_OF_COUNTRY
from pipeline.encoding.columns import ObservationColumns
from pipeline.encoding.fields import FIELDS, N_FIELDS
from pipeline.encoding.history import Histories
from pipeline.encoding.relations import RELATIONS, Relations, relate
from pipeline.encoding.standing import advance

_CATEGORICAL: Final = [(i, f.name) for i, f in enumerate(FIELDS) if f.relation is None]
_BINNED: Final = np.array([i for i, f in enumerate(FIELDS) if f.relation is not None])
_RELATION: Final = np.array([RELATIONS.index(f.relation) for f in FIELDS if f.relation is not None])
_EDGES: Final = np.array([edge for f in FIELDS if f.relation is not None for edge in f.edges])
_EDGES_BEGIN: Final = np.cumsum([0, *(len(f.edges) for f in FIELDS if f.relation is not None)])


@dataclass(frozen=True, slots=True)
class Encoded:
    """What the model reads of N events, before they enter their histories."""

    codes: npt.NDArray[np.int16]
    """Field codes, [N, N_FIELDS]."""
    features: npt.NDArray[np.float32]
    """Features for LightGBM, [N, N_FEATURES]."""
    relations: Relations


def encode(
    columns: ObservationColumns, histories: Histories, slots: npt.NDArray[np.intp]
) -> Encoded:
    """Encode N new events against the histories of their slots. Reads only.

    Args:
        columns: the events.
        histories: the memory of all slots.
        slots: slot of each event, [N]. At most one event a slot and call; a second event of
            an entity needs the first one appended before.
    """
    relations = relate(columns, histories, slots)
    codes = encode_fields(columns, relations)
    return Encoded(codes, features(columns, relations, histories, slots), relations)


def append(
    columns: ObservationColumns,
    encoded: Encoded,
    histories: Histories,
    slots: npt.NDArray[np.intp],
) -> None:
    """Put encoded events into the histories of their slots, which must be distinct."""
    accumulate(columns, encoded.relations, histories, slots)
    advance(histories.standing, slots, columns.for_standing())
    relations = encoded.relations
    histories.remember(columns, encoded.codes, relations["log_amount"], relations["hour"], slots)


def encode_fields(columns: ObservationColumns, relations: Relations) -> npt.NDArray[np.int16]:
    """Codes of every field of N events, [N, N_FIELDS]."""
    categorical = {
        "weekday": relations.weekday,
        "role": columns.role,
        "message_type": columns.message_type,
        "local_instrument": columns.local_instrument,
        "purpose": columns.purpose,
        "own_region": REGION_OF_COUNTRY[columns.own_country],
        "other_region": REGION_OF_COUNTRY[columns.other_country],
        "domestic": domestic(columns),
    }
    codes = np.empty((len(columns), N_FIELDS), np.int16)
    for i, name in _CATEGORICAL:
        codes[:, i] = categorical[name]
    _cut(relations.values, codes)
    return codes


@njit(nogil=True, cache=True)
def _cut(values: Any, codes: Any) -> None:
    """Write the binned fields: 0 for NaN, else one more than the edges at or below."""
    for row in range(len(values)):
        for i in range(len(_BINNED)):
            value = values[row, _RELATION[i]]
            code = 0
            if not np.isnan(value):
                code = 1
                for edge in range(_EDGES_BEGIN[i], _EDGES_BEGIN[i + 1]):
                    code += value >= _EDGES[edge]
            codes[row, _BINNED[i]] = code
