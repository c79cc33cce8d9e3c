"""``coldwire ablate backbone``: sizes of the backbone, and a language model in its place."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Final

import numpy as np
import numpy.typing as npt
import torch
import typer

from pipeline.cli.bars import Bars
from pipeline.cli.device import check_device
from pipeline.cli.labelled import labelled_days
from pipeline.errors import ColdwireError
from pipeline.evaluation.ablation.backbone_latency import kernel_latency, text_latency
from pipeline.evaluation.ablation.backbone_report import Attempt, figures, markdown
from pipeline.evaluation.ablation.backbone_trial import TrialData, attempt
from pipeline.model.architecture import Architecture
from pipeline.model.profile_model import ProfileModel
from pipeline.model.remembered_states import RememberedStates
from pipeline.model.sequences import CROP, Progress, Sequences, encode_sequences
from pipeline.model.splits import split
from pipeline.model.text_backbone import TextBackbone
from simulators.world import World, WorldConfig

Mask = npt.NDArray[np.bool_]

SIZES: Final = {
    "0.5M": Architecture(width=128, layers=3, heads=4, feed_forward=256),
    "2M": Architecture(width=256, layers=3, heads=8, feed_forward=512),
    "8M": Architecture(width=384, layers=5, heads=6, feed_forward=896),
}
"""Backbones by their number of parameters."""

_RISKY_SHARE: Final = 0.3
_SHARES: Final = (0.5, 0.2, 0.3)
"""How the language model's counterparties are divided: to fit, to hold out, to test."""
_CALLS, _TEXT_CALLS = 1_000, 40
TABLE, FIGURES = "backbones.md", "backbones.json"


def backbone(
    out: Annotated[Path, typer.Option(help="Directory for scores, states and the table.")],
    size: Annotated[
        list[str] | None, typer.Option(help="0.5M, 2M or 8M; may be repeated; all by default.")
    ] = None,
    language_model: Annotated[
        Path | None,
        typer.Option(help="Directory (safetensors) or GGUF file of a decoder, to compare."),
    ] = None,
    counterparties: Annotated[
        int, typer.Option(help="That the language model reads; it is slow.", min=20)
    ] = 500,
    parties: Annotated[int, typer.Option(help="Size of the world.", min=60)] = 8_000,
    days: Annotated[int, typer.Option(help="Its business days.", min=1)] = 22,
    iterations: Annotated[
        int, typer.Option(help="Steps of pre-training, for every backbone.", min=1)
    ] = 200,
    seed: Annotated[int, typer.Option(help="Decides world, splits, weights, order.", min=0)] = 7,
    device: Annotated[
        str, typer.Option(help="cpu or cuda: of pre-training and of the language model.")
    ] = "cpu",
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Compare backbones on the same counterparties: likelihood, ranking, time.

    Each backbone's scores are kept in --out, so a run that was stopped goes on, and the table
    shows all that are there. With a language model, the smallest size is trained a second
    time on the language model's own counterparties: without that, the difference would also
    be one of data.

    Example: coldwire ablate backbone --out out/backbones
    """
    sizes = size or list(SIZES)
    unknown = [name for name in sizes if name not in SIZES]
    if unknown:
        raise ColdwireError(f"there is no size {unknown[0]}", f"sizes are {', '.join(SIZES)}")
    where = check_device(device)
    torch.set_num_threads(1)
    world = WorldConfig(parties=parties, days=days, seed=seed, risky_share=_RISKY_SHARE)
    run: dict[str, Any] = {"parties": parties, "days": days, "seed": seed}
    run |= {"iterations": iterations, "risky_share": _RISKY_SHARE, "device": device}
    out.mkdir(parents=True, exist_ok=True)
    with Bars() as bars:
        sequences = encode_sequences(labelled_days(World(world)), CROP, bars.show)
        splits = split(sequences, (), (), seed)
        masks = [splits.fit, splits.stack, splits.test]
        data = TrialData(*(sequences.of(mask) for mask in masks))
        for name in sizes:
            _own(name, SIZES[name], data, run, where, out, bars.show)
        if language_model is not None:
            run |= {"counterparties": counterparties}
            drawn = _drawn(masks, counterparties, seed)
            few = TrialData(*(sequences.of(mask) for mask in drawn))
            every = sequences.of(np.logical_or.reduce(drawn))
            _text(language_model, few, every, run, where, out, bars.show)
            smallest, architecture = next(iter(SIZES.items()))
            control = f"{smallest}, the same {counterparties}"
            _own(control, architecture, few, run, where, out, bars.show)
    attempts = [Attempt.load(path) for path in out.glob("*.safetensors")]
    # What all counterparties trained comes first; in each group the own sizes before the rest.
    own = tuple(SIZES)
    attempts.sort(
        key=lambda a: ("counterparties" in a.run, not a.name.startswith(own), a.parameters)
    )
    found = figures(attempts)
    (out / FIGURES).write_text(json.dumps(found, indent=1) + "\n")
    (out / TABLE).write_text(markdown(found))
    typer.echo(json.dumps(found) if as_json else markdown(found))


def _drawn(masks: list[Mask], counterparties: int, seed: int) -> list[Mask]:
    """Some counterparties of each mask, the last one's share the test's."""
    rng = np.random.default_rng(seed)
    drawn = []
    for mask, share in zip(masks, _SHARES, strict=True):
        there = np.flatnonzero(mask)
        chosen = rng.permutation(there)[: round(share * counterparties)]
        drawn.append(np.isin(np.arange(len(mask)), chosen))
    return drawn


def _own(
    name: str,
    architecture: Architecture,
    data: TrialData,
    run: dict[str, Any],
    device: torch.device,
    out: Path,
    progress: Progress,
) -> None:
    """Train one of the own sizes and keep its scores, if they are not there."""
    path = out / f"{name}.safetensors"
    if Attempt.is_kept(path, run):
        return
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(run["seed"])
        model = ProfileModel(architecture)
        trial = attempt(model, data, run["iterations"], True, run["seed"], device, progress)
    latency = asdict(kernel_latency(model, data.test, _CALLS))
    parameters = sum(p.numel() for p in model.backbone.parameters())
    Attempt(name, run, parameters, latency, trial).save(path)


def _text(
    where: Path,
    data: TrialData,
    every: Sequences,
    run: dict[str, Any],
    device: torch.device,
    out: Path,
    progress: Progress,
) -> None:
    """Read the counterparties as text, train what stands above, and keep the scores."""
    name = where.stem
    path = out / f"{name}.safetensors"
    if Attempt.is_kept(path, run):
        return
    text = TextBackbone.load(where, torch.bfloat16).to(device)
    remembered = RememberedStates(text)
    remembered.remember(every, out / f"states-{name}", progress)
    remembered.standardise_by(data.fit)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(run["seed"])
        model = ProfileModel(Architecture(width=text.width), remembered)
        trial = attempt(model, data, run["iterations"], False, run["seed"], device, progress)
    latency = asdict(text_latency(model, text.to(device), data.test, _TEXT_CALLS))
    parameters = sum(p.numel() for p in text.parameters())
    Attempt(name, run, parameters, latency, trial).save(path)
