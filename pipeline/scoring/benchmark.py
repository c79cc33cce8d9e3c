"""Benchmarks of the scoring engine: python -m pipeline.scoring.benchmark [--json].

One payment at a time, on one thread of one process: the 16th payment of a counterparty,
which is scored and then adapts the prompt to 16 events, and the 17th, which is scored from
the state alone. In batches, side by side in ``--processes`` processes of one thread each.

* adapt + score, score from state: one call of the engine, from record to messages;
* scores a second: encoding, model, trees, stack and calibration, behind a full window;
* adaptations a second: the inner loop on a full window, states given, as the engine runs it;
* payments a second: whole engine on first payments, which have short histories to read, with
  messages and with every adaptation that falls due.

Times of CPU stand beside those of the clock, since other work on the machine lengthens the
latter.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import platform
import time
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from multiprocessing.managers import SyncManager
from pathlib import Path
from threading import Barrier
from typing import Final

import numpy as np
from rich.console import Console
from rich.table import Table

from pipeline.encoding.history import WINDOW
from pipeline.model.checkpoint import SHIPPED, Checkpoint
from pipeline.scoring.arena import Arena
from pipeline.scoring.budget import Budget
from pipeline.scoring.effects import LogRecord
from pipeline.scoring.engine import ProfileEngine
from pipeline.scoring.intake import take
from pipeline.scoring.policy import Policy
from pipeline.scoring.scorer import Scorer
from schemas.payment import MessageType
from schemas.records import Observation, Role
from schemas.score import Tier

_START: Final = datetime(2026, 1, 5, 14, tzinfo=UTC)
_KNOWN_COUNTERPARTIES: Final = 6
_TABLE_WIDTH: Final = 120
ADAPT_BAR_MS: Final = 30.0
SCORE_BAR_MS: Final = 5.0
ADAPTATIONS_BAR: Final = 500.0
SCORES_BAR: Final = 20_000.0


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds of single calls, by the clock and of CPU."""

    calls: int
    p50: float
    p99: float
    cpu_p50: float
    cpu_p99: float

    @classmethod
    def of(cls, spent: Sequence[tuple[float, float]]) -> Latency:
        """Percentiles of seconds by the clock and of CPU."""
        percentiles = np.percentile(np.array(spent) * 1e3, [50, 99], axis=0)
        return cls(len(spent), *(round(float(p), 3) for p in percentiles.T.reshape(-1)))


@dataclass(frozen=True, slots=True)
class Rate:
    """Rows a second of the clock, and of CPU as if nothing else ran on the processors."""

    clock: float
    cpu: float


@dataclass(frozen=True, slots=True)
class Rates:
    """Rows a second of each kind of work."""

    scores: Rate
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


class Traffic:
    """Made-up payments of counterparties with a handful of partners each."""

    def __init__(self, counterparties: int, seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        self._counterparties = counterparties
        self._events = 0

    def next_event(self) -> list[LogRecord]:
        """The next payment of every counterparty, some hours after the one before."""
        self._events += 1
        n = self._counterparties
        amounts = self._rng.lognormal(9, 1.2, n).round(2) + 0.01
        minutes = self._rng.integers(0, 180, n)
        partners = self._rng.integers(0, _KNOWN_COUNTERPARTIES, n)
        return [
            self._payment(i, *values)
            for i, values in enumerate(
                zip(amounts.tolist(), minutes.tolist(), partners.tolist(), strict=True)
            )
        ]

    def _payment(self, entity: int, amount: float, minute: int, partner: int) -> LogRecord:
        at = _START + timedelta(hours=5 * self._events, minutes=minute)
        uetr = str(uuid.UUID(bytes=self._rng.bytes(16), version=4))
        observation = Observation(
            uetr=uetr,
            entity=f"party:{entity:032x}",
            role=Role.DEBTOR if partner % 2 else Role.CREDITOR,
            counterparty=f"party:{10**9 + _KNOWN_COUNTERPARTIES * entity + partner:032x}",
            event_at=at,
            arrived_at=at,
            amount=amount,
            message_type=MessageType.CUSTOMER,
            local_instrument="CTRC",
            entity_agent="021000021",
            counterparty_agent="011000015",
            entity_country="US",
            counterparty_country="US",
        )
        return LogRecord(0, entity + self._events * self._counterparties, observation)


def single(checkpoint: Checkpoint, counterparties: int, seed: int) -> tuple[Latency, Latency]:
    """Latencies of the payment that adapts to a full window, and of the one after it."""
    # What scores high does not adapt: at this prevalence nothing does.
    engine = ProfileEngine(checkpoint, Policy(prevalence_ratio=1e-9))
    budget = Budget(partial(float, 0.0), enforced=False)
    traffic = Traffic(counterparties, seed)
    for _ in range(WINDOW - 1):
        engine.settle(engine.process(traffic.next_event(), budget))
    measured: list[list[tuple[float, float]]] = []
    for adaptations in (1, 0):
        spent = []
        for record in traffic.next_event():
            began, cpu = time.perf_counter(), time.process_time()
            effects = engine.process([record], budget)
            spent.append((time.perf_counter() - began, time.process_time() - cpu))
            assert effects.adaptations == adaptations, "the ladder adapts at the 16th payment"
        measured.append(spent)
    return Latency.of(measured[0]), Latency.of(measured[1])


def rates(
    checkpoint: Checkpoint, batch: int, seconds: float, seed: int, together: Callable[[], object]
) -> Rates:
    """Rows a second of one process; ``together`` is called before each measurement."""
    scorer = Scorer(checkpoint)
    arena = Arena(scorer.start_prompt)
    traffic = Traffic(batch, seed)
    for _ in range(WINDOW):
        intake = take(traffic.next_event(), arena)
    rows = np.arange(batch)
    tier = np.full(batch, Tier.ADAPTED, np.int8)
    trusted = np.ones((batch, WINDOW), np.bool_)
    output = scorer.score(intake, rows, tier, arena.prompt[intake.slot])

    def score() -> None:
        new = take(records.pop(), arena)
        scorer.score(new, rows, tier, arena.prompt[new.slot])

    def adapt() -> None:
        scorer.adapt(intake, rows, output.states, arena.prompt[intake.slot], trusted)

    records = [traffic.next_event() for _ in range(_rounds(seconds, batch))]
    scores = _rate(score, batch, seconds, together, most=len(records))
    adaptations = _rate(adapt, batch, seconds, together)
    return Rates(scores, adaptations, _payments(checkpoint, batch, seconds, seed, together))


def _payments(
    checkpoint: Checkpoint, batch: int, seconds: float, seed: int, together: Callable[[], object]
) -> Rate:
    engine = ProfileEngine(checkpoint)
    budget = Budget(partial(float, 0.0), enforced=False)
    traffic = Traffic(batch, seed)
    log = [traffic.next_event() for _ in range(_rounds(seconds, batch) // 4)]
    log.reverse()

    def process() -> None:
        engine.settle(engine.process(log.pop(), budget))

    process()
    return _rate(process, batch, seconds, together, most=len(log))


def _rounds(seconds: float, batch: int) -> int:
    """Batches to prepare: more than any machine gets through in the time."""
    return max(int(40_000 * seconds / batch), 8)


def _rate(
    work: Callable[[], None],
    batch: int,
    seconds: float,
    together: Callable[[], object],
    most: int | None = None,
) -> Rate:
    """Rows a second of repeated work."""
    together()
    began, cpu, done = time.perf_counter(), time.process_time(), 0
    while (spent := time.perf_counter() - began) < seconds and done != most:
        work()
        done += 1
    rows = done * batch
    return Rate(round(rows / spent, 1), round(rows / (time.process_time() - cpu), 1))


def _one_process(path: Path, batch: int, seconds: float, seed: int, barrier: Barrier) -> Rates:
    checkpoint = Checkpoint.load(path)
    rates(checkpoint, batch, 0.2, seed, lambda: None)
    return rates(checkpoint, batch, seconds, seed, barrier.wait)


def measure(
    path: Path, *, processes: int, counterparties: int, batch: int, seconds: float, seed: int
) -> Speed:
    """All measurements of the checkpoint in a directory.

    Args:
        path: of the checkpoint.
        processes: that measure rates side by side; latencies are measured alone.
        counterparties: single calls of each kind.
        batch: rows a batch.
        seconds: of each measurement of a rate.
        seed: of the traffic.
    """
    checkpoint = Checkpoint.load(path)
    single(checkpoint, 8, seed + 1)
    adapting, scoring = single(checkpoint, counterparties, seed)
    spawn = multiprocessing.get_context("spawn")
    manager: SyncManager = spawn.Manager()
    with manager, ProcessPoolExecutor(processes, mp_context=spawn) as pool:
        barrier = manager.Barrier(processes)
        found = list(
            pool.map(
                _one_process,
                *([path] * processes, [batch] * processes, [seconds] * processes),
                *(range(seed, seed + processes), [barrier] * processes),
            )
        )
    scores, adaptations, payments = (
        Rate(*(round(sum(getattr(r, of) for r in each), 1) for of in ("clock", "cpu")))
        for each in zip(*((r.scores, r.adaptations, r.payments) for r in found), strict=True)
    )
    total = Rates(scores, adaptations, payments)
    return Speed(adapting, scoring, total, processes, batch)


def brief(checkpoint: Checkpoint, *, counterparties: int = 150, seconds: float = 0.5) -> Speed:
    """A measurement of seconds, in this process alone: for a report, not for a bar."""
    adapting, scoring = single(checkpoint, counterparties, seed=7)
    return Speed(adapting, scoring, rates(checkpoint, 64, seconds, 7, lambda: None), 1, 64)


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


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description="Benchmarks of the scoring engine.")
    parser.add_argument("--checkpoint", type=Path, default=SHIPPED)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--counterparties", type=int, default=2000, help="single calls")
    parser.add_argument("--batch", type=int, default=512)
    parser.add_argument("--seconds", type=float, default=5.0, help="of each rate")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--json", action="store_true", help="print JSON, no table")
    given = parser.parse_args()
    speed = measure(
        given.checkpoint,
        processes=given.processes,
        counterparties=given.counterparties,
        batch=given.batch,
        seconds=given.seconds,
        seed=given.seed,
    )
    machine = {
        "processor": platform.machine(),
        "cpus": os.cpu_count(),
        "python": platform.python_version(),
        "load": os.getloadavg()[0],
    }
    if given.json:
        print(json.dumps({"machine": machine, **asdict(speed)}, indent=1))
        return
    table = Table(*HEADER, title=f"{Checkpoint.load(given.checkpoint).version} on {machine}")
    for row in rows_of(speed):
        table.add_row(*row)
    console = Console()
    console.width = max(console.width, _TABLE_WIDTH)
    console.print(table)


if __name__ == "__main__":
    main()
