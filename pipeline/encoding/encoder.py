"""A payment and a profile become numbers, here and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.encoding.aggregates import accumulate, domestic, features
from pipeline.encoding.codes import REGION_OF_COUNTRY
from pipeline.encoding.columns import ObservationColumns
from pipeline.encoding.fields import FIELDS, N_FIELDS
from pipeline.encoding.history import Histories
from pipeline.encoding.relations import Relations, relate


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
    for i, field in enumerate(FIELDS):
        if field.relation is None:
            codes[:, i] = categorical[field.name]
        else:
            value = relations[field.relation]
            bins = 1 + np.searchsorted(field.edges, value, side="right")
            codes[:, i] = np.where(np.isnan(value), 0, bins)
    return codes
