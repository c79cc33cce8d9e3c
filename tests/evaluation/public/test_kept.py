"""A stopped run goes on from what it kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pipeline.evaluation.public.kept import Arrays, Kept


def test_what_was_kept_is_not_made_again(tmp_path: Path) -> None:
    made = {"1|2|C=10": np.arange(6, dtype=np.uint64).reshape(2, 3)[:, ::2], "none": np.empty(0)}
    first = Kept(tmp_path / "new").arrays("scores of ours: all", lambda: made)

    def again() -> Arrays:
        raise AssertionError

    second = Kept(tmp_path / "new").arrays("scores of ours: all", again)
    for name, array in made.items():
        np.testing.assert_array_equal(first[name], array)
        np.testing.assert_array_equal(second[name], array)


def test_without_a_folder_nothing_is_kept() -> None:
    numbers = iter(range(2))
    kept = Kept(None)
    assert [int(kept.arrays("n", lambda: {"n": np.array(next(numbers))})["n"]) for _ in "ab"] == [
        0,
        1,
    ]
