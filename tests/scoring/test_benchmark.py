"""The benchmark measures what it says: the payment that adapts, and the one that does not."""

from __future__ import annotations

import numpy as np

from pipeline.encoding.history import WINDOW
from pipeline.model.checkpoint import Checkpoint
from pipeline.scoring.benchmark import rates, single
from pipeline.scoring.speed import Latency, Rate, Rates, Speed, rows_of
from pipeline.scoring.traffic import Traffic


def test_single_calls_are_counted_and_measured(checkpoint: Checkpoint) -> None:
    adapting, scoring = single(checkpoint, 5, seed=3)
    assert adapting.calls == scoring.calls == 5
    assert 0 < scoring.p50 <= scoring.p99
    assert adapting.p99 > 0


def test_rates_come_from_all_kinds_of_work(checkpoint: Checkpoint) -> None:
    began: list[int] = []
    found = rates(checkpoint, 8, 0.01, 3, lambda: began.append(1))
    assert len(began) == 4
    kinds = found.scores, found.scores_afresh, found.adaptations, found.payments
    assert min(kind.clock for kind in kinds) > 0


def test_traffic_gives_every_counterparty_one_payment_later_than_the_last() -> None:
    traffic = Traffic(6, seed=1)
    first, second = traffic.next_event(), traffic.next_event()
    assert [r.record.entity for r in first] == [r.record.entity for r in second]
    assert len({r.record.entity for r in first}) == 6
    uetrs = {getattr(r.record, "uetr", None) for r in (*first, *second)}
    assert len(uetrs) == 12
    offsets = [r.offset for r in (*first, *second)]
    assert offsets == sorted(offsets)


def test_percentiles_are_those_of_the_calls() -> None:
    spent = [(i / 1000, i / 2000) for i in range(101)]
    latency = Latency.of(spent)
    assert (latency.p50, latency.p99, latency.cpu_p50, latency.cpu_p99) == (50, 99, 25, 49.5)
    rate = Rate(1.0, 2.0)
    rows = rows_of(Speed(latency, latency, Rates(rate, rate, rate, rate), 2, WINDOW))
    assert np.shape(rows) == (6, 4)
