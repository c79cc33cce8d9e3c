"""Delivery: in which order a world's payments reach a reader, with delays, repeats and outages."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from simulators.entries import DayLedger
from simulators.seeds import stream


@dataclass(frozen=True)
class Outage:
    """Nothing is delivered between two moments (UTC ms); all of it comes at the end."""

    begins_ms: int
    ends_ms: int


@dataclass(frozen=True)
class Delivery:
    """A transport with faults.

    Attributes:
        late_share: share of the payments that come late.
        late_minutes: mean delay of those.
        repeat_share: share that comes a second time.
        repeat_minutes: mean wait for the second copy.
        outages: times without delivery.
    """

    late_share: float = 0.0
    late_minutes: float = 10.0
    repeat_share: float = 0.0
    repeat_minutes: float = 5.0
    outages: tuple[Outage, ...] = ()

    def __post_init__(self) -> None:
        """Refuse shares that are none.

        Raises:
            ValueError: a share lies outside 0 to 1.
        """
        for name in ("late_share", "repeat_share"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} must lie between 0 and 1")

    def order(
        self, seed: int, ledger: DayLedger
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Rows of a day as they are delivered, and when (UTC ms); repeats come again.

        Args:
            seed: decides which are late or repeated.
            ledger: the day.
        """
        rng = stream(seed, "delivery", ledger.day)
        n = len(ledger)
        late = rng.random(n) < self.late_share
        delay = np.where(late, rng.exponential(self.late_minutes * 60_000, n), 0.0)
        arrival = ledger.event_ms + delay.astype(np.int64)
        again = np.flatnonzero(rng.random(n) < self.repeat_share)
        wait = rng.exponential(self.repeat_minutes * 60_000, again.size).astype(np.int64)
        rows = np.concatenate([np.arange(n, dtype=np.int64), again])
        arrival = np.concatenate([arrival, arrival[again] + wait])
        arrival = self.held(arrival)
        order = np.argsort(arrival, kind="stable")
        return rows[order], arrival[order]

    def held(self, arrival: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Times of arrival (UTC ms), those in an outage moved to its end."""
        for outage in self.outages:
            dark = (arrival >= outage.begins_ms) & (arrival < outage.ends_ms)
            arrival = np.where(dark, outage.ends_ms, arrival)
        return arrival
