"""Payments as columns: what a behaviour or scheme emits, and the sorted ledger of a day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from simulators.clock import MINUTE_MS
from simulators.codes import CUSTOMER, instrument
from simulators.flows import ALONE, completed

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
I32 = npt.NDArray[np.int32]
I16 = npt.NDArray[np.int16]
I8 = npt.NDArray[np.int8]
Bool = npt.NDArray[np.bool_]

NO_SCHEME: Final = -1
_CTRC: Final = instrument("CTRC")


@dataclass(frozen=True, slots=True)
class Entries:
    """Rows of payments of one day, in any order; all arrays have length n.

    ``offset_ms`` counts from the opening; ``debtor`` and ``creditor`` are party indices or
    -1 for the bank itself. ``flow`` numbers the business that a payment is the leg ``leg`` of
    (``ALONE``: the only one). ``family``, ``scheme``, ``leg``, roles, ``stage`` and the risky
    flags are truth: they never reach a payment.
    """

    offset_ms: I64
    amount_cents: I64
    message_type: I8
    local_instrument: I8
    purpose: I8
    debtor: I32
    creditor: I32
    debtor_agent: I32
    creditor_agent: I32
    flow: I64
    family: I16
    scheme: I64
    leg: I8
    debtor_role: I8
    creditor_role: I8
    stage: I8
    debtor_risky: Bool
    creditor_risky: Bool

    def __len__(self) -> int:
        return int(self.offset_ms.size)

    def take(self, rows: npt.NDArray[Any] | slice) -> Entries:
        """Select rows by index, mask or slice."""
        return Entries(**{name: getattr(self, name)[rows] for name in _TYPES})


_TYPES: Final = {
    "offset_ms": np.int64,
    "amount_cents": np.int64,
    "message_type": np.int8,
    "local_instrument": np.int8,
    "purpose": np.int8,
    "debtor": np.int32,
    "creditor": np.int32,
    "debtor_agent": np.int32,
    "creditor_agent": np.int32,
    "flow": np.int64,
    "family": np.int16,
    "scheme": np.int64,
    "leg": np.int8,
    "debtor_role": np.int8,
    "creditor_role": np.int8,
    "stage": np.int8,
    "debtor_risky": np.bool_,
    "creditor_risky": np.bool_,
}

_DEFAULTS: Final[dict[str, int | bool]] = {
    "message_type": CUSTOMER,
    "local_instrument": _CTRC,
    "purpose": 0,
    "debtor": -1,
    "creditor": -1,
    "flow": ALONE,
    "family": 0,
    "scheme": NO_SCHEME,
    "leg": 1,
    "debtor_role": 0,
    "creditor_role": 0,
    "stage": 0,
    "debtor_risky": False,
    "creditor_risky": False,
}


def rows(
    minute: npt.NDArray[np.float64], dollars: npt.NDArray[np.float64], **columns: Any
) -> Entries:
    """Build entries from minutes since opening, dollar amounts and further columns.

    Columns may be scalars; those not given take the defaults of an ordinary customer
    transfer. ``debtor_agent`` and ``creditor_agent`` must be given.
    """
    n = minute.size
    made: dict[str, npt.NDArray[Any]] = {
        "offset_ms": np.asarray(minute * MINUTE_MS, dtype=np.int64),
        "amount_cents": np.maximum(np.rint(dollars * 100.0), 1).astype(np.int64),
    }
    for name, kind in _TYPES.items():
        if name not in made:
            value = columns[name] if name in columns else _DEFAULTS[name]
            made[name] = np.full(n, value, dtype=kind)
    return Entries(**made)


def empty() -> Entries:
    """No rows."""
    nothing = np.zeros(0)
    return rows(nothing, nothing, debtor_agent=0, creditor_agent=0)


def join(parts: Sequence[Entries]) -> Entries:
    """Concatenate rows, keeping their order."""
    filled = [p for p in parts if len(p)]
    if not filled:
        return empty()
    return Entries(**{name: np.concatenate([getattr(p, name) for p in filled]) for name in _TYPES})


@dataclass(frozen=True, slots=True)
class DayLedger:
    """All payments of one business day in time order, one row each.

    The columns of :class:`Entries`, with ``event_ms`` (UTC epoch ms) in place of the
    offset, and ``sequence``, which counts each debtor agent's messages of the day from 1.
    A return has in ``original`` the row of what it gives back, whose flow and leg it shares,
    and in ``reason`` why; other rows have -1 and 0. From ``family`` on the columns are truth.
    """

    day: int
    sequence: I32
    event_ms: I64
    amount_cents: I64
    message_type: I8
    local_instrument: I8
    purpose: I8
    debtor: I32
    creditor: I32
    debtor_agent: I32
    creditor_agent: I32
    flow: I64
    original: I64
    reason: I8
    family: I16
    scheme: I64
    leg: I8
    debtor_role: I8
    creditor_role: I8
    stage: I8
    debtor_risky: Bool
    creditor_risky: Bool

    def __len__(self) -> int:
        return int(self.event_ms.size)

    @classmethod
    def sorted(
        cls, day: int, open_ms: int, entries: Entries, original: I64, reason: I8
    ) -> DayLedger:
        """Sort by time (ties keep their order) and move to UTC.

        Args:
            day: its index.
            open_ms: UTC epoch ms of the opening.
            entries: the payments, then their returns.
            original: row in ``entries`` that each of the returns gives back.
            reason: why.
        """
        order = np.argsort(entries.offset_ms, kind="stable")
        taken = entries.take(order)
        place = np.empty(order.size, dtype=np.int64)
        place[order] = np.arange(order.size)
        back = place[order.size - original.size :]
        originals = np.full(order.size, -1, dtype=np.int64)
        originals[back] = place[original]
        reasons = np.zeros(order.size, dtype=np.int8)
        reasons[back] = reason
        columns = {name: getattr(taken, name) for name in _TYPES if name != "offset_ms"}
        columns["flow"] = completed(taken.flow, day)
        for name in ("flow", "leg"):
            columns[name][back] = columns[name][originals[back]]
        return cls(
            day=day,
            sequence=_sequence(taken.debtor_agent),
            event_ms=taken.offset_ms + open_ms,
            original=originals,
            reason=reasons,
            **columns,
        )


def _sequence(agent: I32) -> I32:
    """Count the rows of each agent from 1, in row order."""
    order = np.argsort(agent, kind="stable")
    ordered = agent[order]
    first = np.searchsorted(ordered, ordered, side="left")
    sequence = np.empty(agent.size, dtype=np.int32)
    sequence[order] = np.arange(agent.size) - first + 1
    return sequence
