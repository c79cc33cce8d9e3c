"""``coldwire ablate prompt``: where the prompt enters, how it is learned, what it is worth."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import numpy as np
import numpy.typing as npt
import torch
import typer

from pipeline.cli.bars import Bars
from pipeline.cli.labelled import labelled_days
from pipeline.errors import ColdwireError
from pipeline.evaluation.ablation.prompt_arms import ARMS, SERVED
from pipeline.evaluation.ablation.prompt_report import markdown
from pipeline.evaluation.ablation.prompt_trial import Ground, try_arm
from pipeline.evaluation.bootstrap import Interval
from pipeline.model.architecture import Architecture
from pipeline.model.pretrain import pretrain
from pipeline.model.profile_model import ProfileModel
from pipeline.model.risk_training import RiskCrops, risk_crops, train_risk
from pipeline.model.sequences import CROP, encode_sequences, opening_crops
from pipeline.model.splits import split
from pipeline.model.stages import Stages
from pipeline.model.trees import Trees, tree_inputs
from simulators.world import World, WorldConfig

TABLE, FIGURES = "prompt.md", "prompt.json"
_RISKY_SHARE: Final = 0.3
_TREE_ROUNDS: Final = 300


@dataclass(frozen=True, slots=True)
class _Size:
    parties: int
    pretrain_iterations: int
    meta_iterations: int
    risk_iterations: int
    batch_size: int


_QUICK = _Size(
    parties=1_500, pretrain_iterations=250, meta_iterations=60, risk_iterations=60, batch_size=16
)
_FULL = _Size(
    parties=3_000, pretrain_iterations=500, meta_iterations=150, risk_iterations=300, batch_size=16
)


def prompt(
    out: Annotated[Path, typer.Option(help="Directory for weights, figures and the table.")],
    arm: Annotated[
        list[str] | None, typer.Option(help="Only this arm; may be repeated; all by default.")
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="A small world, few steps.")] = False,
    days: Annotated[int, typer.Option(help="Business days of the world.", min=1)] = 22,
    seed: Annotated[int, typer.Option(help="Decides world, splits, weights, order.", min=0)] = 7,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Compare starts, meta-learners, placements, P and K on one frozen backbone.

    All on counterparties that nothing was trained on; ranking by the same risk head and trees,
    with the start for everybody against adapted. Each arm's figures are kept in --out, so a run
    that was stopped goes on, and the table shows all arms that are there.

    Example: coldwire ablate prompt --out out/prompt
    """
    names = [a.name for a in ARMS]
    unknown = [name for name in arm or () if name not in names]
    if unknown:
        raise ColdwireError(f"there is no arm {unknown[0]}", f"arms are: {'; '.join(names)}")
    size = _QUICK if quick else _FULL
    run = {"days": days, "seed": seed, **asdict(size)}
    out.mkdir(parents=True, exist_ok=True)
    found = _kept(out, run)
    missing = [a for a in ARMS if a.name in (arm or names) and a.name not in found]
    torch.set_num_threads(1)
    if missing:
        with Bars() as bars:
            ground = _ground(out, run, size, bars)
            for done, one in enumerate(missing):
                bars.show("arms", done, len(missing))
                outcome = try_arm(
                    one, ground, size.meta_iterations, size.batch_size, seed, bars.show
                )
                found[one.name] = outcome.as_dict()
                text = json.dumps({"run": run, "arms": list(found.values())}, indent=1)
                (out / FIGURES).write_text(text + "\n")
            bars.show("arms", len(missing), len(missing))
    outcomes = [found[name] for name in names if name in found]
    (out / TABLE).write_text(markdown(outcomes))
    if as_json:
        typer.echo((out / FIGURES).read_text())
    else:
        served = found.get(SERVED.name)
        if served is not None:
            gain = Interval(**served["nats_gain"]["all"])
            typer.echo(f"{SERVED.name}: {gain:+.4f} nats per field")
        typer.echo(f"{len(outcomes)} arms in {out / TABLE}")


def _kept(out: Path, run: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Figures of arms that an earlier run with the same choices left."""
    path = out / FIGURES
    if not path.is_file():
        return {}
    kept = json.loads(path.read_text())
    if kept["run"] != run:
        raise ColdwireError(f"{path} was made with other choices", "give another --out")
    return {outcome["arm"]: outcome for outcome in kept["arms"]}


def _ground(out: Path, run: dict[str, Any], size: _Size, bars: Bars) -> Ground:
    """The shared backbone, risk head and trees; weights are kept in ``out``."""
    seed, days = run["seed"], run["days"]
    config = WorldConfig(parties=size.parties, days=days, seed=seed, risky_share=_RISKY_SHARE)
    sequences = encode_sequences(labelled_days(World(config)), CROP, bars.show)
    splits = split(sequences, (), (), seed)
    fit, held = sequences.of(splits.fit), sequences.of(splits.stack)
    test = sequences.of(splits.calibrate | splits.test)
    crops = opening_crops(fit)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = ProfileModel(Architecture())
        stages = Stages(out, run)
        if not stages.restore("pretrain", model):
            generator = torch.Generator().manual_seed(seed)
            pretrain(model, fit, crops, size.pretrain_iterations, generator, bars.show)
            stages.keep("pretrain", model)
        model.requires_grad_(False).eval()
        parts = risk_crops(model, fit, crops), risk_crops(model, held, opening_crops(held))
        if not stages.restore("risk", model):
            generator = torch.Generator().manual_seed(seed)
            train_risk(model, *parts, size.risk_iterations, generator, bars.show)
            stages.keep("risk", model)
    (inputs, labels), validation = (_tree_rows(part) for part in parts)
    trees = Trees.fit(inputs, labels, validation, seed, _TREE_ROUNDS)
    return Ground(model, trees, fit, crops, test)


def _tree_rows(part: RiskCrops) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int8]]:
    real = part.crops.real
    rows = part.crops.rows[real]
    surprise = part.surprise.numpy()[real]
    return tree_inputs(part.sequences.features[rows], surprise), part.sequences.risky[rows]
