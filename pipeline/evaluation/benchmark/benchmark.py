"""A benchmark on disk: written once, then read by methods and by the scorer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import polars as pl

from pipeline.encoding import FEATURES
from pipeline.evaluation.benchmark.cutting import Cut, cut_tasks, cut_training
from pipeline.evaluation.benchmark.manifest import NAME, VERSION, Manifest, digest_of
from pipeline.evaluation.benchmark.observing import aggregates_of, is_last
from pipeline.evaluation.benchmark.tables import (
    AGGREGATES,
    EVENTS,
    LABELS,
    TEST,
    TRAIN,
    file_of,
    key_of,
)
from pipeline.model.sequences import LabelledColumns


@dataclass(frozen=True, slots=True)
class SplitSource:
    """A world that becomes a split.

    Attributes:
        parts: labelled observations in order of arrival.
        world: its configuration, for the manifest.
    """

    parts: Iterable[LabelledColumns]
    world: dict[str, Any]


def write_benchmark(
    directory: Path, sources: dict[str, SplitSource], size: str, seed: int, most_events: int
) -> Manifest:
    """Write all tables and the manifest.

    Args:
        sources: by split, each of a world of its own.
        size, seed: names of what is made.
        most_events: events kept of each training counterparty.
    """
    files, counts = {}, {}
    for split, source in sources.items():
        salt = f"{NAME}-{VERSION}/{size}/{seed}/{split}"
        if split == TRAIN:
            cut = cut_training(source.parts, most_events, salt)
        else:
            cut = cut_tasks(source.parts, split, salt)
        counts[split] = _counts(cut)
        for table, frame in _tables(cut, split).items():
            path = directory / file_of(split, table)
            path.parent.mkdir(parents=True, exist_ok=True)
            frame.write_parquet(path, compression="zstd")
            files[file_of(split, table)] = digest_of(path)
    worlds = {split: source.world for split, source in sources.items()}
    manifest = Manifest(size, seed, worlds, counts, files)
    manifest.save(directory)
    return manifest


def _tables(cut: Cut, split: str) -> dict[str, pl.DataFrame]:
    key = key_of(split)
    aggregates = aggregates_of(cut.events, key)
    if split != TRAIN:
        aggregates = aggregates.filter(is_last(cut.events, key))
    return {EVENTS: cut.events, AGGREGATES: aggregates, LABELS: cut.labels}


def _counts(cut: Cut) -> dict[str, dict[str, int]]:
    seen = "events_seen"
    if seen not in cut.labels.columns:
        return {"events": _count(cut.labels)}
    tasks = cut.labels.partition_by(seen, as_dict=True, maintain_order=True)
    return {str(h): _count(rows) for (h,), rows in sorted(tasks.items())}


def _count(labels: pl.DataFrame) -> dict[str, int]:
    return {"rows": len(labels), "risky": int(labels["risky"].sum())}


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A benchmark whose files were checked."""

    directory: Path
    manifest: Manifest

    @classmethod
    def open(cls, directory: Path) -> Self:
        """Check every file against the manifest.

        Raises:
            ColdwireError: there is no benchmark, or a file is missing or was changed.
        """
        return cls(directory, Manifest.load(directory))

    def table(self, split: str, table: str) -> pl.DataFrame:
        """One table, sorted by its key (and position)."""
        return pl.read_parquet(self.directory / file_of(split, table))

    def features(self, split: str) -> npt.NDArray[np.float32]:
        """Streaming aggregates of a split's labelled events, [N, A]."""
        return self.table(split, AGGREGATES).select(FEATURES).to_numpy().astype(np.float32)

    def risky(self, split: str) -> npt.NDArray[np.int8]:
        """Labels of the same rows, [N]."""
        return self.table(split, LABELS)["risky"].to_numpy().astype(np.int8)

    def test_tasks(self) -> pl.Series:
        """Ids of the tasks to score, sorted."""
        return self.table(TEST, LABELS)[key_of(TEST)]
