"""``coldwire simulate`` writes, resumes, and tells a user's mistake in one line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from pipeline.cli.simulate import simulate
from pipeline.errors import ColdwireError

app = typer.Typer()
app.command()(simulate)
runner = CliRunner()

SIZE = ["--participants", "40", "--parties", "300", "--seed", "3"]


def test_a_stopped_run_goes_on_with_the_missing_days(tmp_path: Path) -> None:
    options = [*SIZE, "--days", "2", "--out", str(tmp_path), "--json"]
    first = runner.invoke(app, options)
    assert first.exit_code == 0
    assert json.loads(first.stdout)["days_written"] == 2
    next(tmp_path.glob("payments-2026-01-06.parquet")).unlink()
    again = json.loads(runner.invoke(app, options).stdout)
    assert (again["days_written"], again["days_skipped"]) == (1, 1)


def test_an_impossible_world_is_a_users_mistake(tmp_path: Path) -> None:
    with pytest.raises(ColdwireError, match="parties must be"):
        runner.invoke(app, ["--parties", "5", "--out", str(tmp_path)], catch_exceptions=False)


def test_another_worlds_directory_is_a_users_mistake(tmp_path: Path) -> None:
    options = [*SIZE, "--days", "1", "--out", str(tmp_path)]
    assert runner.invoke(app, options).exit_code == 0
    with pytest.raises(ColdwireError, match="other options"):
        runner.invoke(app, [*options, "--risky-share", "0.1"], catch_exceptions=False)
