"""The program around a peer, with the embedding that needs no peer."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.evaluation.benchmark.submission import read_submission
from pipeline.evaluation.benchmark.tables import TEST
from pipeline.evaluation.metrics import roc_auc
from pipeline.evaluation.peers.head import PARAMETERS, main
from pipeline.evaluation.peers.no_embedding import embed
from pipeline.model.trees import PARAMETERS as STACKS_OWN
from tests.evaluation.benchmark.toy import write_toy


def test_an_embedding_becomes_two_submissions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    toy = write_toy(tmp_path / "data")
    arguments = ("--data", str(toy.directory), "--out", str(tmp_path), "--name", "mine")
    monkeypatch.setattr("sys.argv", ["mine", *arguments, "--seed", "3"])
    monkeypatch.setattr(
        "pipeline.evaluation.peers.head.PARAMETERS", {**PARAMETERS, "min_data_in_leaf": 5}
    )
    main(embed, "a test")
    tasks = toy.test_tasks()
    for name in ("mine-3.parquet", "mine-aggregates-3.parquet"):
        # Large payments are risky, and the raw amount is among the head's inputs.
        assert roc_auc(toy.risky(TEST) == 1, read_submission(tmp_path / name, tasks)) > 0.8


def test_the_head_is_grown_as_the_trees_of_the_stack_are() -> None:
    assert PARAMETERS == {**STACKS_OWN, "num_threads": 1}
