"""Payments and profiles as numbers: one code path for training, evaluation and stream."""

from pipeline.encoding.aggregates import FEATURES, N_FEATURES, OWN_HISTORY
from pipeline.encoding.columns import ObservationColumns, entity_key, repeat_key
from pipeline.encoding.encoder import Encoded, append, encode
from pipeline.encoding.fields import CARDINALITIES, FIELDS, N_FIELDS
from pipeline.encoding.history import WINDOW, Histories
from pipeline.encoding.language_state import state_told, states_heard
from pipeline.encoding.standing import STANDING_EVENTS
from pipeline.encoding.standing_book import StandingBook

__all__ = [
    "CARDINALITIES",
    "FEATURES",
    "FIELDS",
    "N_FEATURES",
    "N_FIELDS",
    "OWN_HISTORY",
    "STANDING_EVENTS",
    "WINDOW",
    "Encoded",
    "Histories",
    "ObservationColumns",
    "StandingBook",
    "append",
    "encode",
    "entity_key",
    "repeat_key",
    "state_told",
    "states_heard",
]
