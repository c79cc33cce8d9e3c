"""A submission: one Parquet file with a score for every test task."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from pipeline.errors import ColdwireError

TASK: Final = "task"
SCORE: Final = "score"
_FORMAT: Final = f"a submission has the columns {TASK} (text) and {SCORE} (number), no other"

Float = npt.NDArray[np.float64]


def write_submission(path: Path, tasks: pl.Series, score: Float) -> None:
    """Write scores of tasks, any increasing scale."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pl.DataFrame({TASK: tasks, SCORE: score}).write_parquet(path, compression="zstd")


def read_submission(path: Path, tasks: pl.Series) -> Float:
    """Scores in the order of ``tasks``, [N].

    Args:
        path: Parquet file; its rows may be in any order.
        tasks: ids of all test tasks.

    Raises:
        ColdwireError: the file is no submission to these tasks; it names row and column.
    """
    frame = _frame(path)
    _refuse(frame[TASK].is_null(), path, TASK, "is null", "give the task's id")
    known = frame[TASK].is_in(tasks.implode())
    _refuse(~known, path, TASK, "is no test task", "score the tasks of test/events.parquet only")
    again = ~frame[TASK].is_first_distinct()
    _refuse(again, path, TASK, "repeats an earlier row", "give one row a task")
    score = frame[SCORE].cast(pl.Float64)
    unknown = score.is_null() | ~score.is_finite().fill_null(value=False)
    _refuse(unknown, path, SCORE, "is null, NaN or infinite", "give every task a finite score")
    missing = tasks.filter(~tasks.is_in(frame[TASK].implode()))
    if len(missing):
        raise ColdwireError(
            f"{path} lacks {len(missing):,} of {len(tasks):,} test tasks, the first {missing[0]}",
            "give one row a task",
        )
    joined = pl.DataFrame({TASK: tasks}).join(frame, on=TASK, how="left", maintain_order="left")
    return joined[SCORE].cast(pl.Float64).to_numpy()


def _frame(path: Path) -> pl.DataFrame:
    if not path.is_file():
        raise ColdwireError(f"there is no file {path}", "name a submission")
    try:
        frame = pl.read_parquet(path)
    except pl.exceptions.PolarsError as error:
        raise ColdwireError(f"{path} is no Parquet file: {error}", _FORMAT) from error
    for column in (TASK, SCORE):
        if column not in frame.columns:
            raise ColdwireError(f"{path} has no column {column}", _FORMAT)
    for column in frame.columns:
        if column not in (TASK, SCORE):
            raise ColdwireError(f"{path} has a column {column}", _FORMAT)
    if frame.schema[TASK] != pl.String:
        raise ColdwireError(f"{path}, column {TASK}: holds {frame.schema[TASK]}", _FORMAT)
    if not frame.schema[SCORE].is_numeric():
        raise ColdwireError(f"{path}, column {SCORE}: holds {frame.schema[SCORE]}", _FORMAT)
    return frame


def _refuse(bad: pl.Series, path: Path, column: str, what: str, fix: str) -> None:
    """Name the first bad row, counted from 0 as data frames do."""
    rows = bad.arg_true()
    if len(rows):
        more = f" (and {len(rows) - 1:,} more rows)" if len(rows) > 1 else ""
        raise ColdwireError(f"{path}, row {rows[0]}, column {column}: {what}{more}", fix)
