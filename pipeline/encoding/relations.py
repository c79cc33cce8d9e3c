"""How a new event relates to the entity's own recent events.

Everything here is a comparison inside one entity's window, so it means the same for a
payroll account and for a clearing bank. Missing relations (no history, no event of that
kind) are NaN.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from pipeline.encoding.columns import ObservationColumns
from pipeline.encoding.history import WINDOW, Histories
from pipeline.encoding.local_time import hour_and_weekday

Float = npt.NDArray[np.float32]
Bool = npt.NDArray[np.bool_]

RELATIONS: Final = (
    *("log_amount", "hour", "roundness", "below_threshold"),
    *("gap", "gap_same_role", "rhythm", "dormancy"),
    *("amount_vs_mean", "amount_vs_max", "amount_vs_same_counterparty"),
    *("mirror_last", "mirror_best", "mirror_age"),
    *("counterparty_count", "counterparty_age", "agent_count", "corridor_count"),
    *("purpose_count", "instrument_count", "hour_deviation", "role_share"),
    *("equal_amounts", "burst", "fan", "balance"),
)
"""Names of the columns of :attr:`Relations.values`."""

_HOUR_MS: Final = 3_600_000.0
_DAY_MS: Final = 24 * _HOUR_MS
_BALANCE_SPAN_MS: Final = 3 * _DAY_MS
_THRESHOLDS: Final = np.array([3_000.0, 10_000.0, 50_000.0, 100_000.0, 1_000_000.0])
_EQUAL: Final = np.float32(1e-4)
_ROUND_CENTS: Final = np.array([100, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000], np.int64)


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


@dataclass(frozen=True, slots=True)
class _Window:
    """The gathered windows of N events, and masks over them, all [N, WINDOW]."""

    here: Bool
    same_role: Bool
    other_role: Bool
    age_ms: npt.NDArray[np.float64]
    log_amount: Float
    hour: Float


def roundness(amount: npt.NDArray[np.float64]) -> npt.NDArray[np.int8]:
    """Largest k such that the amount is a multiple of the k-th round unit (0: has cents)."""
    cents = np.rint(amount * 100).astype(np.int64)
    units: npt.NDArray[np.int8] = (cents[:, None] % _ROUND_CENTS == 0).sum(1).astype(np.int8)
    return units


def below_threshold(amount: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    """Relative distance below the next reporting threshold, in [0, 1]; 1 above the last."""
    with_end = np.append(_THRESHOLDS, np.inf)
    above = with_end[np.searchsorted(_THRESHOLDS, amount, side="right")]
    return np.where(np.isinf(above), 1.0, 1.0 - amount / above).astype(np.float32)


def relate(
    columns: ObservationColumns, histories: Histories, slots: npt.NDArray[np.intp]
) -> Relations:
    """Relate N new events to the windows of their slots. Reads only.

    Event times may run backwards by a little across banks; ages are never below 0.
    """
    log_amount = np.log(np.maximum(columns.amount, 0.01)).astype(np.float32)
    hour, weekday = hour_and_weekday(columns.event_ms)
    window = _gather(columns, histories, slots)
    values = {
        "log_amount": log_amount,
        "hour": hour,
        "roundness": roundness(columns.amount).astype(np.float32),
        "below_threshold": below_threshold(columns.amount),
        **_time(window, histories, slots),
        **_amount(window, log_amount, columns, histories, slots),
        **_mirror(window, log_amount),
        **_frequency(window, columns, histories, slots),
        **_pattern(window, log_amount, hour, columns, histories, slots),
    }
    stacked = np.stack([values[name] for name in RELATIONS], axis=1).astype(np.float32)
    return Relations(stacked, histories.count[slots], weekday)


def _gather(
    columns: ObservationColumns, histories: Histories, slots: npt.NDArray[np.intp]
) -> _Window:
    here = np.arange(WINDOW) < histories.lengths(slots)[:, None]
    same = histories.role[slots] == columns.role[:, None]
    age = np.maximum(columns.event_ms[:, None] - histories.event_ms[slots], 0)
    return _Window(
        here=here,
        same_role=here & same,
        other_role=here & ~same,
        age_ms=age.astype(np.float64),
        log_amount=histories.log_amount[slots],
        hour=histories.hour[slots],
    )


def _where(found: npt.ArrayLike, value: npt.NDArray[Any]) -> Float:
    return np.where(found, value, np.nan).astype(np.float32)


def _last(window: npt.NDArray[Any], mask: Bool) -> npt.NDArray[Any]:
    """The newest value under the mask; an arbitrary one where the mask is empty."""
    newest = WINDOW - 1 - np.argmax(mask[:, ::-1], axis=1)
    values: npt.NDArray[Any] = window[np.arange(len(window)), newest]
    return values


def _mean(values: Float, mask: Bool) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Mean and standard deviation under the mask (0 where empty)."""
    n = np.maximum(mask.sum(1), 1)
    mean = np.where(mask, values, 0.0).sum(1) / n
    variance = np.where(mask, (values - mean[:, None]) ** 2, 0.0).sum(1) / n
    return mean, np.sqrt(variance)


def _time(window: _Window, histories: Histories, slots: npt.NDArray[np.intp]) -> dict[str, Float]:
    any_event = window.here.any(1)
    gap = np.log1p(_last(window.age_ms, window.here) / 1000)
    same = np.log1p(_last(window.age_ms, window.same_role) / 1000)
    stamps = histories.event_ms[slots]
    between = np.log1p(np.maximum(np.diff(stamps, axis=1), 0) / 1000).astype(np.float32)
    pairs = window.here[:, 1:]
    mean, spread = _mean(between, pairs)
    longest = np.where(pairs, between, -np.inf).max(1)
    rhythm = (gap - mean) / (spread + 0.5)
    return {
        "gap": _where(any_event, gap),
        "gap_same_role": _where(window.same_role.any(1), same),
        "rhythm": _where(pairs.any(1), rhythm),
        "dormancy": _where(pairs.any(1), gap - longest),
    }


def _amount(
    window: _Window,
    log_amount: Float,
    columns: ObservationColumns,
    histories: Histories,
    slots: npt.NDArray[np.intp],
) -> dict[str, Float]:
    has_same = window.same_role.any(1)
    mean, _ = _mean(window.log_amount, window.same_role)
    largest = np.where(window.same_role, window.log_amount, -np.inf).max(1)
    known = window.same_role & (histories.counterparty[slots] == columns.counterparty[:, None])
    last = _last(window.log_amount, known)
    return {
        "amount_vs_mean": _where(has_same, log_amount - mean),
        "amount_vs_max": _where(has_same, log_amount - largest),
        "amount_vs_same_counterparty": _where(known.any(1), log_amount - last),
    }


def _mirror(window: _Window, log_amount: Float) -> dict[str, Float]:
    """How closely the amount mirrors money that went the other way."""
    found = window.other_role.any(1)
    difference = log_amount[:, None] - window.log_amount
    distance = np.where(window.other_role, np.abs(difference), np.inf)
    best = np.argmin(distance, axis=1)
    rows = np.arange(len(best))
    return {
        "mirror_last": _where(found, _last(difference, window.other_role)),
        "mirror_best": _where(found, distance[rows, best]),
        "mirror_age": _where(found, np.log1p(window.age_ms[rows, best] / 1000)),
    }


def _frequency(
    window: _Window,
    columns: ObservationColumns,
    histories: Histories,
    slots: npt.NDArray[np.intp],
) -> dict[str, Float]:
    def count(stored: npt.NDArray[Any], new: npt.NDArray[Any]) -> Float:
        return _where(window.here.any(1), ((stored == new[:, None]) & window.here).sum(1))

    with_it = window.here & (histories.counterparty[slots] == columns.counterparty[:, None])
    age = np.log1p(_last(window.age_ms, with_it) / 1000)
    return {
        "counterparty_count": count(histories.counterparty[slots], columns.counterparty),
        "counterparty_age": _where(with_it.any(1), age),
        "agent_count": count(histories.counterparty_agent[slots], columns.counterparty_agent),
        "corridor_count": count(histories.other_country[slots], columns.other_country),
        "purpose_count": count(histories.purpose[slots], columns.purpose),
        "instrument_count": count(histories.local_instrument[slots], columns.local_instrument),
    }


def _pattern(
    window: _Window,
    log_amount: Float,
    hour: Float,
    columns: ObservationColumns,
    histories: Histories,
    slots: npt.NDArray[np.intp],
) -> dict[str, Float]:
    found = window.here.any(1)
    n = np.maximum(window.here.sum(1), 1)
    angle = window.hour * (2 * np.pi / 24)
    sine = np.where(window.here, np.sin(angle), 0).sum(1)
    cosine = np.where(window.here, np.cos(angle), 0).sum(1)
    usual = np.arctan2(sine, cosine) * (24 / (2 * np.pi))
    apart = np.abs((hour - usual + 12) % 24 - 12)
    equal = np.abs(window.log_amount - log_amount[:, None]) < _EQUAL
    today = window.here & (window.age_ms <= _DAY_MS)
    recent = window.here & (window.age_ms <= _BALANCE_SPAN_MS)
    signed = np.where(histories.role[slots] == 1, 1.0, -1.0) * np.exp(window.log_amount)
    moved = np.where(recent, np.abs(signed), 0.0).sum(1)
    net = np.where(recent, signed, 0.0).sum(1)
    towards = np.where(columns.role == 1, 1.0, -1.0)
    return {
        "hour_deviation": _where(found, apart),
        "role_share": _where(found, window.same_role.sum(1) / n),
        "equal_amounts": _where(found, (equal & window.here).sum(1)),
        "burst": _where(found, today.sum(1)),
        "fan": _where(found, _distinct(histories.counterparty[slots], today)),
        "balance": _where(moved > 0, towards * net / np.maximum(moved, 1e-9)),
    }


def _distinct(keys: npt.NDArray[np.uint64], mask: Bool) -> npt.NDArray[np.int64]:
    """Number of distinct keys under the mask, per row."""
    earlier = np.tril(np.ones((WINDOW, WINDOW), np.bool_), -1)
    equal = keys[:, :, None] == keys[:, None, :]
    repeated = (equal & mask[:, None, :] & earlier).any(2)
    distinct: npt.NDArray[np.int64] = (mask & ~repeated).sum(1)
    return distinct
