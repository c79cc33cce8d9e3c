"""What is no submission is refused, with the row and the column that are wrong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from pipeline.errors import ColdwireError
from pipeline.evaluation.benchmark.submission import read_submission, write_submission

TASKS = pl.Series("task", ["a", "b", "c"])


def _refused(path: Path, frame: pl.DataFrame) -> str:
    frame.write_parquet(path)
    with pytest.raises(ColdwireError) as caught:
        read_submission(path, TASKS)
    return caught.value.message


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "mine.parquet"


def test_what_was_written_is_read(path: Path) -> None:
    write_submission(path, TASKS, np.array([0.5, -1.0, 3.0]))
    assert read_submission(path, TASKS).tolist() == [0.5, -1.0, 3.0]


def test_rows_may_stand_in_any_order(path: Path) -> None:
    pl.DataFrame({"score": [3, 1, 2], "task": ["c", "a", "b"]}).write_parquet(path)
    assert read_submission(path, TASKS).tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    ("task", "score", "complaint"),
    [
        (["a", "b", "x"], [1.0, 2.0, 3.0], "row 2, column task: is no test task"),
        (["a", "a", "b"], [1.0, 2.0, 3.0], "row 1, column task: repeats"),
        (["a", None, "b"], [1.0, 2.0, 3.0], "row 1, column task: is null"),
        (["a", "b", "c"], [1.0, float("nan"), 3.0], "row 1, column score: is null, NaN"),
        (["a", "b", "c"], [1.0, 2.0, float("inf")], "row 2, column score: is null, NaN"),
        (["a", "b", "c"], [None, None, 3.0], "row 0, column score: is null, NaN or infinite (and"),
        (["a", "c"], [1.0, 2.0], "lacks 1 of 3 test tasks, the first b"),
        (["a", "b", "c"], ["1", "2", "3"], "column score: holds String"),
        ([1, 2, 3], [1.0, 2.0, 3.0], "column task: holds Int64"),
    ],
)
def test_a_bad_value_is_named(
    path: Path, task: list[str | None], score: list[float | None], complaint: str
) -> None:
    assert complaint in _refused(path, pl.DataFrame({"task": task, "score": score}))


def test_columns_are_task_and_score_and_no_other(path: Path) -> None:
    assert "no column score" in _refused(path, pl.DataFrame({"task": ["a"]}))
    with_more = pl.DataFrame({"task": ["a"], "score": [1.0], "risky": [True]})
    assert "has a column risky" in _refused(path, with_more)


def test_other_files_are_the_users_mistake(path: Path) -> None:
    with pytest.raises(ColdwireError, match="no file"):
        read_submission(path, TASKS)
    path.write_text("task,score\n")
    with pytest.raises(ColdwireError, match="no Parquet"):
        read_submission(path, TASKS)
