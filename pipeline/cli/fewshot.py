"""``coldwire fewshot``: how few labelled counterparties are enough."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from pipeline.cli.labelled import labelled_days
from pipeline.cli.rivals import Training
from pipeline.errors import ColdwireError
from pipeline.evaluation.bootstrap import CounterpartyBootstrap, Interval
from pipeline.evaluation.comparison import ALL, EARLY
from pipeline.evaluation.few_labels import OURS, THEIRS, FewLabels, few_labels
from pipeline.evaluation.metrics import average_precision
from pipeline.model.checkpoint import SHIPPED, Checkpoint
from pipeline.model.other_states import read_others
from pipeline.model.sequences import Sequences, encode_sequences
from simulators.world import World, WorldConfig

_EPOCHS = 12
_TABLE_WIDTH = 100
_RANGES = {"0": (0, 0), EARLY: (1, 5), ALL: (0, None)}
"""Events seen before, both ends included; None has no end."""


@dataclass(frozen=True, slots=True)
class _Figure:
    """PR-AUC in one range of events seen, of one draw of labelled counterparties."""

    labelled: int
    draw: int
    events_seen: str
    ours: float
    theirs: float
    lead: Interval


def fewshot(
    labelled: Annotated[
        list[int] | None, typer.Option(help="Labelled counterparties; may be repeated.")
    ] = None,
    draws: Annotated[int, typer.Option(help="Draws of them.", min=1)] = 3,
    checkpoint: Annotated[
        Path | None, typer.Option(help="Directory of the checkpoint; the shipped one by default.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the world to evaluate on.")] = 1007,
    parties: Annotated[int, typer.Option(help="Its size.", min=60)] = 2_000,
    days: Annotated[int, typer.Option(help="Its business days.", min=1)] = 22,
    first_events: Annotated[
        int, typer.Option(help="Payments of each counterparty that count.", min=1)
    ] = 24,
    as_json: Annotated[bool, typer.Option("--json", help="Print all figures as JSON.")] = False,
) -> None:
    """Learn risk from few labelled counterparties and score a held-out world.

    The language model has read the whole training world, without labels, and stays frozen.
    LightGBM and a small network on what it says stand beside LightGBM (3 seeds) with the
    same labels alone.

    Example: coldwire fewshot --labelled 250 --labelled 1000
    """
    taken = Checkpoint.load(checkpoint or SHIPPED)
    training = _training_of(taken)
    training.check_unseen(seed)
    learned, splits = training.sequences(labelled_days(World(training.world)))
    fit = read_others(learned, taken.model).of(splits.fit)
    config = WorldConfig(
        parties=parties, days=days, seed=seed, risky_share=training.world.risky_share
    )
    # The other side may be known by more payments than are judged.
    most_events = max(training.most_events, first_events)
    held_out = encode_sequences(labelled_days(World(config)), most_events, lambda *_: None)
    trial = read_others(held_out, taken.model).first(first_events)
    figures: list[_Figure] = []
    with Console(stderr=True).status("") as status:
        for count in labelled or [1_000]:
            for draw in range(draws):
                status.update(f"{count:,} labelled counterparties, draw {draw + 1} of {draws}")
                some = _drawn(fit, count, draw)
                scored = few_labels(
                    taken.model,
                    some,
                    trial,
                    training.later_share,
                    _EPOCHS,
                    draw,
                    lambda *_: None,
                )
                figures += _figures(scored, len(some), draw)
    if as_json:
        typer.echo(json.dumps([asdict(figure) for figure in figures]))
    else:
        _print(figures)


def _training_of(checkpoint: Checkpoint) -> Training:
    """The world and the splits that the checkpoint's language model was pre-trained on.

    Raises:
        ColdwireError: the notes name no world.
    """
    if "world" not in checkpoint.notes or "recipe" not in checkpoint.notes:
        raise ColdwireError(
            "the checkpoint does not say which world it was trained on",
            "train one with: coldwire train --quick --out DIR",
        )
    return Training.of(checkpoint, None)


def _drawn(fit: Sequences, count: int, draw: int) -> Sequences:
    """Some counterparties of all, or all if there are no more."""
    order = np.random.default_rng(draw).permutation(len(fit))
    return fit.of(order < count)


def _figures(scored: FewLabels, labelled: int, draw: int) -> list[_Figure]:
    figures = []
    for name, (low, high) in _RANGES.items():
        rows = (scored.seen >= low) & (scored.seen <= (np.inf if high is None else high))
        risky = scored.risky[rows]
        ours, theirs = scored.scores[OURS][rows], scored.scores[THEIRS][rows]
        sampler = CounterpartyBootstrap(scored.counterparty[rows])
        figures.append(
            _Figure(
                labelled,
                draw,
                name,
                average_precision(risky, ours),
                average_precision(risky, theirs),
                sampler.difference(average_precision, risky, ours, theirs),
            )
        )
    return figures


def _print(figures: list[_Figure]) -> None:
    table = Table(title=f"PR-AUC: {OURS} against {THEIRS} alone", title_justify="left")
    for name in ("labelled", "draw", "events seen", "ours", "LightGBM", "lead", "in percent"):
        table.add_column(name, justify="right", no_wrap=True)
    for f in figures:
        table.add_row(
            f"{f.labelled:,}",
            str(f.draw + 1),
            f.events_seen,
            f"{f.ours:.3f}",
            f"{f.theirs:.3f}",
            f"{f.lead:+.3f}",
            f"{100 * f.lead.value / f.theirs:+.0f}",
        )
    Console(width=max(Console().width, _TABLE_WIDTH)).print(table)
