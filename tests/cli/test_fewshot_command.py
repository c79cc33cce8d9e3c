"""``coldwire fewshot`` end to end, on worlds as small as they get."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from pipeline.cli.fewshot import fewshot
from pipeline.errors import ColdwireError
from pipeline.model import Architecture
from tests.model.checkpoints import random_checkpoint

_TINY = Architecture(width=16, layers=1, heads=2, feed_forward=16, readout_heads=2, risk_hidden=16)
_WORLD = {"participants": 20, "parties": 80, "days": 4, "seed": 7, "risky_share": 0.5}
_RECIPE = {"seed": 7, "most_events": 20, "held_out_families": [], "held_out_typologies": []}


def _saved(directory: Path, notes: dict[str, Any]) -> str:
    replace(random_checkpoint(0, _TINY), notes=notes).save(directory)
    return str(directory)


def _run(*arguments: str) -> Result:
    app = typer.Typer()
    app.command()(fewshot)
    return CliRunner().invoke(app, arguments)


def test_every_draw_of_every_size_is_measured_in_every_range(tmp_path: Path) -> None:
    checkpoint = _saved(tmp_path, {"world": _WORLD, "recipe": _RECIPE})
    sizes = ("--labelled", "20", "--labelled", "40", "--draws", "2")
    world = ("--parties", "80", "--days", "4", "--first-events", "8")
    result = _run("--checkpoint", checkpoint, *sizes, *world, "--json")
    assert result.exit_code == 0, result.output
    figures = json.loads(result.stdout)
    named = [(f["labelled"], f["draw"], f["events_seen"]) for f in figures]
    assert named == [(n, d, r) for n in (20, 40) for d in (0, 1) for r in ("0", "1-5", "all")]
    for figure in figures:
        assert 0 < figure["ours"] <= 1
        assert figure["lead"]["value"] == pytest.approx(figure["ours"] - figure["theirs"])
    assert figures[0]["ours"] != figures[3]["ours"]


def test_the_training_world_is_no_trial(tmp_path: Path) -> None:
    checkpoint = _saved(tmp_path, {"world": _WORLD, "recipe": _RECIPE})
    refused = _run("--checkpoint", checkpoint, "--seed", "7").exception
    assert isinstance(refused, ColdwireError)
    assert "--seed" in refused.fix


def test_a_checkpoint_must_name_its_training_world(tmp_path: Path) -> None:
    refused = _run("--checkpoint", _saved(tmp_path, {})).exception
    assert isinstance(refused, ColdwireError)
