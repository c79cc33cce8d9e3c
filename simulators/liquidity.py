"""Liquidity: banks send what balance and daylight credit allow, and queue the rest.

A bank's payments wait in order while they do not fit under its cap; incoming funds release
them, so that one bank's caution delays others (the mechanism of Afonso and Shin, 2011).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from simulators.clock import MINUTE_MS
from simulators.codes import BANK, instrument
from simulators.entries import NO_SCHEME, Entries

_PRIORITY: Final = instrument("BTRS")


@dataclass(frozen=True, slots=True)
class Hold:
    """A bank's outgoing payments of a part of a day that wait for a release.

    Attributes:
        offset: day since the start of the case.
        bank: participant that does not send.
        begins, ends, release: minutes since opening.
        share: of the payments that wait.
        spread: mean minutes after the release at which they leave.
        scheme, role, stage, risky: truth for the bank's own payments among them.
    """

    offset: int
    bank: int
    begins: float
    ends: float
    release: float
    share: float
    spread: float
    scheme: int
    role: int
    stage: int
    risky: bool


def apply_holds(day: Entries, holds: list[Hold], rng: np.random.Generator) -> None:
    """Delay in place what the holds of a day catch, and label the bank's own payments."""
    for hold in holds:
        minute = day.offset_ms / MINUTE_MS
        caught = (day.debtor_agent == hold.bank) & (minute >= hold.begins) & (minute < hold.ends)
        caught &= rng.random(len(day)) < hold.share
        rows = np.flatnonzero(caught)
        later = hold.release + rng.exponential(hold.spread, rows.size)
        day.offset_ms[rows] = np.maximum(day.offset_ms[rows], (later * MINUTE_MS).astype(np.int64))
        own = rows[(day.message_type[rows] == BANK) & (day.scheme[rows] == NO_SCHEME)]
        day.scheme[own] = hold.scheme
        day.debtor_role[own] = hold.role
        day.stage[own] = hold.stage
        day.debtor_risky[own] = hold.risky


@dataclass(frozen=True)
class Reserves:
    """How far each bank may go below its opening balance.

    Attributes:
        caution: float64 [participants], daylight credit it dares to use, as a share of what
            it sends on the day (never less than its largest payment or its net outflow).
    """

    caution: npt.NDArray[np.float64]

    @classmethod
    def draw(cls, participants: int, rng: np.random.Generator) -> Reserves:
        """Draw the caution of each bank: few are tight, most have ample room."""
        return cls(np.minimum(rng.lognormal(-0.6, 0.7, participants), 2.0))

    def caps(self, day: Entries) -> npt.NDArray[np.int64]:
        """Cents below the opening balance that each bank may reach on a day."""
        n = self.caution.size
        sent = np.bincount(day.debtor_agent, weights=day.amount_cents, minlength=n)
        received = np.bincount(day.creditor_agent, weights=day.amount_cents, minlength=n)
        largest = np.zeros(n, dtype=np.int64)
        np.maximum.at(largest, day.debtor_agent, day.amount_cents)
        needed = np.maximum(sent * self.caution, sent - received)
        return np.asarray(np.maximum(needed.astype(np.int64), largest), dtype=np.int64)


def queue(day: Entries, caps: npt.NDArray[np.int64], cutoff_ms: int) -> Entries:
    """Settle a day in time order under the caps; what waits moves to its release.

    Settlement payments go ahead of the queue. What still waits at the cut-off is sent then,
    on dearer credit.

    Args:
        day: payments in any order.
        caps: cents of daylight credit per participant.
        cutoff_ms: offset at which nothing waits any longer.
    """
    order = np.argsort(day.offset_ms, kind="stable")
    at = day.offset_ms[order].tolist()
    amount = day.amount_cents[order].tolist()
    sender = day.debtor_agent[order].tolist()
    receiver = day.creditor_agent[order].tolist()
    first = (day.local_instrument[order] == _PRIORITY).tolist()
    room = caps.tolist()
    waiting: dict[int, deque[int]] = {}
    for row, now in enumerate(at):
        bank = sender[row]
        if not first[row] and (waiting.get(bank) or amount[row] > room[bank]):
            waiting.setdefault(bank, deque()).append(row)
            continue
        room[bank] -= amount[row]
        settled = [row]
        while settled:
            done = settled.pop()
            payee = receiver[done]
            room[payee] += amount[done]
            line = waiting.get(payee)
            while line and amount[line[0]] <= room[payee]:
                released = line.popleft()
                room[payee] -= amount[released]
                at[released] = now
                settled.append(released)
    for line in waiting.values():
        for row in line:
            at[row] = max(at[row], cutoff_ms)
    moved = day.offset_ms.copy()
    moved[order] = at
    return replace(day, offset_ms=moved)
