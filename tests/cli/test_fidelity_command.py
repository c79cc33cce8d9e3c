"""``coldwire fidelity`` reports on the world that a folder holds."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
import typer
from typer.testing import CliRunner

from pipeline.cli.fidelity import fidelity
from pipeline.errors import ColdwireError
from simulators import files
from simulators.world import World, WorldConfig

app = typer.Typer()
app.command()(fidelity)

CONFIG = WorldConfig(participants=20, parties=200, days=1, seed=5, risky_share=0.2)


def test_report_is_written_for_the_world_of_the_folder(tmp_path: Path) -> None:
    world = World(CONFIG)
    files.claim(world, files.Output(tmp_path / "world"))
    peer = tmp_path / "transactions.parquet"
    pl.DataFrame(
        {
            "Time": [0, 1, 2],
            "Source": ["a", "b", "c"],
            "Target": ["b", "c", "a"],
            "Amount": [5.0, 6.0, 7.0],
            "Labels": [0, 1, 2],
        }
    ).write_parquet(peer)
    options = ["--world", str(tmp_path / "world"), "--out", str(tmp_path / "out"), "--json"]
    options += ["--beside", f"s_ffsd={peer}"]
    result = CliRunner().invoke(app, options)
    assert result.exit_code == 0, result.output
    summary = json.loads(result.stdout)
    assert summary["payments"] == len(world.day(0))
    assert summary["leakage_passed"]
    assert summary["risky_sides"] > 0
    assert "Patterns beside s ffsd" in Path(summary["report"]).read_text()


@pytest.mark.parametrize(
    ("manifest", "extra", "message"),
    [
        (None, [], "there is no"),
        ('{"parties": 5}', [], "no world that this version can make"),
        ("{}", ["--beside", "moon=there"], "names no data set"),
        ("{}", ["--beside", "s_ffsd=nowhere"], "nowhere"),
    ],
)
def test_mistakes_are_refused_with_a_fix(
    tmp_path: Path, manifest: str | None, extra: list[str], message: str
) -> None:
    if manifest is not None:
        (tmp_path / files.MANIFEST).write_text(manifest)
    options = ["--world", str(tmp_path), "--out", str(tmp_path / "out"), *extra]
    error = CliRunner().invoke(app, options).exception
    assert isinstance(error, ColdwireError)
    assert message in error.message
    assert error.fix
