"""How fast an engine is: latencies of single calls, rates of batches, and their bars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

ADAPT_BAR_MS: Final = 30.0
SCORE_BAR_MS: Final = 5.0
ADAPTATIONS_BAR: Final = 500.0
SCORES_BAR: Final = 20_000.0


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds of single calls, by the clock and of CPU."""

    p50: float
    p99: float
    cpu_p50: float
    cpu_p99: float
    calls: int

    @classmethod
    def of(cls, spent: Sequence[tuple[float, float]]) -> Latency:
        """Percentiles of seconds by the clock and of CPU."""
        percentiles = np.percentile(np.array(spent) * 1e3, [50, 99], axis=0).round(3)
        (p50, cpu_p50), (p99, cpu_p99) = percentiles.tolist()
        return cls(p50, p99, cpu_p50, cpu_p99, len(spent))


@dataclass(frozen=True, slots=True)
class Rate:
    """Rows a second of the clock, and of CPU as if nothing else ran on the processors."""

    clock: float
    cpu: float


@dataclass(frozen=True, slots=True)
class Rates:
    """Rows a second of each kind of work.

    Attributes:
        scores: whose contexts are in memory.
        scores_afresh: whose contexts are not.
        adaptations: to full windows whose states are there.
        payments: the whole engine's, from the first payment on.
    """

    scores: Rate
    scores_afresh: Rate
    adaptations: Rate
    payments: Rate


@dataclass(frozen=True, slots=True)
class Speed:
    """What an engine does on this machine.

    Attributes:
        adapt_and_score: one payment with an adaptation to WINDOW events.
        score_from_state: one payment of a known counterparty without.
        rates: all processes together.
        batch: counterparties a batch.
    """

    adapt_and_score: Latency
    score_from_state: Latency
    rates: Rates
    processes: int
    batch: int


HEADER: Final = ("what", "measured", "of CPU", "bar")


def rows_of(speed: Speed) -> list[list[str]]:
    """Rows of a table below :data:`HEADER`."""
    batches = f"batches of {speed.batch}, processes: {speed.processes}"
    calls = (
        ("adapt + score, batch 1, 16 events", speed.adapt_and_score, ADAPT_BAR_MS),
        ("score from state, batch 1", speed.score_from_state, SCORE_BAR_MS),
    )
    work = (
        (f"scores, {batches}", speed.rates.scores, f"≥ {SCORES_BAR:,.0f} /s"),
        (f"scores, no context in memory, {batches}", speed.rates.scores_afresh, "–"),
        (f"adaptations, {batches}", speed.rates.adaptations, f"≥ {ADAPTATIONS_BAR:,.0f} /s"),
        (f"payments with all messages, {batches}", speed.rates.payments, "–"),
    )
    return [
        *(
            [
                *(what, f"p50 {t.p50:.1f}, p99 {t.p99:.1f} ms"),
                *(f"p50 {t.cpu_p50:.1f}, p99 {t.cpu_p99:.1f} ms", f"p99 ≤ {bar:.0f} ms"),
            ]
            for what, t, bar in calls
        ),
        *([what, f"{rate.clock:,.0f} /s", f"{rate.cpu:,.0f} /s", bar] for what, rate, bar in work),
    ]
