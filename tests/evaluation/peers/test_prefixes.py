"""What peers read: training cut as the tasks are, and fields that mean the same everywhere."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from pipeline.evaluation.benchmark.benchmark import Benchmark
from pipeline.evaluation.benchmark.tables import (
    EVENTS,
    EVENTS_SEEN,
    LABELS,
    SPLITS,
    TEST,
    TRAIN,
    VALIDATION,
)
from pipeline.evaluation.peers.prefixes import (
    COUNTS,
    NUMBERS,
    Prefixes,
    Vocabulary,
    describe,
    last_events,
)
from tests.evaluation.benchmark.toy import write_toy


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Benchmark:
    return write_toy(tmp_path_factory.mktemp("benchmark"))


def test_training_counterparties_become_prefixes_of_the_tasks_lengths(toy: Benchmark) -> None:
    prefixes = Prefixes.read(toy.directory, TRAIN)
    scored = toy.table(TRAIN, LABELS).filter(pl.col("position").is_in(EVENTS_SEEN))
    assert sorted(prefixes.length - 1) == sorted(scored["position"])
    assert prefixes.risky.sum() == scored["risky"].sum()
    raw = prefixes.events.group_by(prefixes.key, maintain_order=True).last()["amount"]
    assert ((raw.to_numpy() > 60_000) == (prefixes.risky == 1)).mean() > 0.9


def test_rows_of_every_part_belong_to_the_same_prefix(toy: Benchmark) -> None:
    for split in SPLITS:
        prefixes = Prefixes.read(toy.directory, split)
        assert len(prefixes.names) == len(prefixes.risky) == len(prefixes.aggregates)
        log_amount = np.log(
            prefixes.events.group_by(prefixes.key, maintain_order=True).last()["amount"].to_numpy()
        )
        assert any(
            np.allclose(column, log_amount, atol=1e-4) for column in prefixes.aggregates.T
        ), split


def test_peers_never_see_a_test_label(toy: Benchmark) -> None:
    assert toy.risky(TEST).any()
    assert not Prefixes.read(toy.directory, TEST).risky.any()
    assert Prefixes.read(toy.directory, VALIDATION).risky.tolist() == toy.risky(VALIDATION).tolist()


def test_an_id_becomes_the_order_in_which_it_was_met() -> None:
    start = datetime(2026, 1, 5, 23, tzinfo=UTC)
    events = pl.DataFrame(
        {
            "task": ["a", "a", "a", "b"],
            "position": [0, 1, 2, 0],
            "time": [start + timedelta(minutes=m) for m in (0, 5, 5, 9)],
            "amount": [1.0, 2.0, 3.0, 4.0],
            "own_country": ["US", "US", "US", None],
            "other_country": ["US", "DE", "US", None],
            "other_party": ["z", "y", "z", "y"],
            "other_agent": ["1", "1", "2", "1"],
            "other_first_at": [None, start - timedelta(days=3), start, None],
            "other_events": [None, 7, 1, None],
            **{
                f"other_{way}_{span}": [None, 3.0, 0.0, None]
                for way in ("in", "out")
                for span in ("1d", "7d")
            },
        }
    )
    told = describe(events, "task")
    assert told["other_party_met"].to_list() == [1, 2, 1, 1]
    assert told["other_agent_met"].to_list() == [1, 1, 2, 1]
    assert told["domestic"].to_list() == [2, 1, 2, 1]
    assert told["log_gap"].to_list() == pytest.approx([0, np.log(6), 0, 0])
    assert told["hour"].to_list() == [24] * 4
    assert told["log_other_days"].to_list() == pytest.approx([0, np.log(4), 0, 0], abs=4e-3)
    assert told["log_other_events"].to_list() == pytest.approx([0, np.log(8), np.log(2), 0])


def test_numbers_stay_below_the_sizes_that_a_model_is_built_for(toy: Benchmark) -> None:
    vocabulary = Vocabulary.of(toy.table(TRAIN, EVENTS))
    for split in SPLITS:
        prefixes = Prefixes.read(toy.directory, split)
        numbered = vocabulary.number(describe(prefixes.events, prefixes.key))
        for name, size in vocabulary.sizes.items():
            assert numbered[name].is_between(1, size - 1).all(), name
        last = last_events(numbered, prefixes.key)
        assert last.shape == (len(prefixes.risky), len(NUMBERS) + len(vocabulary.sizes))
    assert set(COUNTS) < set(vocabulary.sizes)


def test_what_training_never_saw_is_one_number() -> None:
    vocabulary = Vocabulary({"purpose": {"SALA": 2}})
    numbered = vocabulary.number(pl.DataFrame({"purpose": ["SALA", "GIFT", None]}))
    assert numbered["purpose"].to_list() == [2, 1, 1]
