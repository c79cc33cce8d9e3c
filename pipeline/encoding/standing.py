"""An entity's standing, kept as numbers, and what a payment reads of the other side's.

A counterparty without history still pays or is paid by somebody, and that somebody is often
well known. :func:`advance` counts a payment, :func:`told` is what may be told of a slot to
others, and :func:`compare` relates a payment to what was told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from numba import njit

from pipeline.moments import milliseconds, moment
from schemas.standing import LanguageState, Standing

_COUNTS: Final = (
    *("events", "out_1d", "in_1d", "out_7d", "in_7d", "all_30d"),
    *("usd_out_1d", "usd_in_1d", "new_agents_7d"),
)
N_COUNTS: Final = len(_COUNTS)
_EVENTS, _OUT_DAY, _IN_DAY, _OUT_WEEK, _IN_WEEK, _MONTH, _USD_OUT, _USD_IN, _NEW_AGENTS = range(9)
_FIRST, _LAST = range(2)
_COUNTERPARTIES, _AGENTS = range(2)

TOLD: Final = (*_COUNTS, "first_ms", "last_ms", "counterparties", "agents")
"""Columns of what is told of an entity, in order."""
N_TOLD: Final = len(TOLD)
STANDING_EVENTS: Final = TOLD.index("events")
_T_FIRST, _T_LAST, _T_COUNTERPARTIES, _T_AGENTS = range(N_COUNTS, N_TOLD)

STANDING_RELATIONS: Final = (
    *("standing_events", "standing_days_known", "standing_idle_days"),
    *("standing_n_same_1d", "standing_n_other_1d", "standing_n_same_7d", "standing_n_other_7d"),
    *("standing_usd_same_1d", "standing_usd_other_1d", "standing_acceleration"),
    *("standing_new_agent_rate", "standing_counterparties", "standing_agents"),
)
"""What a payment reads of the other side's standing; ``same`` is the role that it has here."""

_DAY_MS: Final = 86_400_000.0
_MIX: Final = np.uint64(0x9E3779B97F4A7C15)

Float = npt.NDArray[np.float64]


@dataclass(slots=True)
class StandingMemory:
    """Standings of M slots, as arrays."""

    counts: Float
    """[M, N_COUNTS], the decayed ones as of the last event."""
    times: npt.NDArray[np.int64]
    """First and last event, [M, 2], 0 for never."""
    met: npt.NDArray[np.uint64]
    """Hashed sets of counterparties and of their banks, one bit a bucket, [M, 2]."""

    @classmethod
    def allocate(cls, slots: int) -> StandingMemory:
        """Standings of entities that have not paid yet."""
        return cls(
            np.zeros((slots, N_COUNTS)),
            np.zeros((slots, 2), np.int64),
            np.zeros((slots, 2), np.uint64),
        )

    def arrays(self) -> tuple[Any, Any, Any]:
        """For the kernels."""
        return self.counts, self.times, self.met


def standing_row(standing: Standing | None) -> list[float]:
    """What was told, as a row of :data:`TOLD`; zeros if nothing was."""
    if standing is None:
        return [0.0] * N_TOLD
    return [
        *(float(getattr(standing, name)) for name in _COUNTS),
        *(float(milliseconds(at)) for at in (standing.first_at, standing.last_at)),
        *(float(standing.counterparties), float(standing.agents)),
    ]


def standing_of(row: Sequence[float], state: LanguageState | None = None) -> Standing | None:
    """The inverse of :func:`standing_row`, with the state that goes with the numbers."""
    values: dict[str, Any] = dict(zip(TOLD, row, strict=True))
    if not values["events"]:
        return None
    for name in ("first", "last"):
        values[f"{name}_at"] = moment(int(values.pop(f"{name}_ms")))
    return Standing.model_validate({**values, "state": state})


def told(memory: StandingMemory, slots: npt.NDArray[np.intp]) -> Float:
    """What may be told of slots, [n, N_TOLD]: rounded, so that messages stay short."""
    rows = np.zeros((len(slots), N_TOLD))
    _tell(slots, memory.arrays(), rows)
    return rows


def advance(memory: StandingMemory, slots: npt.NDArray[np.intp], event: tuple[Any, ...]) -> None:
    """Count events for their slots, in order.

    Args:
        event: roles, times in ms, amounts in US dollars, keys of counterparties and of their
            banks, each [n].
    """
    _advance(slots, event, memory.arrays())


def pass_on(memory: StandingMemory, slots: npt.NDArray[np.intp], event: tuple[Any, ...]) -> Float:
    """What each side of a payment is told of the other, before it counts for both.

    Args:
        slots: of both sides of each payment, one after the other, [2 n].
        event: as :func:`advance` takes it, [2 n] each.

    Returns:
        [2 n, N_TOLD].
    """
    rows = np.zeros((len(slots), N_TOLD))
    _pass_on(slots, event, memory.arrays(), rows)
    return rows


def compare(
    standing: Float, event_ms: npt.NDArray[np.int64], role: npt.NDArray[np.int8]
) -> npt.NDArray[np.float32]:
    """Relations of N payments to the other side's standing, [N, len(STANDING_RELATIONS)].

    Args:
        standing: what was told, [N, N_TOLD].
        event_ms: of the payment.
        role: of the own side, 0 debtor, 1 creditor.
    """
    values = np.full((len(standing), len(STANDING_RELATIONS)), np.nan, np.float32)
    _compare(standing, event_ms, role, values)
    return values


@njit(nogil=True, cache=True)
def _bit(key: Any) -> Any:
    return np.uint64(1) << ((key * _MIX) >> np.uint64(58))


@njit(nogil=True, cache=True)
def _bits_set(word: Any) -> int:
    count = 0
    while word:
        word &= word - np.uint64(1)
        count += 1
    return count


@njit(nogil=True, cache=True)
def _advance(slots: Any, event: Any, memory: Any) -> None:
    for i in range(len(slots)):
        _advance_one(slots[i], event, i, memory)


@njit(nogil=True, cache=True)
def _advance_one(slot: int, event: Any, i: int, memory: Any) -> None:
    roles, now_ms, amounts, counterparties, agents = event
    counts, times, met = memory
    row, now = counts[slot], now_ms[i]
    days = max(now - times[slot, _LAST], 0) / _DAY_MS if row[_EVENTS] > 0 else 0.0
    day, week, month = np.exp2(-days), np.exp2(-days / 7), np.exp2(-days / 30)
    for c in (_OUT_DAY, _IN_DAY, _USD_OUT, _USD_IN):
        row[c] *= day
    for c in (_OUT_WEEK, _IN_WEEK, _NEW_AGENTS):
        row[c] *= week
    row[_MONTH] *= month
    own = 0 if roles[i] == 0 else 1
    row[_OUT_DAY + own] += 1
    row[_OUT_WEEK + own] += 1
    row[_USD_OUT + own] += amounts[i]
    row[_MONTH] += 1
    agent = _bit(agents[i])
    row[_NEW_AGENTS] += met[slot, _AGENTS] & agent == 0
    met[slot, _AGENTS] |= agent
    met[slot, _COUNTERPARTIES] |= _bit(counterparties[i])
    if row[_EVENTS] == 0:
        times[slot, _FIRST] = times[slot, _LAST] = now
    # Late events must not turn the clock of the decay back.
    times[slot, _LAST] = max(times[slot, _LAST], now)
    row[_EVENTS] += 1


@njit(nogil=True, cache=True)
def _tell(slots: Any, memory: Any, rows: Any) -> None:
    for i in range(len(slots)):
        _tell_one(slots[i], memory, rows[i])


@njit(nogil=True, cache=True)
def _tell_one(slot: int, memory: Any, told_row: Any) -> None:
    counts, times, met = memory
    if counts[slot, _EVENTS] == 0:
        return
    for c in range(N_COUNTS):
        told_row[c] = np.rint(counts[slot, c] * 1000) / 1000
    told_row[_T_FIRST], told_row[_T_LAST] = times[slot, _FIRST], times[slot, _LAST]
    told_row[_T_COUNTERPARTIES] = _bits_set(met[slot, _COUNTERPARTIES])
    told_row[_T_AGENTS] = _bits_set(met[slot, _AGENTS])


@njit(nogil=True, cache=True)
def _pass_on(slots: Any, event: Any, memory: Any, rows: Any) -> None:
    for i in range(0, len(slots), 2):
        _tell_one(slots[i + 1], memory, rows[i])
        _tell_one(slots[i], memory, rows[i + 1])
        _advance_one(slots[i], event, i, memory)
        _advance_one(slots[i + 1], event, i + 1, memory)


@njit(nogil=True, cache=True)
def _compare(standing: Any, event_ms: Any, roles: Any, values: Any) -> None:
    """Write the relations, in the order of STANDING_RELATIONS; prefilled with NaN."""
    for i in range(len(standing)):
        row, value = standing[i], values[i]
        value[0] = np.log1p(row[_EVENTS])
        if row[_EVENTS] == 0:
            continue
        now = np.float64(event_ms[i])
        idle = max(now - row[_T_LAST], 0.0) / _DAY_MS
        day, week, month = np.exp2(-idle), np.exp2(-idle / 7), np.exp2(-idle / 30)
        # The other side stands in the other role.
        same, other = (1, 0) if roles[i] == 0 else (0, 1)
        value[1] = max(now - row[_T_FIRST], 0.0) / _DAY_MS
        value[2] = idle
        value[3] = np.log1p(row[_OUT_DAY + same] * day)
        value[4] = np.log1p(row[_OUT_DAY + other] * day)
        value[5] = np.log1p(row[_OUT_WEEK + same] * week)
        value[6] = np.log1p(row[_OUT_WEEK + other] * week)
        value[7] = np.log1p(row[_USD_OUT + same] * day)
        value[8] = np.log1p(row[_USD_OUT + other] * day)
        today = (row[_OUT_DAY] + row[_IN_DAY]) * day
        value[9] = np.log((today + 1) / (row[_MONTH] * month + 1))
        this_week = (row[_OUT_WEEK] + row[_IN_WEEK]) * week
        value[10] = row[_NEW_AGENTS] * week / max(this_week, 1e-6)
        value[11], value[12] = row[_T_COUNTERPARTIES], row[_T_AGENTS]
