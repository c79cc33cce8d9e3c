"""``coldwire evaluate`` end to end, on worlds as small as they get."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner, Result

from pipeline.cli import evaluate as evaluate_module
from pipeline.cli.evaluate import evaluate
from pipeline.cli.labelled import labelled_days
from pipeline.cli.trial import held_out_trial
from pipeline.encoding import ObservationColumns
from pipeline.errors import ColdwireError
from pipeline.evaluation.comparison import ALL
from pipeline.evaluation.report import HTML, JSON, MARKDOWN
from pipeline.evaluation.splits import rank_of
from pipeline.model.checkpoint import SHIPPED, Checkpoint
from simulators.world import World, WorldConfig
from tests.model.checkpoints import random_checkpoint, random_model

TINY = ("--parties", "60", "--days", "4", "--fit-parties", "60", "--first-events", "6")


def _run(*arguments: str) -> Result:
    app = typer.Typer()
    app.command()(evaluate)
    return CliRunner().invoke(app, arguments)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("checkpoint")
    random_checkpoint(0).save(directory)
    return directory


def test_it_prints_every_figure_and_writes_the_report(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluate_module, "river_is_installed", lambda: False)
    chosen = ("--rivals", "random-prompt,river")
    result = _run("--checkpoint", str(checkpoint), *TINY, *chosen, "--json", "--out", str(tmp_path))
    assert result.exit_code == 0, result.output
    data = json.loads(result.stdout)
    assert data == json.loads((tmp_path / JSON).read_text())
    assert [score["name"] for score in data["scores"]] == [
        *("Coldwire", "K=0 control", "random prompt", "prior only"),
        *("LightGBM, tuned", "LightGBM, tuned, own history", "logistic regression"),
        *("z-score rules", "full fine-tune, alone"),
    ]
    assert list(data["missing"]) == ["River adaptive random forest"]
    assert all(0 < s["average_precision"][ALL]["value"] <= 1 for s in data["scores"])
    assert (tmp_path / MARKDOWN).is_file()
    assert (tmp_path / HTML).is_file()


def test_an_unknown_rival_is_the_users_mistake(checkpoint: Path) -> None:
    error = _run("--checkpoint", str(checkpoint), "--rivals", "oracle").exception
    assert isinstance(error, ColdwireError)
    assert "lora" in error.fix


def test_the_training_world_is_no_trial(checkpoint: Path) -> None:
    result = _run("--checkpoint", str(checkpoint), "--seed", "7")
    assert isinstance(result.exception, ColdwireError)
    assert "--seed" in result.exception.fix


def test_the_shipped_checkpoint_names_its_training_world() -> None:
    with pytest.raises(ColdwireError, match="trained on"):
        raise _run("--seed", str(_shipped_seed())).exception or AssertionError("accepted")


def _shipped_seed() -> int:
    return int(Checkpoint.load(SHIPPED).notes["world"]["seed"])


def test_a_missing_checkpoint_is_the_users_mistake(tmp_path: Path) -> None:
    assert isinstance(_run("--checkpoint", str(tmp_path)).exception, ColdwireError)


def test_a_trial_is_what_training_would_read_of_the_world() -> None:
    world = World(WorldConfig(parties=80, days=3, seed=11, risky_share=0.3))
    trial = held_out_trial(world, 5, 0.01, random_model(0).served())
    parts = list(labelled_days(world))
    columns = ObservationColumns.concatenate([p.columns for p in parts])
    kept = np.flatnonzero(rank_of(columns.entity) < 5)
    expected = columns.take(kept)
    risky = np.concatenate([p.risky for p in parts])[kept]
    ours = ObservationColumns.from_observations(trial.observations)
    for name in ("amount", "event_ms", "role", "purpose", "own_country", "other_country"):
        assert np.array_equal(getattr(ours, name), getattr(expected, name)), name
    assert np.array_equal(trial.risky, risky == 1)
    assert np.array_equal(trial.seen, rank_of(expected.entity))
