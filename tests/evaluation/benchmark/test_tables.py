"""The benchmark's files: fixed bytes, tasks that stand alone, no truth among the inputs."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from pipeline.encoding import FEATURES
from pipeline.errors import ColdwireError
from pipeline.evaluation.benchmark.benchmark import Benchmark
from pipeline.evaluation.benchmark.cutting import Cut, cut_tasks, cut_training
from pipeline.evaluation.benchmark.observing import aggregates_of, portions
from pipeline.evaluation.benchmark.tables import (
    AGGREGATES,
    EVENT_COLUMNS,
    EVENTS,
    EVENTS_SEEN,
    LABELS,
    SPLITS,
    STANDING_COLUMNS,
    TEST,
    TRAIN,
)
from pipeline.evaluation.splits import rank_of
from schemas.standing import Standing
from tests.evaluation.benchmark.toy import MOST_EVENTS, write_toy
from tests.model.worlds import toy_observations


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Benchmark:
    return write_toy(tmp_path_factory.mktemp("benchmark"))


@pytest.fixture(scope="module")
def tasks() -> Cut:
    return cut_tasks([toy_observations(3, 300, 25)], TEST, "salt")


def test_the_same_sources_give_the_same_bytes(made: Benchmark, tmp_path: Path) -> None:
    again = write_toy(tmp_path)
    assert again.manifest == made.manifest
    assert again.manifest.data_id == made.manifest.data_id
    for name in [*made.manifest.files, "manifest.json"]:
        assert (tmp_path / name).read_bytes() == (made.directory / name).read_bytes(), name


def test_every_file_is_in_the_manifest_and_a_changed_one_is_refused(tmp_path: Path) -> None:
    made = write_toy(tmp_path)
    files = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.parquet")}
    assert files == set(made.manifest.files)
    labels = tmp_path / "test/labels.parquet"
    pl.read_parquet(labels).with_columns(risky=pl.lit(value=False)).write_parquet(labels)
    with pytest.raises(ColdwireError, match=r"test/labels.parquet is missing or was changed"):
        Benchmark.open(tmp_path)


def test_a_directory_without_a_benchmark_is_the_users_mistake(tmp_path: Path) -> None:
    with pytest.raises(ColdwireError, match="no benchmark"):
        Benchmark.open(tmp_path)


def test_a_task_is_the_first_events_of_a_counterparty_and_asks_about_the_last(tasks: Cut) -> None:
    world = toy_observations(3, 300, 25)
    rank = rank_of(world.columns.entity)
    for seen in EVENTS_SEEN:
        of_length = tasks.labels.filter(pl.col("events_seen") == seen)
        reached = rank == seen
        assert len(of_length) == reached.sum()
        assert of_length["risky"].sum() == world.risky[reached].sum()
        events = tasks.events.join(of_length, on="task").sort("task", "position")
        assert (events.group_by("task").len()["len"] == seen + 1).all()
        last = events.filter(pl.col("position") == seen)
        assert sorted(last["amount"]) == sorted(world.columns.amount[reached])
        assert (last["risky"] == (last["amount"] > 60_000)).mean() > 0.9


def test_nothing_links_a_task_to_another(tasks: Cut) -> None:
    ids = tasks.events.select("task", pl.concat_list("other_party", "other_agent").alias("id"))
    owners = ids.explode("id").unique().group_by("id").len()
    assert (owners["len"] == 1).all()
    assert tasks.labels["task"].is_unique().all()
    assert tasks.labels["counterparty"].n_unique() == 25


def test_within_a_task_an_id_is_one_party() -> None:
    world = toy_observations(3, 300, 25)
    cut = cut_training([world], most_events=300, salt="salt")
    told = cut.events.group_by("counterparty").agg(pl.col("other_party").n_unique())
    pairs = np.stack([world.columns.entity, world.columns.counterparty])
    assert told["other_party"].sum() == np.unique(pairs, axis=1).shape[1]


def test_inputs_hold_no_truth_and_histories_stand_in_order(made: Benchmark) -> None:
    for split in SPLITS:
        events = made.table(split, EVENTS)
        key = events.columns[0]
        assert events.columns == [key, *EVENT_COLUMNS]
        assert events.equals(events.sort(key, "position"))
        assert made.table(split, AGGREGATES).columns == [key, "position", *FEATURES]
        for (_, before), (_, after) in pairwise(events.select(key, "position").iter_rows()):
            assert after in (0, before + 1)


def test_aggregates_and_labels_are_of_the_same_events(made: Benchmark) -> None:
    for split in SPLITS:
        aggregates, labels = made.table(split, AGGREGATES), made.table(split, LABELS)
        key = aggregates.columns[0]
        assert aggregates[key].equals(labels[key])
        position = labels["position" if split == TRAIN else "events_seen"]
        assert aggregates["position"].equals(position.rename("position"))
        seen = np.expm1(aggregates["events_seen"].to_numpy())
        assert np.array_equal(np.argsort(seen, kind="stable"), np.argsort(position, kind="stable"))


def test_training_keeps_the_first_events_only(made: Benchmark) -> None:
    assert made.table(TRAIN, EVENTS)["position"].max() == MOST_EVENTS - 1


def test_portions_are_the_table_without_a_key_cut_in_two(
    made: Benchmark, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = made.table(TEST, EVENTS)
    aggregates = aggregates_of(whole, "task")
    monkeypatch.setattr("pipeline.evaluation.benchmark.observing._KEYS_AT_ONCE", 7)
    parts = list(portions(whole, "task"))
    assert pl.concat(parts).equals(whole)
    assert sum(part["task"].n_unique() for part in parts) == whole["task"].n_unique()
    assert len(parts) > 1
    assert aggregates_of(whole, "task").equals(aggregates)


def test_every_number_of_a_standing_has_a_column() -> None:
    assert {*STANDING_COLUMNS, "state"} == {*Standing.model_fields}
