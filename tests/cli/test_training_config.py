"""What ``coldwire train`` follows: files that come along, mistakes in own ones, seeds."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest
import typer
import yaml
from rich.console import Console
from typer.testing import CliRunner, Result

from pipeline.cli.seed_tables import seed_tables
from pipeline.cli.train import train
from pipeline.cli.training_config import FULL, QUICK, TrainingConfig, read_training_config
from pipeline.errors import ColdwireError
from pipeline.model.checkpoint import Checkpoint
from simulators.behaviours import FAMILIES

TINY = {
    "world": {"parties": 400, "days": 8, "risky_share": 0.3},
    "recipe": {
        "architecture": {
            **{"width": 16, "layers": 1, "heads": 2, "feed_forward": 32},
            **{"prompt_vectors": 2, "readout_heads": 2, "risk_hidden": 16},
        },
        **{"pretrain_iterations": 3, "meta_iterations": 2, "risk_iterations": 1, "tree_rounds": 5},
    },
    "held_out": {"families": ["remittance"]},
    "calibrate_on": {"count": 3, "parties": 200},
}


def _train(*arguments: str) -> Result:
    app = typer.Typer()
    app.command()(train)
    return CliRunner().invoke(app, arguments)


@pytest.mark.parametrize("path", [QUICK, FULL])
def test_the_files_that_come_along_are_read_back_as_they_say(path: Path) -> None:
    config = read_training_config(path)
    again = TrainingConfig.model_validate(yaml.safe_load(yaml.safe_dump(config.as_dict())))
    assert again == config
    recipe = config.recipe_of(11)
    assert recipe.seed == config.world_of(11).seed == 11
    assert recipe.risky_share_ratio == config.served_share / config.world.risky_share
    (family,) = recipe.held_out_families
    assert FAMILIES[family].name == "remittance"


@pytest.mark.parametrize(
    ("text", "message", "fix"),
    [
        ("world: {partys: 3}", "world.partys", "parties"),
        ("world: {parties: 3}", "parties must be at least 60", "parties"),
        ("recipe: {learner: adam}", "recipe.learner", "learner"),
        ("recipe: {tree_rounds: 0}", "tree_rounds must be at least 1", "tree_rounds"),
        ("recipe: {seed: 3}", "recipe.seed follows from seeds", "seeds"),
        ("held_out: {families: [nobody]}", "nobody is not one of", "families"),
        ("calibrate_on: {count: 1}", "judged by the others", "parties"),
        ("served_share: 2", "served_share", "served_share"),
        ("seeds: []", "seeds", "seeds"),
        ("seeds: [7, 7]", "twice", "seeds"),
        ("sead: [7]", "sead", "seeds"),
        ("[", "no YAML", "quick.yaml"),
    ],
)
def test_a_mistake_in_a_file_names_its_field_and_the_fix(
    text: str, message: str, fix: str, tmp_path: Path
) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(text)
    with pytest.raises(ColdwireError) as caught:
        read_training_config(path)
    assert message in caught.value.message
    assert fix in caught.value.fix


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--quick", "--config", "x.yaml"], "exclude"),
        (["--config", "no/such.yaml"], "cannot be read"),
        (["--quick", "--seeds", "seven"], "seeds"),
        (["--quick", "--threads", "0"], "threads"),
        (["--quick", "--device", "abacus"], "device must be one of cpu, cuda"),
    ],
)
def test_mistakes_in_options_are_refused(arguments: list[str], message: str) -> None:
    error = _train("--out", "unused", *arguments).exception
    assert isinstance(error, ColdwireError)
    assert message in error.message


def test_each_seed_gets_a_checkpoint_that_holds_its_configuration(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(yaml.safe_dump(TINY))
    out = tmp_path / "out"
    result = _train("--config", str(path), "--seeds", "3,4", "--out", str(out), "--json")
    assert result.exit_code == 0, result.output
    rows = json.loads(result.stdout)
    for seed, row in zip((3, 4), rows, strict=True):
        checkpoint = Checkpoint.load(out / f"seed-{seed}")
        assert checkpoint.version == row["version"]
        assert checkpoint.notes["recipe"]["seed"] == checkpoint.notes["world"]["seed"] == seed
        assert checkpoint.notes["configuration"]["seeds"] == [3, 4]
        assert checkpoint.notes["configuration"]["world"]["parties"] == 400
        card = (out / f"seed-{seed}" / "MODEL_CARD.md").read_text()
        assert "Coverage of the 90 % intervals on a world left out" in card
        assert f"--config own.yaml --learner maml --seed {seed}" in card
    assert rows[0]["version"] != rows[1]["version"]


def test_the_table_of_seeds_shows_means_and_deviations() -> None:
    measured = [
        {"test": {"average_precision": {"ours": {"0": value, "all": 0.5}}}} for value in (0.1, 0.3)
    ]
    text = StringIO()
    for table in seed_tables(measured):
        Console(file=text, width=120).print(table)
    assert "0.200 ± 0.141" in text.getvalue()
    assert "0.500 ± 0.000" in text.getvalue()
