"""``coldwire evaluate``: a checkpoint against its rivals on counterparties it never saw."""

from __future__ import annotations

import multiprocessing
import time
from concurrent.futures import Future, ProcessPoolExecutor
from pathlib import Path
from typing import Annotated

import numpy as np
import numpy.typing as npt
import typer
from rich.console import Console
from rich.table import Table

from pipeline.cli.rivals import (
    FITTED,
    FOREST,
    MULTI_TASK,
    OPTIONAL,
    RANDOM,
    RISKY_SHARE,
    Scored,
    Training,
    chosen_rivals,
    multi_task,
)
from pipeline.cli.trial import held_out_trial
from pipeline.errors import ColdwireError
from pipeline.evaluation.baselines import prior_only
from pipeline.evaluation.comparison import Comparison, compare
from pipeline.evaluation.exhibits import exhibits
from pipeline.evaluation.online_forest import river_is_installed
from pipeline.evaluation.prompt_starts import random_start, with_start
from pipeline.evaluation.report import HTML, Report
from pipeline.evaluation.served import Served, serve
from pipeline.evaluation.splits import EncodedTrial, Trial, encode_trial
from pipeline.model.checkpoint import SHIPPED, Checkpoint
from pipeline.scoring import Policy
from pipeline.scoring.benchmark import brief
from simulators.world import World, WorldConfig

_SERVED_SHARE = WorldConfig().risky_share
_TABLE_WIDTH = 160
_WORKERS = 2
"""Processes that fit rivals; each holds the training world."""
_NO_RIVER = "not installed; the extra 'peers' has it"

Float = npt.NDArray[np.float64]


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
    rivals: Annotated[
        str, typer.Option(help=f"Beside the core: core, all, or a list of {','.join(OPTIONAL)}.")
    ] = "core",
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

    Beside the served score always stand the same checkpoint with nobody's prompt adapted
    (K = 0), its prior alone, and LightGBM (tuned, 3 seeds), logistic regression and z-score
    rules on the same aggregates, fitted to the checkpoint's own training world. Rivals that
    take minutes more are chosen with --rivals.

    Example: coldwire evaluate --rivals all --out out/evaluation
    """
    began = time.monotonic()
    wanted = chosen_rivals(rivals)
    served_by = Checkpoint.load(checkpoint or SHIPPED)
    training = Training.of(served_by, fit_parties)
    training.check_unseen(seed)
    missing = {} if river_is_installed() or FOREST not in wanted else {FOREST: _NO_RIVER}
    served_share = float(served_by.notes.get("world", {}).get("served_share", _SERVED_SHARE))
    config = WorldConfig(parties=parties, days=days, seed=seed, risky_share=RISKY_SHARE)
    with _Steps() as steps:
        steps("simulating the held-out world")
        trial = held_out_trial(World(config), first_events, served_share, served_by.model)
        if not trial.risky.any():
            raise ColdwireError("nothing risky happens in that world", "make it larger")
        encoded = encode_trial(trial, served_by.model)
        scored, served = _score(served_by, trial, encoded, training, wanted - set(missing), steps)
        steps("bootstrapping over counterparties")
        scores = {name: each.score for name, each in scored.items()}
        comparison = compare(trial, scores, served)
        unseen = {
            name: _compare_rows(trial, scores, served, rows)
            for name, rows in encoded.unseen(training.families, training.typologies).items()
        }
    about: dict[str, str | int | float] = {
        "checkpoint": served_by.version,
        "held-out world": f"{_told(config)}, first {first_events} payments of each counterparty",
        "rivals' training world": _told(training.world),
        "counterparties": len(np.unique(trial.counterparty)),
        "adaptations": served.adaptations,
        "weight of the adapted prompt": served_by.model.prompt_weight,
        **{name: each.note for name, each in scored.items() if each.note},
        "seconds": round(time.monotonic() - began, 1),
    }
    report = Report(about, comparison, unseen, missing)
    if out is not None:
        threshold, speed = Policy().alert_threshold, brief(served_by)
        report.exhibits.extend(exhibits(trial, scores, served, comparison, threshold, speed))
        report.write(out)
    if as_json:
        typer.echo(report.as_json())
    else:
        _print(report, out)


def _told(world: WorldConfig) -> str:
    return f"seed {world.seed}, {world.parties:,} parties, {world.days} days"


def _score(
    checkpoint: Checkpoint,
    trial: Trial,
    encoded: EncodedTrial,
    training: Training,
    wanted: frozenset[str],
    steps: _Steps,
) -> tuple[dict[str, Scored], Served]:
    """Scores by name, ours first, and what the engine served."""
    spawn = multiprocessing.get_context("spawn")
    model = checkpoint.model
    with ProcessPoolExecutor(max_workers=_WORKERS, mp_context=spawn) as pool:
        start = pool.submit(multi_task, model, training) if MULTI_TASK in wanted else None
        fitted: dict[str, Future[Scored]] = {
            name: pool.submit(rival, model, training, encoded)
            for name, rival in FITTED.items()
            if name in wanted or name not in OPTIONAL.values()
        }
        steps(f"scoring {len(trial):,} payments; fitting rivals beside")
        served = serve(checkpoint, trial.observations)
        control = serve(checkpoint, trial.observations, Policy(adapts=False))
        scores = {
            "Coldwire": Scored(served.probability),
            "K=0 control": Scored(control.probability),
        }
        if start is not None:
            scores[MULTI_TASK] = _served_from(with_start(checkpoint, start.result()), trial)
        if RANDOM in wanted:
            begun = with_start(checkpoint, random_start(model, training.seed))
            scores[RANDOM] = _served_from(begun, trial)
        alone = prior_only(checkpoint, encoded.codes, encoded.features, encoded.told)
        scores["prior only"] = Scored(alone)
        for name, future in fitted.items():
            steps(f"fitting {name}")
            scores[name] = future.result()
    return scores, served


def _served_from(checkpoint: Checkpoint, trial: Trial) -> Scored:
    return Scored(serve(checkpoint, trial.observations).probability)


def _compare_rows(
    trial: Trial, scores: dict[str, Float], served: Served, rows: npt.NDArray[np.bool_]
) -> Comparison:
    chosen = {name: score[rows] for name, score in scores.items()}
    return compare(trial.of(rows), chosen, served.of(rows))


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
