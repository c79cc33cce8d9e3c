"""``coldwire public`` on tables in their published shapes, with made-up rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from pipeline.cli.public import app
from pipeline.errors import ColdwireError
from pipeline.evaluation.public import s_ffsd


def _table(rows: int) -> pl.DataFrame:
    random = np.random.default_rng(0)
    label = random.choice([0, 1, 2], rows, p=[0.4, 0.2, 0.4])
    return pl.DataFrame(
        {
            "Time": np.arange(rows),
            "Source": [f"S{k}" for k in random.integers(0, 90, rows)],
            "Target": [f"T{k}" for k in random.integers(0, 20, rows)],
            "Amount": random.gamma(2.0, 20.0, rows) * np.where(label == 1, 4, 1),
            "Location": [f"L{k}" for k in random.integers(0, 5, rows)],
            "Type": [f"TP{k}" for k in random.integers(0, 5, rows)],
            "Labels": label,
        }
    )


def test_s_ffsd_is_measured_from_its_published_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s_ffsd, "_SEEDS", (0,))
    _table(600).write_csv(tmp_path / "S-FFSD.csv")
    result = CliRunner().invoke(app, ["s-ffsd", "--data", str(tmp_path), "--iterations", "1"])
    assert result.exit_code == 0, result.output
    # Its last words wrap where other columns are wide.
    assert result.stdout.count(s_ffsd.STACK.removesuffix(" risk head")) == 4


def test_a_folder_without_the_table_is_the_users_mistake(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["handbook", "--data", str(tmp_path)])
    assert isinstance(result.exception, ColdwireError)
    assert "transactions" in result.exception.message
