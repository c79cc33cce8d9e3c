"""``coldwire evaluate``: a checkpoint against its rivals on counterparties it never saw."""

from __future__ import annotations

import multiprocessing
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, fields, replace
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
import typer
from rich.console import Console
from rich.table import Table

from pipeline.cli.labelled import labelled_days
from pipeline.cli.trial import held_out_trial
from pipeline.errors import ColdwireError
from pipeline.evaluation.baselines import (
    Labelled,
    lightgbm,
    logistic_regression,
    prior_only,
    z_score_rules,
)
from pipeline.evaluation.comparison import compare
from pipeline.evaluation.exhibits import exhibits
from pipeline.evaluation.report import HTML, Report
from pipeline.evaluation.served import Served, serve
from pipeline.evaluation.splits import Trial, encode_trial, training_rows
from pipeline.model.checkpoint import SHIPPED, Checkpoint
from pipeline.model.sequences import encode_sequences
from pipeline.model.splits import split
from pipeline.scoring import Policy
from pipeline.scoring.benchmark import brief
from simulators.world import World, WorldConfig

_RISKY_SHARE = 0.3
"""Share of risky parties in the held-out world, as in training; service expects fewer."""
_TRAINED_ON = WorldConfig(parties=8_000, days=22, seed=7, risky_share=_RISKY_SHARE)
"""For a checkpoint that does not say."""
_SERVED_SHARE = WorldConfig().risky_share
_TABLE_WIDTH = 140

Float = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Training:
    """What the rivals learn from: the world and the splits of the checkpoint."""

    world: WorldConfig
    seed: int
    most_events: int
    later_share: float
    families: tuple[int, ...]
    typologies: tuple[int, ...]

    @classmethod
    def of(cls, checkpoint: Checkpoint, parties: int | None) -> _Training:
        """Read it from the notes; ``parties`` makes the world smaller or larger."""
        recipe: dict[str, Any] = checkpoint.notes.get("recipe", {})
        world = _world_of(checkpoint.notes.get("world", {}))
        return cls(
            world=world if parties is None else replace(world, parties=parties),
            seed=int(recipe.get("seed", world.seed)),
            most_events=int(recipe.get("most_events", 100)),
            later_share=float(recipe.get("later_share", 0.1)),
            families=tuple(recipe.get("held_out_families", ())),
            typologies=tuple(recipe.get("held_out_typologies", ())),
        )


def _world_of(notes: dict[str, Any]) -> WorldConfig:
    """The training world that a checkpoint's notes describe; its switches are the defaults."""
    known = {
        f.name: notes[f.name]
        for f in fields(WorldConfig)
        if isinstance(notes.get(f.name), int | float | str)
    }
    if "start" in known:
        known["start"] = date.fromisoformat(known["start"])
    return replace(_TRAINED_ON, **known)


def evaluate(
    checkpoint: Annotated[
        Path | None, typer.Option(help="Directory of the checkpoint; the shipped one by default.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the world to evaluate on.")] = 1007,
    parties: Annotated[int, typer.Option(help="Its size.", min=60)] = 2_000,
    days: Annotated[int, typer.Option(help="Its business days.", min=1)] = 22,
    first_events: Annotated[
        int, typer.Option(help="Payments of each counterparty that count.", min=1)
    ] = 24,
    fit_parties: Annotated[
        int | None,
        typer.Option(help="Size of the rivals' training world; the checkpoint's by default."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Directory for the report: HTML, Markdown, JSON.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print all figures as JSON.")] = False,
) -> None:
    """Score a held-out world as the stream would, and print PR-AUC by events seen.

    Beside the served score stand the same checkpoint with nobody's prompt adapted (K = 0),
    its prior alone, and LightGBM (3 seeds), logistic regression and z-score rules on the
    same aggregates, fitted to the checkpoint's own training world.

    Example: coldwire evaluate --out out/evaluation
    """
    began = time.monotonic()
    served_by = Checkpoint.load(checkpoint or SHIPPED)
    training = _Training.of(served_by, fit_parties)
    if seed == training.world.seed:
        raise ColdwireError(
            f"seed {seed} made the world that the checkpoint was trained on", "give another --seed"
        )
    served_share = float(served_by.notes.get("world", {}).get("served_share", _SERVED_SHARE))
    config = WorldConfig(parties=parties, days=days, seed=seed, risky_share=_RISKY_SHARE)
    with _Steps() as steps:
        steps("simulating the held-out world")
        trial = held_out_trial(World(config), first_events, served_share)
        if not trial.risky.any():
            raise ColdwireError("nothing risky happens in that world", "make it larger")
        steps(f"scoring {len(trial):,} payments; fitting rivals beside")
        scores, served = _score(served_by, trial, training)
        steps("bootstrapping over counterparties")
        comparison = compare(trial, scores, served)
    about: dict[str, str | int | float] = {
        "checkpoint": served_by.version,
        "held-out world": f"seed {seed}, {parties:,} parties, {days} days, "
        f"first {first_events} payments of each counterparty",
        "rivals' training world": f"seed {training.world.seed}, "
        f"{training.world.parties:,} parties, {training.world.days} days",
        "counterparties": len(np.unique(trial.counterparty)),
        "adaptations": served.adaptations,
        "seconds": round(time.monotonic() - began, 1),
    }
    shown = []
    if out is not None:
        threshold = Policy().alert_threshold
        speed = brief(served_by)
        shown = exhibits(trial, scores, served, comparison, threshold, speed)
    report = Report(about, comparison, exhibits=shown)
    if out is not None:
        report.write(out)
    if as_json:
        typer.echo(report.as_json())
    else:
        _print(report, out)


def _score(
    checkpoint: Checkpoint, trial: Trial, training: _Training
) -> tuple[dict[str, Float], Served]:
    """Scores by name, ours first, and what the engine served."""
    codes, features = encode_trial(trial)
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max_workers=1, mp_context=spawn) as pool:
        rivals = pool.submit(_rivals, training, features)
        served = serve(checkpoint, trial.observations)
        control = serve(checkpoint, trial.observations, Policy(adapts=False))
        scores: dict[str, Float] = {
            "Coldwire": served.probability,
            "K=0 control": control.probability,
            "prior only": prior_only(checkpoint, codes, features),
            **rivals.result(),
        }
    return scores, served


def _rivals(training: _Training, features: npt.NDArray[np.float32]) -> dict[str, Float]:
    """Fit every rival to the checkpoint's training counterparties; score these features."""
    world = World(training.world)
    sequences = encode_sequences(labelled_days(world), training.most_events, lambda *_: None)
    splits = split(sequences, training.families, training.typologies, training.seed)
    fit, stop = (
        Labelled(part.features[rows], part.risky[rows])
        for part in (sequences.of(splits.fit), sequences.of(splits.stack))
        for rows in (training_rows(part, training.later_share, training.seed),)
    )
    return {
        "LightGBM": lightgbm(fit, stop, features),
        "logistic regression": logistic_regression(fit, features),
        "z-score rules": z_score_rules(fit, features),
    }


class _Steps:
    """Says on the error stream what is being done."""

    def __init__(self) -> None:
        self._console = Console(stderr=True)
        self._status = self._console.status("")

    def __enter__(self) -> _Steps:
        self._status.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._status.stop()

    def __call__(self, step: str) -> None:
        """Name the step that begins."""
        self._status.update(step)


def _print(report: Report, out: Path | None) -> None:
    console = Console(width=max(Console().width, _TABLE_WIDTH))
    for key, value in report.about.items():
        console.print(f"{key}: {value}", highlight=False)
    for title, header, rows in report.tables():
        table = Table(title=title, title_justify="left")
        for number, name in enumerate(header):
            table.add_column(name, justify="right" if number else "left", no_wrap=True)
        for row in rows:
            table.add_row(*(cell.replace(" [", "\n[") for cell in row))
        console.print(table)
    if out is not None:
        console.print(f"report: {out / HTML}", highlight=False)
