"""Benchmarks of the scoring engine: python -m pipeline.scoring.benchmark [--json].

One payment at a time, on one thread of one process: the 16th payment of a counterparty,
which is scored and then adapts the prompt to 16 events, and the 17th, which is scored from
the state alone. In batches, side by side in ``--processes`` processes of one thread each.

* adapt + score, score from state: one call of the engine, from record to messages;
* scores a second: encoding, model, trees, stack and calibration, behind a full window, once
  with every context in memory and once with none, as after a restart;
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
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, fields
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
from pipeline.scoring.engine import ProfileEngine
from pipeline.scoring.intake import take
from pipeline.scoring.policy import Policy
from pipeline.scoring.scorer import Scorer
from pipeline.scoring.speed import HEADER, Latency, Rate, Rates, Speed, rows_of
from pipeline.scoring.traffic import Traffic
from schemas.score import Tier

_TABLE_WIDTH: Final = 120


def single(checkpoint: Checkpoint, counterparties: int, seed: int) -> tuple[Latency, Latency]:
    """Latencies of the payment that adapts to a full window, and of the one after it."""
    # What scores high does not adapt: at this prevalence nothing scores high.
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

    def score(by: Scorer) -> None:
        new = take(records.pop(), arena)
        by.score(new, rows, tier, arena.prompt[new.slot])

    def score_afresh() -> None:
        score(Scorer(checkpoint))

    def adapt() -> None:
        scorer.adapt(intake, rows, output.states, arena.prompt[intake.slot], trusted)

    records = [traffic.next_event() for _ in range(_rounds(seconds, batch))]
    # Taken from the end: a profile takes what is older than all it remembers for a repeat.
    records.reverse()
    remembered = _rate(partial(score, scorer), batch, seconds, together, most=len(records) // 2)
    afresh = _rate(score_afresh, batch, seconds, together, most=len(records))
    adaptations = _rate(adapt, batch, seconds, together)
    payments = _payments(checkpoint, batch, seconds, seed, together)
    return Rates(remembered, afresh, adaptations, payments)


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
    began, cpu, done, spent = time.perf_counter(), time.process_time(), 0, 0.0
    while spent < seconds and done != most:
        work()
        done += 1
        spent = time.perf_counter() - began
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
    total = Rates(
        *(
            Rate(*(round(sum(getattr(r, of) for r in each), 1) for of in ("clock", "cpu")))
            for each in ([getattr(r, f.name) for r in found] for f in fields(Rates))
        )
    )
    return Speed(adapting, scoring, total, processes, batch)


def brief(checkpoint: Checkpoint, *, counterparties: int = 150, seconds: float = 0.5) -> Speed:
    """A measurement of seconds, in this process alone: for a report, not for a bar."""
    adapting, scoring = single(checkpoint, counterparties, seed=7)
    return Speed(adapting, scoring, rates(checkpoint, 64, seconds, 7, lambda: None), 1, 64)


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
