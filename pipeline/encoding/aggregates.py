"""Features of an event for LightGBM: the event, its relations, and the long memory.

The same two functions serve training, evaluation and stream: :func:`features` reads the
memory as it stood before the event, :func:`accumulate` adds the event.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from pipeline.encoding.codes import REGION_OF_COUNTRY
from pipeline.encoding.columns import DEBTOR, ObservationColumns
from pipeline.encoding.counters import (
    DAY_MS,
    HALF_LIVES_DAYS,
    MARKS,
    ROLES,
    SKETCHES,
    add_moment,
    bucket,
    column,
    decayed_to,
    sketch_slice,
)
from pipeline.encoding.history import Histories
from pipeline.encoding.relations import RELATIONS, Relations

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
FEATURES: Final = (*_EVENT, *RELATIONS, *_LONG)
"""Names of the feature columns, in order."""
N_FEATURES: Final = len(FEATURES)


def features(
    columns: ObservationColumns,
    relations: Relations,
    histories: Histories,
    slots: npt.NDArray[np.intp],
) -> Float:
    """Features of N events, [N, N_FEATURES] float32, NaN where unknown. Reads only."""
    own, other = (REGION_OF_COUNTRY[c] for c in (columns.own_country, columns.other_country))
    event = (
        *(relations.weekday, columns.role, columns.message_type, columns.local_instrument),
        *(columns.purpose, own, other, domestic(columns)),
    )
    long = _long_memory(columns, relations, histories, slots)
    return np.concatenate(
        [
            np.stack(event, axis=1).astype(np.float32),
            relations.values,
            np.stack([long[name] for name in _LONG], axis=1).astype(np.float32),
        ],
        axis=1,
    )


def domestic(columns: ObservationColumns) -> npt.NDArray[np.int8]:
    """0 a country is unknown, 1 both sides in one country, 2 across a border."""
    known = (columns.own_country > 0) & (columns.other_country > 0)
    same = columns.own_country == columns.other_country
    return np.where(known, np.where(same, 1, 2), 0).astype(np.int8)


def _by_role(rows: Float, name: str, out: npt.NDArray[np.bool_]) -> tuple[Float, Float]:
    """The counter of the event's own role and of the other one; ``name`` holds ``{}``."""
    outward, inward = (rows[:, column(name.format(r))] for r in ROLES)
    return np.where(out, outward, inward), np.where(out, inward, outward)


def _z(value: Float, n: Float, mean: Float, m2: Float) -> Float:
    spread = np.sqrt(m2 / np.maximum(n, 1)) + np.float32(0.3)
    return np.where(n > 0, (value - mean) / spread, np.float32(np.nan))


def _long_memory(
    columns: ObservationColumns,
    relations: Relations,
    histories: Histories,
    slots: npt.NDArray[np.intp],
) -> dict[str, Float]:
    times = histories.times[slots]
    first, last = times[:, 0], times[:, 1]
    rows = decayed_to(histories.counters[slots], last, columns.event_ms)
    out = columns.role == DEBTOR
    last_role = np.where(out, times[:, 2], times[:, 3])
    seen = relations.seen.astype(np.float32)
    known = seen > 0
    nan = np.float32(np.nan)
    log_amount, gap = relations["log_amount"], relations["gap"]
    n, n_other = _by_role(rows, "n_{}", out)
    mean, m2, largest = (_by_role(rows, f"{w}_{{}}", out)[0] for w in ("mean", "m2", "max"))
    gap_n, gap_mean, gap_m2, gap_max = (
        rows[:, column(f"gap_{w}")] for w in ("n", "mean", "m2", "max")
    )
    values = {
        "events_seen": seen,
        "days_known": np.where(known, _days(columns.event_ms, first), nan),
        "days_since_role": np.where(last_role > 0, _days(columns.event_ms, last_role), nan),
        "amount_z": _z(log_amount, n, mean, m2),
        "amount_vs_all_max": np.where(n > 0, log_amount - largest, nan),
        "same_role_events": n,
        "other_role_events": n_other,
        "gap_z": _z(gap, gap_n, gap_mean, gap_m2),
        "gap_vs_all_max": np.where(gap_n > 0, gap - gap_max, nan),
    }
    values.update(_flows(rows, out, columns.amount.astype(np.float32), known))
    values.update(_shares(rows, relations, columns, known))
    return values


def _days(now: npt.NDArray[np.int64], then: npt.NDArray[np.int64]) -> Float:
    days: Float = (np.maximum(now - then, 0) / DAY_MS).astype(np.float32)
    return days


def _flows(
    rows: Float, out: npt.NDArray[np.bool_], amount: Float, known: npt.NDArray[np.bool_]
) -> dict[str, Float]:
    values: dict[str, Float] = {}
    for half_life in HALF_LIVES_DAYS:
        for what in ("n", "usd"):
            same, other = _by_role(rows, f"{what}_{{}}_{int(half_life)}d", out)
            values[f"{what}_same_{int(half_life)}d"] = np.log1p(same)
            values[f"{what}_other_{int(half_life)}d"] = np.log1p(other)
    day_in, day_out = (rows[:, column(f"usd_{r}_1d")] for r in ("in", "out"))
    moved_in = day_in + np.where(out, 0, amount)
    moved_out = day_out + np.where(out, amount, 0)
    week = sum(rows[:, column(f"usd_{r}_7d")] for r in ROLES)
    count_day, count_month = (
        sum(rows[:, column(f"n_{r}_{d}")] for r in ROLES) for d in ("1d", "30d")
    )
    nan = np.float32(np.nan)
    turnover = moved_in + moved_out
    values["passed_through"] = 2 * np.minimum(moved_in, moved_out) / np.maximum(turnover, 0.01)
    values["amount_vs_week"] = np.where(known, np.log1p(amount) - np.log1p(week), nan)
    values["acceleration"] = np.where(known, np.log((count_day + 1) / (count_month + 1)), nan)
    values["peak_count_ratio"] = np.where(
        known, (count_day + 1) / (rows[:, column("peak_count")] + 1), nan
    )
    values["peak_sum_ratio"] = np.where(
        known, np.log1p(turnover) - np.log1p(rows[:, column("peak_sum")]), nan
    )
    return values


def _sketch_columns(
    columns: ObservationColumns, relations: Relations
) -> dict[str, npt.NDArray[np.intp]]:
    return {
        "counterparty": bucket("counterparty", columns.counterparty),
        "agent": bucket("agent", columns.counterparty_agent),
        "corridor": bucket("corridor", columns.other_country),
        "purpose": bucket("purpose", columns.purpose),
        "hour": sketch_slice("hour").start + relations["hour"].astype(np.intp),
    }


def _shares(
    rows: Float,
    relations: Relations,
    columns: ObservationColumns,
    known: npt.NDArray[np.bool_],
) -> dict[str, Float]:
    """Shares of the event's counterparty, bank, corridor ... in the decayed past."""
    at = np.arange(len(rows))
    nan = np.float32(np.nan)
    total = np.maximum(rows[:, sketch_slice("hour")].sum(1), 1e-6)
    week = np.maximum(sum(rows[:, column(f"n_{r}_7d")] for r in ROLES), 1e-6)
    values = {
        f"{mark}_rate": np.where(known, rows[:, column(f"{mark}_7d")] / week, nan) for mark in MARKS
    }
    for sketch, buckets in _sketch_columns(columns, relations).items():
        values[f"{sketch}_share"] = np.where(known, rows[at, buckets] / total, nan)
    for name, sketch in (
        ("counterparties", "counterparty"),
        ("agents", "agent"),
        ("corridors", "corridor"),
    ):
        values[name] = (rows[:, sketch_slice(sketch)] > 0.25).sum(1).astype(np.float32)
    return values


def accumulate(
    columns: ObservationColumns,
    relations: Relations,
    histories: Histories,
    slots: npt.NDArray[np.intp],
) -> None:
    """Add one event to the long memory of each slot; slots must be distinct."""
    times = histories.times[slots]
    rows = decayed_to(histories.counters[slots], times[:, 1], columns.event_ms)
    at = np.arange(len(rows))
    amount = columns.amount.astype(np.float32)
    out = columns.role == DEBTOR
    sketches = _sketch_columns(columns, relations)
    marks = {
        "new_counterparty": rows[at, sketches["counterparty"]] < 0.01,
        "new_agent": rows[at, sketches["agent"]] < 0.01,
        "new_corridor": rows[at, sketches["corridor"]] < 0.01,
        "mirrored": relations["mirror_best"] < 0.12,
        "round": relations["roundness"] >= 3,
        "structured": relations["below_threshold"] < 0.12,
    }
    for role, mask in (("out", out), ("in", ~out)):
        add_moment(rows, role, relations["log_amount"], mask)
        for half_life in HALF_LIVES_DAYS:
            rows[:, column(f"n_{role}_{int(half_life)}d")] += mask
            rows[:, column(f"usd_{role}_{int(half_life)}d")] += np.where(mask, amount, 0)
    add_moment(rows, "gap", np.nan_to_num(relations["gap"]), relations.seen > 0)
    for mark, is_so in marks.items():
        rows[:, column(f"{mark}_7d")] += is_so
    for buckets in sketches.values():
        rows[at, buckets] += 1
    for peak, counter in (("peak_count", "n_{}_1d"), ("peak_sum", "usd_{}_1d")):
        today = sum(rows[:, column(counter.format(r))] for r in ROLES)
        rows[:, column(peak)] = np.maximum(rows[:, column(peak)], today)
    histories.counters[slots] = rows
    _stamp(columns, relations, histories, slots, out)


def _stamp(
    columns: ObservationColumns,
    relations: Relations,
    histories: Histories,
    slots: npt.NDArray[np.intp],
    out: npt.NDArray[np.bool_],
) -> None:
    now = columns.event_ms
    is_first = relations.seen == 0
    histories.times[slots[is_first], 0] = now[is_first]
    # Late events must not turn the clock of the decay back.
    histories.times[slots, 1] = np.maximum(histories.times[slots, 1], now)
    histories.times[slots, np.where(out, 2, 3)] = now
