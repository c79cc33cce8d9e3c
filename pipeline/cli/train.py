"""``coldwire train``: make a checkpoint from a simulated world."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from pipeline.cli.labelled import labelled_days
from pipeline.cli.prevalence import CALIBRATED_SHARE
from pipeline.errors import ColdwireError
from pipeline.model.card import model_card
from pipeline.model.meta import MetaLearner
from pipeline.model.recipe import Recipe
from pipeline.model.recipe import train as follow
from pipeline.model.sequences import LabelledColumns
from simulators.behaviours import FAMILIES
from simulators.typologies import TYPOLOGIES
from simulators.world import World, WorldConfig

CARD = "MODEL_CARD.md"
_HELD_OUT_FAMILY = "remittance"
_HELD_OUT_TYPOLOGIES = ("account-takeover", "cycle")
_TRAINING_RISKY_SHARE = 0.3


@dataclass(frozen=True, slots=True)
class _Size:
    parties: int
    days: int
    pretrain_iterations: int
    meta_iterations: int
    risk_iterations: int


_QUICK = _Size(
    parties=14_000, days=22, pretrain_iterations=800, meta_iterations=600, risk_iterations=3_000
)
_FULL = _Size(
    parties=40_000,
    days=40,
    pretrain_iterations=12_000,
    meta_iterations=3_000,
    risk_iterations=9_000,
)


def train(
    out: Annotated[Path, typer.Option(help="Directory for the checkpoint.")],
    quick: Annotated[bool, typer.Option("--quick", help="A small world, few steps.")] = False,
    seed: Annotated[int, typer.Option(help="Decides world, weights and order.")] = 7,
    learner: Annotated[
        MetaLearner, typer.Option(help="Meta-learner of the prompt's start.")
    ] = MetaLearner.MAML,
    served_share: Annotated[
        float, typer.Option(help="Share of risky parties in service, to calibrate for.")
    ] = CALIBRATED_SHARE,
    threads: Annotated[int, typer.Option(help="Threads; part of what decides the bits.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Train backbone, prompts, heads, trees and calibration; write the model card beside.

    The same seed and threads on the same machine give the same weights. A run that was
    stopped goes on from its last finished stage when it is started again.

    Example: coldwire train --quick --seed 7 --out out/checkpoint
    """
    if seed < 0 or threads < 1 or not 0 < served_share < 1:
        raise ColdwireError(
            "seed must be at least 0, threads at least 1, served share between 0 and 1",
            "change that option",
        )
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ColdwireError(
            f"{out} cannot be written: {error.strerror}", "give another --out"
        ) from error
    size = _QUICK if quick else _FULL
    config = WorldConfig(
        parties=size.parties, days=size.days, seed=seed, risky_share=_TRAINING_RISKY_SHARE
    )
    world = World(config)
    recipe = Recipe(
        seed=seed,
        learner=learner,
        pretrain_iterations=size.pretrain_iterations,
        meta_iterations=size.meta_iterations,
        risk_iterations=size.risk_iterations,
        risky_share_ratio=served_share / _TRAINING_RISKY_SHARE,
        held_out_families=_indices([f.name for f in FAMILIES], (_HELD_OUT_FAMILY,)),
        held_out_typologies=_indices([t.name for t in TYPOLOGIES], _HELD_OUT_TYPOLOGIES),
        threads=threads,
    )
    with _Bars() as bars:
        checkpoint = follow(_days(world, bars), recipe, bars.show, out)
    made_with = {**asdict(config), "start": config.start.isoformat(), "served_share": served_share}
    made_with["held_out"] = [_HELD_OUT_FAMILY, *_HELD_OUT_TYPOLOGIES]
    checkpoint = replace(checkpoint, notes={**checkpoint.notes, "world": made_with})
    checkpoint.save(out)
    command = f"coldwire train {'--quick ' if quick else ''}--seed {seed} --learner {learner}"
    card = model_card(checkpoint, command, f"{datetime.now(UTC):%Y-%m-%d}")
    (out / CARD).write_text(card)
    if as_json:
        typer.echo(json.dumps({"version": checkpoint.version, **checkpoint.notes}))
    else:
        typer.echo(f"{checkpoint.version} written to {out}; its figures are in {out / CARD}")


def _indices(names: list[str], wanted: tuple[str, ...]) -> tuple[int, ...]:
    return tuple(names.index(name) for name in wanted)


def _days(world: World, bars: _Bars) -> Iterator[LabelledColumns]:
    for done, day in enumerate(labelled_days(world)):
        yield day
        bars.show("simulate", done + 1, world.config.days)


class _Bars:
    """One progress bar a stage, on the error stream."""

    def __init__(self) -> None:
        self._progress = Progress(
            TextColumn("{task.description:24}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=Console(stderr=True),
        )
        self._tasks: dict[str, Any] = {}

    def __enter__(self) -> _Bars:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def show(self, stage: str, done: int, of: int) -> None:
        """Move the bar of a stage; a stage that comes again starts over."""
        if stage not in self._tasks:
            self._tasks[stage] = self._progress.add_task(stage, total=of)
        self._progress.update(self._tasks[stage], completed=done, total=of)
