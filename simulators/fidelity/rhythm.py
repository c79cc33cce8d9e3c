"""When a world pays, how much, how often, and how many it has never seen before."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from simulators.calendar import OPEN_MINUTES, minute_of
from simulators.clock import MINUTE_MS
from simulators.codes import CUSTOMER, MESSAGE_TYPES, REASONS
from simulators.entries import DayLedger

I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]

_HOURS: Final = OPEN_MINUTES // 60
_LATE_HOUR: Final = minute_of(17) // 60
_DAY_MS: Final = 86_400_000.0
AMOUNT_EDGES: Final = np.linspace(0.0, 11.0, 89)
"""Edges of the amounts' bins, in powers of ten of a dollar."""


@dataclass
class Rhythm:
    """Runs over the ledgers of a world, day by day (8 bytes a payment are kept, for the gaps).

    Attributes:
        parties: customers that live at some time.
        families: names of the families, then ``scheme``.
        volume, value: payments and dollars by message type and hour since the opening.
        amounts: payments by message type and bin of :data:`AMOUNT_EDGES`.
        returns: payments that come back, by index of the reason.
        newcomers: customers first seen on each day, each on one side of a payment.
        sides: sides of customers on each day.
        gaps: days between payments of one customer in one family, by family.
    """

    parties: int
    families: tuple[str, ...]
    volume: F64 = field(init=False)
    value: F64 = field(init=False)
    amounts: F64 = field(init=False)
    returns: I64 = field(init=False)
    newcomers: list[int] = field(default_factory=list)
    sides: list[int] = field(default_factory=list)
    gaps: dict[str, list[F64]] = field(default_factory=dict)
    _seen: npt.NDArray[np.bool_] = field(init=False)
    _last_ms: I64 = field(init=False)

    def __post_init__(self) -> None:
        """Start from nothing seen."""
        types = len(MESSAGE_TYPES)
        self.volume, self.value = np.zeros((types, _HOURS)), np.zeros((types, _HOURS))
        self.amounts = np.zeros((types, AMOUNT_EDGES.size - 1))
        self.returns = np.zeros(len(REASONS), dtype=np.int64)
        self._seen = np.zeros(self.parties, dtype=np.bool_)
        self._last_ms = np.full((len(self.families), self.parties), -1, dtype=np.int64)

    def add(self, ledger: DayLedger, open_ms: int) -> None:
        """Take in one day; days come in order."""
        dollars = ledger.amount_cents / 100.0
        hour = np.minimum((ledger.event_ms - open_ms) // (60 * MINUTE_MS), _HOURS - 1)
        bins = np.digitize(np.log10(np.maximum(dollars, 1.0)), AMOUNT_EDGES[1:-1])
        for kind in range(len(MESSAGE_TYPES)):
            mine = ledger.message_type == kind
            self.volume[kind] += np.bincount(hour[mine], minlength=_HOURS)
            self.value[kind] += np.bincount(hour[mine], dollars[mine], minlength=_HOURS)
            self.amounts[kind] += np.bincount(bins[mine], minlength=AMOUNT_EDGES.size - 1)
        self.returns += np.bincount(ledger.reason[ledger.original >= 0], minlength=len(REASONS))
        self._count_newcomers(ledger)
        self._measure_gaps(ledger)

    def _count_newcomers(self, ledger: DayLedger) -> None:
        sides = np.stack([ledger.debtor, ledger.creditor], axis=1).ravel()
        sides = sides[sides >= 0]
        fresh = np.unique(sides[~self._seen[sides]])
        self.newcomers.append(int(fresh.size))
        self.sides.append(int(sides.size))
        self._seen[fresh] = True

    def _measure_gaps(self, ledger: DayLedger) -> None:
        """Gaps of debtors; the ledger is in time order."""
        for number, name in enumerate(self.families):
            mine = (ledger.family == number) & (ledger.debtor >= 0)
            who, when = ledger.debtor[mine], ledger.event_ms[mine]
            if not who.size:
                continue
            order = np.lexsort((when, who))
            who, when = who[order], when[order]
            last = self._last_ms[number]
            before = np.where(np.r_[True, who[1:] != who[:-1]], last[who], np.r_[-1, when[:-1]])
            known = before >= 0
            self.gaps.setdefault(name, []).append((when[known] - before[known]) / _DAY_MS)
            last[who] = when

    def late_share(self, by_hour: F64) -> float:
        """Share that falls after 17:00 Eastern Time of a count by message type and hour."""
        return float(by_hour[:, _LATE_HOUR:].sum() / by_hour.sum())

    def return_share(self) -> float:
        """Returns over customer payments."""
        return float(self.returns.sum() / self.volume[CUSTOMER].sum())

    def gap_quantiles(self, name: str, shares: tuple[float, ...]) -> tuple[float, ...]:
        """Quantiles of a family's gaps in days; empty where it has fewer than 20."""
        found = np.concatenate(self.gaps.get(name, [np.zeros(0)]))
        return tuple(map(float, np.quantile(found, shares))) if found.size >= 20 else ()

    def amount_quantile(self, share: float) -> float:
        """Amount in dollars below which that share of all payments lies, to 1/8 decade."""
        running = np.cumsum(self.amounts.sum(axis=0))
        at = int(np.searchsorted(running, share * running[-1]))
        return float(10.0 ** ((AMOUNT_EDGES[at] + AMOUNT_EDGES[at + 1]) / 2))
