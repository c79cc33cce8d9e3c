"""The fields that the model sees of an event: small integers, never an id.

A binned field takes code 0 where its relation is missing and 1 + bin otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from pipeline.encoding.codes import LOCAL_INSTRUMENTS, MESSAGE_TYPES, PURPOSES, REGIONS

Kind = Literal["raw", "relational", "standing"]


@dataclass(frozen=True, slots=True)
class Field:
    """One field of an event.

    ``relation`` names the column of :class:`~pipeline.encoding.relations.Relations` that a
    binned field cuts at ``edges``; a categorical field has neither.
    """

    name: str
    kind: Kind
    cardinality: int
    relation: str | None = None
    edges: tuple[float, ...] = ()


def _categorical(name: str, cardinality: int) -> Field:
    return Field(name, "raw", cardinality)


def _binned(name: str, kind: Kind, edges: tuple[float, ...]) -> Field:
    return Field(name, kind, len(edges) + 2, name, edges)


def _logs(*values: float) -> tuple[float, ...]:
    return tuple(float(np.log(v)) for v in values)


def _log1ps(*values: float) -> tuple[float, ...]:
    return tuple(float(np.log1p(v)) for v in values)


_MINUTE, _HOUR, _DAY = 60.0, 3600.0, 86400.0
_AMOUNT_EDGES = tuple(float(x) for x in np.log(10) * np.arange(1.0, 9.01, 0.25))
_SPANS = _logs(2, 60, 300, 900, _HOUR, 3 * _HOUR, 6 * _HOUR, 12 * _HOUR, _DAY * 0.9, _DAY * 1.1)
_GAPS = (*_SPANS, *_logs(2.5 * _DAY, 6.5 * _DAY, 7.5 * _DAY, 15 * _DAY, 32 * _DAY))
_AGES = _logs(300, _HOUR, 6 * _HOUR, _DAY, 3 * _DAY, 8 * _DAY, 20 * _DAY)
_RATIOS = _logs(1 / 30, 1 / 5, 1 / 2, 0.8, 0.97, 1.03, 1.25, 2, 5, 30)
_COUNTS = (0.5, 1.5, 3.5, 6.5, 10.5)

FIELDS: Final = (
    _binned("log_amount", "raw", _AMOUNT_EDGES),
    _binned("roundness", "raw", (0.5, 1.5, 2.5, 3.5, 4.5, 5.5)),
    _binned("below_threshold", "raw", (0.02, 0.05, 0.12, 0.3)),
    _binned("hour", "raw", tuple(float(h) for h in range(1, 24))),
    _categorical("weekday", 7),
    _categorical("role", 2),
    _categorical("message_type", len(MESSAGE_TYPES)),
    _categorical("local_instrument", len(LOCAL_INSTRUMENTS)),
    _categorical("purpose", len(PURPOSES)),
    _categorical("own_region", len(REGIONS)),
    _categorical("other_region", len(REGIONS)),
    _categorical("domestic", 3),
    _binned("gap", "relational", _GAPS),
    _binned("gap_same_role", "relational", _GAPS),
    _binned("rhythm", "relational", (-3, -1.5, -0.7, -0.25, 0.25, 0.7, 1.5, 3)),
    _binned("dormancy", "relational", (-5, -2, -0.5, -0.05, 0.05, 0.5, 1.5)),
    _binned("amount_vs_mean", "relational", _RATIOS),
    _binned("amount_vs_max", "relational", _RATIOS),
    _binned("amount_vs_same_counterparty", "relational", _RATIOS),
    _binned("mirror_last", "relational", _RATIOS),
    _binned("mirror_best", "relational", (0.002, 0.02, 0.05, 0.12, 0.4, 1.5)),
    _binned("mirror_age", "relational", _AGES),
    _binned("counterparty_count", "relational", _COUNTS),
    _binned("counterparty_age", "relational", _AGES),
    _binned("agent_count", "relational", _COUNTS),
    _binned("corridor_count", "relational", _COUNTS),
    _binned("purpose_count", "relational", _COUNTS),
    _binned("instrument_count", "relational", _COUNTS),
    _binned("hour_deviation", "relational", (0.25, 0.75, 1.5, 3, 5, 8)),
    _binned("role_share", "relational", (0.01, 0.2, 0.4, 0.6, 0.8, 0.99)),
    _binned("equal_amounts", "relational", (0.5, 1.5, 3.5)),
    _binned("burst", "relational", (0.5, 1.5, 2.5, 4.5, 7.5, 11.5)),
    _binned("fan", "relational", (0.5, 1.5, 2.5, 4.5, 7.5)),
    _binned("balance", "relational", (-0.95, -0.5, -0.1, 0.1, 0.5, 0.95)),
    _binned("standing_events", "standing", _log1ps(0.5, 1.5, 3.5, 8.5, 20.5, 60.5, 300, 2000)),
    _binned("standing_days_known", "standing", (0.02, 0.25, 1, 3, 7, 12, 18)),
    _binned("standing_n_same_1d", "standing", _log1ps(0.15, 0.6, 1.5, 3, 7, 20, 80)),
    _binned("standing_n_other_1d", "standing", _log1ps(0.15, 0.6, 1.5, 3, 7, 20, 80)),
    _binned("standing_acceleration", "standing", (-2.6, -2, -1.5, -1, -0.6, -0.3, -0.05)),
    _binned("standing_new_agent_rate", "standing", (0.05, 0.15, 0.3, 0.6, 0.9)),
)
"""All fields, in the order of the last axis of every code array."""

N_FIELDS: Final = len(FIELDS)
CARDINALITIES: Final = tuple(f.cardinality for f in FIELDS)
