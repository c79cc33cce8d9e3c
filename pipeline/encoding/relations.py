"""How a new event relates to the entity's own recent events.

Everything here is a comparison inside one entity's window, or with what is known of the
other side's payments, so it means the same for a payroll account and for a clearing bank.
Missing relations (no history, no event of that kind) are NaN.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from numba import njit

from pipeline.encoding.columns import ObservationColumns
from pipeline.encoding.history import WINDOW, Histories
from pipeline.encoding.local_time import hour_and_weekday
from pipeline.encoding.standing import STANDING_RELATIONS, compare

Float = npt.NDArray[np.float32]

RELATIONS: Final = (
    *("log_amount", "hour", "roundness", "below_threshold"),
    *("gap", "gap_same_role", "rhythm", "dormancy"),
    *("amount_vs_mean", "amount_vs_max", "amount_vs_same_counterparty"),
    *("mirror_last", "mirror_best", "mirror_age"),
    *("counterparty_count", "counterparty_age", "agent_count", "corridor_count"),
    *("purpose_count", "instrument_count", "hour_deviation", "role_share"),
    *("equal_amounts", "burst", "fan", "balance"),
    *STANDING_RELATIONS,
)
"""Names of the columns of :attr:`Relations.values`."""

_LOG_AMOUNT, _HOUR, _ROUNDNESS, _BELOW = range(4)
_GAP, _GAP_SAME_ROLE, _RHYTHM, _DORMANCY = range(4, 8)
_VS_MEAN, _VS_MAX, _VS_SAME_COUNTERPARTY = range(8, 11)
_MIRROR_LAST, _MIRROR_BEST, _MIRROR_AGE = range(11, 14)
_COUNTERPARTY_COUNT, _COUNTERPARTY_AGE, _AGENT_COUNT, _CORRIDOR_COUNT = range(14, 18)
_PURPOSE_COUNT, _INSTRUMENT_COUNT, _HOUR_DEVIATION, _ROLE_SHARE = range(18, 22)
_EQUAL_AMOUNTS, _BURST, _FAN, _BALANCE = range(22, 26)

_HOUR_MS: Final = 3_600_000.0
_DAY_MS: Final = 24 * _HOUR_MS
_BALANCE_SPAN_MS: Final = 3 * _DAY_MS
_THRESHOLDS: Final = np.array([3_000.0, 10_000.0, 50_000.0, 100_000.0, 1_000_000.0])
_EQUAL: Final = np.float32(1e-4)
_ROUND_CENTS: Final = np.array([100, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000], np.int64)
_CLOCK: Final = 2 * np.pi / 24


@dataclass(frozen=True, slots=True)
class Relations:
    """Relations of N events to their windows."""

    values: Float
    """[N, len(RELATIONS)], NaN where there is none."""
    seen: npt.NDArray[np.int64]
    """Events of the entity before this one, [N]."""
    weekday: npt.NDArray[np.int8]

    def __getitem__(self, name: str) -> Float:
        column: Float = self.values[:, RELATIONS.index(name)]
        return column


def relate(
    columns: ObservationColumns, histories: Histories, slots: npt.NDArray[np.intp]
) -> Relations:
    """Relate N new events to the windows of their slots. Reads only.

    Event times may run backwards by a little across banks; ages are never below 0.
    """
    hour, weekday = hour_and_weekday(columns.event_ms)
    values = np.full((len(columns), len(RELATIONS)), np.nan, np.float32)
    h = histories
    event = (columns.amount, columns.event_ms, columns.role, hour)
    keys = (
        *(columns.counterparty, columns.counterparty_agent, columns.other_country),
        *(columns.purpose, columns.local_instrument),
    )
    window = (h.count, h.log_amount, h.event_ms, h.role, h.hour)
    window_keys = (
        *(h.counterparty, h.counterparty_agent, h.other_country, h.purpose, h.local_instrument),
    )
    _relate(slots, event, keys, window, window_keys, values)
    of_standing = compare(columns.standing, columns.event_ms, columns.role)
    values[:, len(RELATIONS) - len(STANDING_RELATIONS) :] = of_standing
    return Relations(values, histories.count[slots], weekday)


@njit(nogil=True, cache=True)
def _relate(slots: Any, event: Any, keys: Any, window: Any, window_keys: Any, values: Any) -> None:
    """Write the relations of each event, [N, len(RELATIONS)], prefilled with NaN."""
    amounts, now_ms, roles, hours = event
    counts, past_log, past_ms, past_role, past_hour = window
    for row in range(len(slots)):
        slot, value = slots[row], values[row]
        m = min(counts[slot], WINDOW)
        log_amount = np.float32(np.log(max(amounts[row], 0.01)))
        value[_LOG_AMOUNT], value[_HOUR] = log_amount, hours[row]
        value[_ROUNDNESS] = _roundness(amounts[row])
        value[_BELOW] = _below_threshold(amounts[row])
        if m > 0:
            past = (past_log[slot, :m], past_ms[slot, :m], past_role[slot, :m])
            counterparties = window_keys[0][slot, :m]
            _time(now_ms[row], roles[row], past, value)
            _amount(log_amount, roles[row], keys[0][row], counterparties, past, value)
            _mirror(log_amount, now_ms[row], roles[row], past, value)
            _pattern(log_amount, now_ms[row], roles[row], counterparties, past, value)
            _rhythm_of_day(hours[row], past_hour[slot, :m], value)
            value[_COUNTERPARTY_COUNT] = _count(counterparties, keys[0][row])
            value[_AGENT_COUNT] = _count(window_keys[1][slot, :m], keys[1][row])
            value[_CORRIDOR_COUNT] = _count(window_keys[2][slot, :m], keys[2][row])
            value[_PURPOSE_COUNT] = _count(window_keys[3][slot, :m], keys[3][row])
            value[_INSTRUMENT_COUNT] = _count(window_keys[4][slot, :m], keys[4][row])
            for t in range(m):
                if counterparties[t] == keys[0][row]:
                    value[_COUNTERPARTY_AGE] = _log_age(now_ms[row], past[1][t])


@njit(nogil=True, cache=True)
def _roundness(amount: Any) -> int:
    """Largest k such that the amount is a multiple of the k-th round unit (0: has cents)."""
    cents, units = np.int64(np.rint(amount * 100)), 0
    for unit in _ROUND_CENTS:
        units += cents % unit == 0
    return units


@njit(nogil=True, cache=True)
def _below_threshold(amount: Any) -> Any:
    """Relative distance below the next reporting threshold, in [0, 1]; 1 above the last."""
    for threshold in _THRESHOLDS:
        if amount < threshold:
            return 1.0 - amount / threshold
    return 1.0


@njit(nogil=True, cache=True)
def _log_age(now_ms: Any, then_ms: Any) -> Any:
    return np.log1p(max(now_ms - then_ms, 0) / 1000)


@njit(nogil=True, cache=True)
def _count(past: Any, key: Any) -> int:
    found = 0
    for t in range(len(past)):
        found += past[t] == key
    return found


@njit(nogil=True, cache=True)
def _time(now_ms: Any, role: Any, past: Any, value: Any) -> None:
    _, stamps, roles = past
    m = len(stamps)
    gap = _log_age(now_ms, stamps[m - 1])
    value[_GAP] = gap
    for t in range(m):
        if roles[t] == role:
            value[_GAP_SAME_ROLE] = _log_age(now_ms, stamps[t])
    if m < 2:
        return
    total, squares, longest = 0.0, 0.0, 0.0
    for t in range(m - 1):
        between = _log_age(stamps[t + 1], stamps[t])
        total += between
        longest = max(longest, between)
    mean = total / (m - 1)
    for t in range(m - 1):
        squares += (_log_age(stamps[t + 1], stamps[t]) - mean) ** 2
    value[_RHYTHM] = (gap - mean) / (np.sqrt(squares / (m - 1)) + 0.5)
    value[_DORMANCY] = gap - longest


@njit(nogil=True, cache=True)
def _amount(
    log_amount: Any, role: Any, key: Any, counterparties: Any, past: Any, value: Any
) -> None:
    amounts, _, roles = past
    n, total, largest = 0, 0.0, -np.inf
    for t in range(len(amounts)):
        if roles[t] == role:
            n += 1
            total += amounts[t]
            largest = max(largest, amounts[t])
            if counterparties[t] == key:
                value[_VS_SAME_COUNTERPARTY] = log_amount - amounts[t]
    value[_ROLE_SHARE] = n / len(amounts)
    if n > 0:
        value[_VS_MEAN] = log_amount - total / n
        value[_VS_MAX] = log_amount - largest


@njit(nogil=True, cache=True)
def _mirror(log_amount: Any, now_ms: Any, role: Any, past: Any, value: Any) -> None:
    """How closely the amount mirrors money that went the other way."""
    amounts, stamps, roles = past
    best = np.inf
    for t in range(len(amounts)):
        if roles[t] != role:
            difference = log_amount - amounts[t]
            value[_MIRROR_LAST] = difference
            if abs(difference) < best:
                best = abs(difference)
                value[_MIRROR_BEST] = best
                value[_MIRROR_AGE] = _log_age(now_ms, stamps[t])


@njit(nogil=True, cache=True)
def _rhythm_of_day(hour: Any, hours: Any, value: Any) -> None:
    sine, cosine = 0.0, 0.0
    for t in range(len(hours)):
        sine += np.sin(hours[t] * _CLOCK)
        cosine += np.cos(hours[t] * _CLOCK)
    usual = np.arctan2(sine, cosine) / _CLOCK
    value[_HOUR_DEVIATION] = abs((hour - usual + 12) % 24 - 12)


@njit(nogil=True, cache=True)
def _pattern(
    log_amount: Any, now_ms: Any, role: Any, counterparties: Any, past: Any, value: Any
) -> None:
    amounts, stamps, roles = past
    equal, burst, fan, moved, net = 0, 0, 0, 0.0, 0.0
    for t in range(len(amounts)):
        age = max(now_ms - stamps[t], 0)
        equal += abs(amounts[t] - log_amount) < _EQUAL
        if age <= _DAY_MS:
            burst += 1
            known = False
            for s in range(t):
                today = max(now_ms - stamps[s], 0) <= _DAY_MS
                known |= today and counterparties[s] == counterparties[t]
            fan += not known
        if age <= _BALANCE_SPAN_MS:
            amount = np.exp(np.float64(amounts[t]))
            moved += amount
            net += amount if roles[t] == role else -amount
    value[_EQUAL_AMOUNTS], value[_BURST], value[_FAN] = equal, burst, fan
    if moved > 0:
        value[_BALANCE] = net / max(moved, 1e-9)
