"""Features of an event for LightGBM: the event, its relations, the long memory, the others.

The same two functions serve training, evaluation and stream: :func:`features` reads the
memory as it stood before the event, :func:`accumulate` adds the event.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
from numba import njit

from pipeline.encoding.codes import REGION_OF_COUNTRY
from pipeline.encoding.columns import DEBTOR, ObservationColumns
from pipeline.encoding.counters import (
    DAY_MS,
    HALF_LIVES_DAYS,
    MARKS,
    N_COUNTERS,
    N_EXACT,
    ROLES,
    SKETCH_HALF_LIFE_DAYS,
    SKETCHES,
    column,
    half_life_of,
    sketch_start,
)
from pipeline.encoding.history import Histories
from pipeline.encoding.others import OTHERS, others
from pipeline.encoding.relations import RELATIONS, Relations
from pipeline.encoding.standing import STANDING_RELATIONS

Float = npt.NDArray[np.float32]

_EVENT: Final = (
    *("weekday", "role", "message_type", "local_instrument", "purpose"),
    *("own_region", "other_region", "domestic"),
)
_LONG: Final = (
    *("events_seen", "days_known", "days_since_role", "amount_z", "amount_vs_all_max"),
    *("same_role_events", "other_role_events", "gap_z", "gap_vs_all_max"),
    *(
        f"{w}_{r}_{int(h)}d"
        for h in HALF_LIVES_DAYS
        for r in ("same", "other")
        for w in ("n", "usd")
    ),
    *("passed_through", "amount_vs_week", "acceleration", "peak_count_ratio", "peak_sum_ratio"),
    *(f"{mark}_rate" for mark in MARKS),
    *(f"{sketch}_share" for sketch in SKETCHES),
    *("counterparties", "agents", "corridors"),
)
FEATURES: Final = (*_EVENT, *RELATIONS, *_LONG, *OTHERS)
"""Names of the feature columns, in order."""
N_FEATURES: Final = len(FEATURES)
OWN_HISTORY: Final = np.array(
    [i for i, name in enumerate(FEATURES) if name not in (*STANDING_RELATIONS, *OTHERS)]
)
"""Columns that nothing of the other sides' payments reaches."""

_HALF_LIVES: Final = np.array([half_life_of(c) for c in range(N_EXACT, N_COUNTERS)])
_BASES: Final = np.array([*HALF_LIVES_DAYS, SKETCH_HALF_LIFE_DAYS])
_BASE_OF: Final = np.searchsorted(_BASES[:3], _HALF_LIVES)
_MOMENT: Final = ("n", "mean", "m2", "max")
_MOMENTS: Final = np.array([[column(f"{w}_{r}") for w in _MOMENT] for r in ROLES])
"""Columns of the moments by role; debtors pay out, creditors take in."""
_GAP_MOMENTS: Final = np.array([column(f"gap_{w}") for w in _MOMENT])
_NUMBER: Final = np.array([[column(f"n_{r}_{int(h)}d") for h in HALF_LIVES_DAYS] for r in ROLES])
_SUM: Final = np.array([[column(f"usd_{r}_{int(h)}d") for h in HALF_LIVES_DAYS] for r in ROLES])
_DAY, _WEEK, _MONTH = range(3)
_MARK: Final = np.array([column(f"{mark}_7d") for mark in MARKS])
_PEAK_COUNT, _PEAK_SUM = column("peak_count"), column("peak_sum")
_SKETCH: Final = np.array([sketch_start(name) for name in SKETCHES])
_BUCKETS: Final = np.array(list(SKETCHES.values()))
_HOURS: Final = list(SKETCHES).index("hour")
_COUNTED: Final = 3
"""The first sketches, whose keys are counted."""
_MIX: Final = np.uint64(0x9E3779B97F4A7C15)
_SEEN_AT: Final = np.float32(0.25)
_NEW_BELOW: Final = np.float32(0.01)
_HOUR, _ROUNDNESS, _BELOW, _GAP, _LOG_AMOUNT, _MIRROR_BEST = (
    RELATIONS.index(name)
    for name in ("hour", "roundness", "below_threshold", "gap", "log_amount", "mirror_best")
)


def features(
    columns: ObservationColumns,
    relations: Relations,
    histories: Histories,
    slots: npt.NDArray[np.intp],
) -> Float:
    """Features of N events, [N, N_FEATURES] float32, NaN where unknown. Reads only."""
    own, other = (REGION_OF_COUNTRY[c] for c in (columns.own_country, columns.other_country))
    event: tuple[npt.NDArray[Any], ...] = (
        *(relations.weekday, columns.role, columns.message_type, columns.local_instrument),
        *(columns.purpose, own, other, domestic(columns)),
    )
    values = np.empty((len(columns), N_FEATURES), np.float32)
    for i, of_event in enumerate(event):
        values[:, i] = of_event
    values[:, len(event) : len(event) + len(RELATIONS)] = relations.values
    values[:, N_FEATURES - len(OTHERS) :] = others(histories, slots)
    _recall(
        slots,
        _event_of(columns),
        relations.values,
        relations.seen,
        (histories.counters, histories.times),
        len(event) + len(RELATIONS),
        values,
    )
    return values


def accumulate(
    columns: ObservationColumns,
    relations: Relations,
    histories: Histories,
    slots: npt.NDArray[np.intp],
) -> None:
    """Add one event to the long memory of each slot; slots must be distinct."""
    memory = (histories.counters, histories.times)
    _add(slots, _event_of(columns), relations.values, relations.seen, memory)


def domestic(columns: ObservationColumns) -> npt.NDArray[np.int8]:
    """0 a country is unknown, 1 both sides in one country, 2 across a border."""
    known = (columns.own_country > 0) & (columns.other_country > 0)
    same = columns.own_country == columns.other_country
    return np.where(known, np.where(same, 1, 2), 0).astype(np.int8)


def _event_of(columns: ObservationColumns) -> tuple[Any, ...]:
    keys = np.empty((len(columns), len(SKETCHES) - 1), np.uint64)
    keyed: tuple[npt.NDArray[Any], ...] = (
        *(columns.counterparty, columns.counterparty_agent),
        *(columns.other_country, columns.purpose),
    )
    for i, key in enumerate(keyed):
        keys[:, i] = key
    return columns.role, columns.event_ms, columns.amount, keys


@njit(nogil=True, cache=True)
def _recall(
    slots: Any, event: Any, relations: Any, seen: Any, memory: Any, first: int, features: Any
) -> None:
    """Write the long features of each event behind the others, in the order of _LONG."""
    roles, now_ms, amounts, keys = event
    counters, times = memory
    row = np.empty(N_COUNTERS, np.float32)
    buckets = np.empty(len(_SKETCH), np.int64)
    nan = np.float32(np.nan)
    for i in range(len(slots)):
        slot, now, value = slots[i], now_ms[i], features[i, first:]
        own = 0 if roles[i] == DEBTOR else 1
        other = 1 - own
        known = seen[i] > 0
        amount, log_amount = np.float32(amounts[i]), relations[i, _LOG_AMOUNT]
        _decay(counters[slot], times[slot, 1], now, row)
        _find_buckets(keys[i], relations[i, _HOUR], buckets)
        last_role = times[slot, 2 + own]
        n, mean, m2, largest = _MOMENTS[own]
        gap_n, gap_mean, gap_m2, gap_max = _GAP_MOMENTS
        gap = relations[i, _GAP]
        value[0] = seen[i]
        value[1] = _days(now, times[slot, 0]) if known else nan
        value[2] = _days(now, last_role) if last_role > 0 else nan
        value[3] = _z(log_amount, row[n], row[mean], row[m2])
        value[4] = log_amount - row[largest] if row[n] > 0 else nan
        value[5], value[6] = row[n], row[_MOMENTS[other, 0]]
        value[7] = _z(gap, row[gap_n], row[gap_mean], row[gap_m2])
        value[8] = gap - row[gap_max] if row[gap_n] > 0 else nan
        at = 9
        for half_life in range(len(HALF_LIVES_DAYS)):
            for role in (own, other):
                value[at] = np.log1p(row[_NUMBER[role, half_life]])
                value[at + 1] = np.log1p(row[_SUM[role, half_life]])
                at += 2
        at = _flows(row, own, amount, known, value, at)
        week = max(row[_NUMBER[0, _WEEK]] + row[_NUMBER[1, _WEEK]], np.float32(1e-6))
        for mark in _MARK:
            value[at] = row[mark] / week if known else nan
            at += 1
        total = np.float32(0)
        for hour in range(_BUCKETS[_HOURS]):
            total += row[_SKETCH[_HOURS] + hour]
        total = max(total, np.float32(1e-6))
        for bucket in buckets:
            value[at] = row[bucket] / total if known else nan
            at += 1
        for sketch in range(_COUNTED):
            value[at] = 0
            for place in range(_BUCKETS[sketch]):
                value[at] += row[_SKETCH[sketch] + place] > _SEEN_AT
            at += 1


@njit(nogil=True, cache=True)
def _flows(row: Any, own: int, amount: Any, known: Any, value: Any, at: int) -> int:
    """Write how the event fits today's and this week's flows; returns the next place."""
    moved_out, moved_in = row[_SUM[0, _DAY]], row[_SUM[1, _DAY]]
    if own == 0:
        moved_out += amount
    else:
        moved_in += amount
    week = row[_SUM[0, _WEEK]] + row[_SUM[1, _WEEK]]
    turnover = moved_in + moved_out
    count_day = row[_NUMBER[0, _DAY]] + row[_NUMBER[1, _DAY]]
    count_month = row[_NUMBER[0, _MONTH]] + row[_NUMBER[1, _MONTH]]
    value[at] = 2 * min(moved_in, moved_out) / max(turnover, np.float32(0.01))
    if known:
        value[at + 1] = np.log1p(amount) - np.log1p(week)
        value[at + 2] = np.log((count_day + 1) / (count_month + 1))
        value[at + 3] = (count_day + 1) / (row[_PEAK_COUNT] + 1)
        value[at + 4] = np.log1p(turnover) - np.log1p(row[_PEAK_SUM])
    else:
        value[at + 1 : at + 5] = np.nan
    return at + 5


@njit(nogil=True, cache=True)
def _add(slots: Any, event: Any, relations: Any, seen: Any, memory: Any) -> None:
    roles, now_ms, amounts, keys = event
    counters, times = memory
    buckets = np.empty(len(_SKETCH), np.int64)
    for i in range(len(slots)):
        slot, now = slots[i], now_ms[i]
        own = 0 if roles[i] == DEBTOR else 1
        row, relation = counters[slot], relations[i]
        _decay(row, times[slot, 1], now, row)
        _find_buckets(keys[i], relation[_HOUR], buckets)
        for sketch in range(_COUNTED):
            row[_MARK[sketch]] += row[buckets[sketch]] < _NEW_BELOW
        row[_MARK[3]] += relation[_MIRROR_BEST] < 0.12
        row[_MARK[4]] += relation[_ROUNDNESS] >= 3
        row[_MARK[5]] += relation[_BELOW] < 0.12
        _add_moment(row, _MOMENTS[own], relation[_LOG_AMOUNT])
        if seen[i] > 0:
            _add_moment(row, _GAP_MOMENTS, relation[_GAP])
        for half_life in range(len(HALF_LIVES_DAYS)):
            row[_NUMBER[own, half_life]] += 1
            row[_SUM[own, half_life]] += np.float32(amounts[i])
        for bucket in buckets:
            row[bucket] += 1
        today = row[_NUMBER[0, _DAY]] + row[_NUMBER[1, _DAY]]
        row[_PEAK_COUNT] = max(row[_PEAK_COUNT], today)
        row[_PEAK_SUM] = max(row[_PEAK_SUM], row[_SUM[0, _DAY]] + row[_SUM[1, _DAY]])
        if seen[i] == 0:
            times[slot, 0] = now
        # Late events must not turn the clock of the decay back.
        times[slot, 1] = max(times[slot, 1], now)
        times[slot, 2 + own] = now


@njit(nogil=True, cache=True)
def _decay(counters: Any, last_ms: Any, now_ms: Any, row: Any) -> None:
    """Write the counters as they stand at this time."""
    days = max(now_ms - last_ms, 0) / DAY_MS
    factors = np.empty(len(_BASES), np.float32)
    for base in range(len(_BASES)):
        factors[base] = np.exp2(-days / _BASES[base])
    row[:N_EXACT] = counters[:N_EXACT]
    for i in range(N_EXACT, N_COUNTERS):
        row[i] = counters[i] * factors[_BASE_OF[i - N_EXACT]]


@njit(nogil=True, cache=True)
def _find_buckets(keys: Any, hour: Any, buckets: Any) -> None:
    """Columns of the sketches' buckets of these keys (Fibonacci hashing)."""
    for sketch in range(_HOURS):
        mixed = (keys[sketch] * _MIX) >> np.uint64(40)
        buckets[sketch] = _SKETCH[sketch] + np.int64(mixed % np.uint64(_BUCKETS[sketch]))
    buckets[_HOURS] = _SKETCH[_HOURS] + np.int64(hour)


@njit(nogil=True, cache=True)
def _add_moment(row: Any, columns: Any, value: Any) -> None:
    """Welford's update of n, mean, m2 and max; in place."""
    n, mean, m2, largest = columns
    row[largest] = max(row[largest], value) if row[n] > 0 else value
    row[n] += 1
    delta = value - row[mean]
    row[mean] += delta / row[n]
    row[m2] += delta * (value - row[mean])


@njit(nogil=True, cache=True)
def _z(value: Any, n: Any, mean: Any, m2: Any) -> Any:
    if n <= 0:
        return np.float32(np.nan)
    spread = np.sqrt(m2 / max(n, np.float32(1))) + np.float32(0.3)
    return (value - mean) / spread


@njit(nogil=True, cache=True)
def _days(now_ms: Any, then_ms: Any) -> Any:
    return np.float32(max(now_ms - then_ms, 0) / DAY_MS)
