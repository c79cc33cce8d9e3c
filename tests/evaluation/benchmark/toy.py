"""A benchmark of toy streams, where large payments are mostly risky."""

from __future__ import annotations

from pathlib import Path

from pipeline.evaluation.benchmark.benchmark import Benchmark, SplitSource, write_benchmark
from pipeline.evaluation.benchmark.tables import TEST, TRAIN, VALIDATION
from tests.model.worlds import toy_observations

SEEDS = {TRAIN: 1, VALIDATION: 2, TEST: 3}
EVENTS, ENTITIES, MOST_EVENTS = 300, 25, 8


def write_toy(directory: Path) -> Benchmark:
    """Write it, and open what was written."""
    sources = {
        split: SplitSource([toy_observations(seed, EVENTS, ENTITIES)], {"seed": seed})
        for split, seed in SEEDS.items()
    }
    write_benchmark(directory, sources, "toy", 0, MOST_EVENTS)
    return Benchmark.open(directory)
