"""``coldwire train``: make a checkpoint from a simulated world."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from pipeline.cli.bars import Bars
from pipeline.cli.device import check_device
from pipeline.cli.labelled import labelled_days
from pipeline.cli.seed_tables import seed_tables
from pipeline.cli.training_config import (
    FULL,
    QUICK,
    TrainingConfig,
    checked,
    read_training_config,
)
from pipeline.errors import ColdwireError
from pipeline.model.card import model_card
from pipeline.model.checkpoint import Checkpoint
from pipeline.model.meta import MetaLearner
from pipeline.model.recipe import train as follow
from pipeline.model.sequences import LabelledColumns
from simulators.world import World

CARD = "MODEL_CARD.md"
_TABLE_WIDTH = 140


def train(
    out: Annotated[Path, typer.Option(help="Directory for the checkpoint.")],
    config: Annotated[
        Path | None, typer.Option(help="YAML file of world, recipe, held-out sets and seeds.")
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="A small world, few steps.")] = False,
    seeds: Annotated[
        str | None,
        typer.Option("--seeds", "--seed", help="Decide world, weights and order; e.g. 7,8,9."),
    ] = None,
    learner: Annotated[
        MetaLearner | None, typer.Option(help="Meta-learner of the prompt's start.")
    ] = None,
    served_share: Annotated[
        float | None,
        typer.Option(help="Share of risky parties in service, to calibrate for."),
    ] = None,
    threads: Annotated[
        int | None, typer.Option(help="Threads; part of what decides the bits.")
    ] = None,
    device: Annotated[
        str | None, typer.Option(help="cpu or cuda, where weights are trained; cpu by default.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Train backbone, prompts, heads, trees and calibration; write the model card beside.

    Without --config and --quick the full recipe is followed. The options win over the file.
    Of several seeds each gets a checkpoint in a folder of its own, and a table shows the
    means of their figures. The same seed and threads on the same machine give the same
    weights. A run that was stopped goes on from its last finished stage when it is started
    again.

    Example: coldwire train --quick --seeds 7,8,9 --out out/checkpoints
    """
    if quick and config is not None:
        raise ColdwireError("--quick and --config exclude each other", "give one of them")
    chosen = read_training_config(config or (QUICK if quick else FULL))
    choices = {"learner": learner, "threads": threads, "device": device}
    chosen = _changed(chosen, seeds, served_share, choices)
    check_device(chosen.recipe.device)
    command = _command(config, quick, chosen)
    made = []
    for seed in chosen.seeds:
        directory = out if len(chosen.seeds) == 1 else out / f"seed-{seed}"
        made.append(_train_one(chosen, seed, directory, f"{command} --seed {seed}"))
        if not as_json:
            card = directory / CARD
            typer.echo(f"{made[-1].version} written to {directory}; its figures are in {card}")
    if as_json:
        rows = [{"version": each.version, **each.notes} for each in made]
        typer.echo(json.dumps(rows if len(rows) > 1 else rows[0]))
    elif len(made) > 1:
        for table in seed_tables([each.notes["measured"] for each in made]):
            Console(width=max(Console().width, _TABLE_WIDTH)).print(table)


def _changed(
    config: TrainingConfig,
    seeds: str | None,
    served_share: float | None,
    choices: dict[str, Any],
) -> TrainingConfig:
    """The configuration with what the options say; ``choices`` are those of the recipe."""
    data = config.as_dict()
    if seeds is not None:
        data["seeds"] = [part.strip() for part in seeds.split(",")]
    if served_share is not None:
        data["served_share"] = served_share
    data["recipe"] |= {name: value for name, value in choices.items() if value is not None}
    return checked(data, "the options")


def _command(config: Path | None, quick: bool, chosen: TrainingConfig) -> str:
    """The command line that makes these checkpoints, but for the seed."""
    source = f" --config {config.name}" if config else " --quick" if quick else ""
    return f"coldwire train{source} --learner {chosen.recipe.learner}"


def _train_one(config: TrainingConfig, seed: int, out: Path, command: str) -> Checkpoint:
    """Make the checkpoint of one seed and write it with its card."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ColdwireError(
            f"{out} cannot be written: {error.strerror}", "give another --out"
        ) from error
    world = World(config.world_of(seed))
    with Bars() as bars:
        others = [_days(World(other), bars) for other in config.other_worlds_of(seed)]
        days, recipe = _days(world, bars), config.recipe_of(seed)
        checkpoint = follow(days, recipe, bars.show, out, others)
    made_with = {
        **asdict(world.config),
        "start": world.config.start.isoformat(),
        "served_share": config.served_share,
        "held_out": [*config.held_out.families, *config.held_out.typologies],
    }
    notes = {**checkpoint.notes, "world": made_with, "configuration": config.as_dict()}
    checkpoint = replace(checkpoint, notes=notes)
    checkpoint.save(out)
    card = model_card(checkpoint, command, f"{datetime.now(UTC):%Y-%m-%d}")
    (out / CARD).write_text(card)
    return checkpoint


def _days(world: World, bars: Bars) -> Iterator[LabelledColumns]:
    for done, day in enumerate(labelled_days(world)):
        yield day
        bars.show("simulate", done + 1, world.config.days)
