"""``coldwire benchmark`` end to end, on worlds as small as they get."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner, Result

from pipeline.cli.benchmark import SCALES, OwnMethod, Scale, Size, app
from pipeline.errors import ColdwireError
from pipeline.evaluation.benchmark.benchmark import Benchmark
from pipeline.evaluation.benchmark.leaderboard import BEGIN, END
from pipeline.evaluation.benchmark.methods import labelled_columns, served
from pipeline.evaluation.benchmark.observing import observations_of
from pipeline.evaluation.benchmark.tables import EVENTS, LABELS, SPLITS, TEST, TRAIN, VALIDATION
from pipeline.evaluation.served import serve
from pipeline.model.checkpoint import SHIPPED, Checkpoint
from pipeline.model.sequences import encode_sequences
from tests.model.checkpoints import random_checkpoint

TINY = Scale({TRAIN: 100, VALIDATION: 60, TEST: 60}, days=4, most_events=8)


def _run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments])


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("benchmark")
    _make(directory)
    return directory


def _make(directory: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(SCALES, Size.SMALL, TINY)
        made = _run("make", "--out", directory)
    assert made.exit_code == 0, made.output


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("checkpoint")
    random_checkpoint(0).save(directory)
    return directory


def test_a_benchmark_made_again_is_the_same_to_the_byte(data: Path, tmp_path: Path) -> None:
    _make(tmp_path)
    for path in sorted(data.rglob("*.*")):
        assert (tmp_path / path.relative_to(data)).read_bytes() == path.read_bytes(), path


def test_no_two_splits_share_a_world_nor_the_shipped_checkpoint_one_of_them(data: Path) -> None:
    worlds = Benchmark.open(data).manifest.worlds
    seeds = [worlds[split]["seed"] for split in SPLITS]
    seeds.append(Checkpoint.load(SHIPPED).notes["world"]["seed"])
    assert len(set(seeds)) == 4


@pytest.mark.parametrize("method", list(OwnMethod))
def test_every_method_scores_every_task(
    data: Path, checkpoint: Path, tmp_path: Path, method: OwnMethod
) -> None:
    ran = _run(
        *("run", "--data", data, "--method", method, "--seed", 1, "--checkpoint", checkpoint),
        *("--out", tmp_path, "--json"),
    )
    assert ran.exit_code == 0, ran.output
    result = json.loads(ran.stdout)
    assert result == json.loads((tmp_path / f"{method}.json").read_text())
    (submission,) = tmp_path.glob("*.parquet")
    scored = _run("score", "--data", data, "--submission", submission, "--json")
    assert json.loads(scored.stdout)["figures"] == result["figures"]


def test_a_task_is_scored_as_if_it_were_the_only_one(data: Path) -> None:
    benchmark, checkpoint = Benchmark.open(data), random_checkpoint(0)
    scores = served(checkpoint, benchmark, adapts=True)
    labels = benchmark.table(TEST, LABELS).with_row_index("row")
    row, task = labels.filter(pl.col("events_seen") == 5).select("row", "task").row(0)
    alone = benchmark.table(TEST, EVENTS).filter(pl.col("task") == task)
    assert serve(checkpoint, observations_of(alone, "task")).probability[-1] == scores[row]
    assert len(np.unique(scores)) > len(scores) / 2


def test_a_checkpoint_of_the_benchmarks_own_world_is_refused(data: Path, tmp_path: Path) -> None:
    seed = Benchmark.open(data).manifest.worlds[TEST]["seed"]
    replace(random_checkpoint(0), notes={"world": {"seed": seed}}).save(tmp_path)
    ran = _run("run", "--data", data, "--method", "coldwire", "--checkpoint", tmp_path)
    assert isinstance(ran.exception, ColdwireError)
    assert "trained on the world" in ran.exception.message


def test_a_recipe_reads_the_training_table_as_its_aggregates_were_made(data: Path) -> None:
    benchmark = Benchmark.open(data)
    sequences = encode_sequences([labelled_columns(benchmark)], 8, lambda *_: None)
    # The recipe orders counterparties by key, the table by id.
    ours, table = (sorted(map(bytes, f)) for f in (sequences.features, benchmark.features(TRAIN)))
    assert ours == table
    assert sequences.risky.sum() == benchmark.risky(TRAIN).sum()


def test_a_checkpoint_of_these_tables_alone_says_so(data: Path, tmp_path: Path) -> None:
    notes = {"benchmark": Benchmark.open(data).manifest.data_id}
    replace(random_checkpoint(0), notes=notes).save(tmp_path)
    arguments = ("run", "--data", data, "--method", "prior-only", "--checkpoint", tmp_path)
    method = json.loads(_run(*arguments, "--out", tmp_path, "--json").stdout)["method"]
    assert (method["name"], method["learned_from"]) == (
        "Coldwire, prior only, retrained",
        "benchmark",
    )


def test_results_become_rows_of_a_page(data: Path, tmp_path: Path) -> None:
    for method in ("z-score-rules", "logistic-regression"):
        assert _run("run", "--data", data, "--method", method, "--out", tmp_path).exit_code == 0
    page, against = tmp_path / "page.md", ("--against", "z-score rules")
    page.write_text(f"{BEGIN}\n{END}\n")
    rows = sorted(tmp_path.glob("*.json"))
    printed = _run("leaderboard", *rows, *against)
    assert _run("leaderboard", *rows, *against, "--into", page).exit_code == 0
    assert page.read_text() == f"{BEGIN}\n{printed.stdout}{END}\n"
    assert Benchmark.open(data).manifest.data_id in printed.stdout
