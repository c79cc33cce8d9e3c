"""Payments and profiles as numbers: one code path for training, evaluation and stream."""

from pipeline.encoding.aggregates import FEATURES, N_FEATURES
from pipeline.encoding.columns import ObservationColumns, entity_key, repeat_key
from pipeline.encoding.encoder import Encoded, append, encode
from pipeline.encoding.fields import CARDINALITIES, FIELDS, N_FIELDS
from pipeline.encoding.history import WINDOW, Histories

__all__ = [
    "CARDINALITIES",
    "FEATURES",
    "FIELDS",
    "N_FEATURES",
    "N_FIELDS",
    "WINDOW",
    "Encoded",
    "Histories",
    "ObservationColumns",
    "append",
    "encode",
    "entity_key",
    "repeat_key",
]
