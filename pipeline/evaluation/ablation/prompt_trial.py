"""One arm of the prompt's ablation, trained and followed on counterparties it never saw.

Every arm stands on the same frozen backbone and is judged by the same risk backbone and trees,
both fitted to the surprise of nobody's prompt adapted. There is no acceptance test: the
stream's would hide a bad arm behind its start.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from pipeline.evaluation.ablation.prompt_arms import Arm
from pipeline.evaluation.bootstrap import Bool, CounterpartyBootstrap, Interval
from pipeline.evaluation.metrics import average_precision
from pipeline.model.adaptation import Adaptation
from pipeline.model.amortised import AmortisedStart
from pipeline.model.buckets import BUCKETS, bucket_of
from pipeline.model.inner_loop import descend
from pipeline.model.meta import meta_train
from pipeline.model.placements import placement_of
from pipeline.model.pretrain import crop_batch
from pipeline.model.profile_model import ProfileModel
from pipeline.model.sequences import CROP, Crops, Progress, Sequences, opening_crops
from pipeline.model.timeline import ADAPT_AFTER
from pipeline.model.trees import Trees, tree_inputs

_PASS: Final = 128
_TIMED_STEPS: Final = 50

Float = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Ground:
    """What all arms share."""

    model: ProfileModel
    """Pre-trained, with a risk backbone and its head; frozen."""
    trees: Trees
    fit: Sequences
    crops: Crops
    """Of ``fit``, for episodes."""
    test: Sequences


@dataclass(frozen=True, slots=True)
class Followed:
    """The first CROP events of the test counterparties, N rows in order."""

    before: npt.NDArray[np.float32]
    """Surprise under the start, [N, F]."""
    after: npt.NDArray[np.float32]
    """Surprise under the prompt that the stream would have had, [N, F]."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """An arm's figures; differences are adapted minus start, by events seen."""

    arm: str
    nats_start: dict[str, float]
    """Nats per field with the start for everybody (K = 0)."""
    nats_gain: dict[str, Interval]
    """Change in nats per field; below 0 is better."""
    ranking_start: dict[str, dict[str, float]]
    """PR-AUC at the start by scorer."""
    ranking_gain: dict[str, dict[str, Interval]]
    """Change in PR-AUC by scorer; above 0 is better."""
    step_ms: float
    """One inner step of one counterparty with WINDOW events, one thread, by autograd."""
    training_s: float

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def try_arm(
    arm: Arm, ground: Ground, iterations: int, batch_size: int, seed: int, progress: Progress
) -> Outcome:
    """Meta-train an arm and follow the test counterparties with it.

    Args:
        arm: which.
        ground: what it stands on; unchanged.
        iterations: of meta-training.
        batch_size: episodes an iteration.
        seed: of weights and episodes.
        progress: told of every iteration.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        adaptation = _adaptation(arm, ground.model)
    began = time.perf_counter()
    if arm.learner is not None:
        meta_train(
            adaptation,
            ground.fit,
            ground.crops,
            arm.learner,
            iterations,
            torch.Generator().manual_seed(seed),
            progress,
            batch_size,
        )
    training_s = time.perf_counter() - began
    adaptation.model.requires_grad_(False)
    for parameter in adaptation.around():
        parameter.requires_grad_(False)
    followed = follow(adaptation, ground.test)
    return _judged(arm, ground, followed, _step_ms(adaptation, ground.test), training_s)


def _adaptation(arm: Arm, shared: ProfileModel) -> Adaptation:
    sizes = replace(shared.architecture, prompt_vectors=arm.vectors, inner_steps=arm.steps)
    model = ProfileModel(sizes)
    for part in ("backbone", "field_heads"):
        getattr(model, part).load_state_dict(getattr(shared, part).state_dict())
    model.requires_grad_(False).eval()
    placement = placement_of(model, arm.place)
    if arm.scattered:
        placement.start.normal_(std=sizes.width**-0.5)
    for parameter in (*placement.parameters(), *model.steps.parameters(), model.field_weight):
        parameter.requires_grad_(True)
    return Adaptation(model, placement, AmortisedStart(sizes) if arm.amortised else None)


def follow(adaptation: Adaptation, sequences: Sequences) -> Followed:
    """Foresee every event under the start, and under the prompt adapted to what came before.

    Args:
        adaptation: frozen.
        sequences: counterparties; their first CROP events count.
    """
    crops = opening_crops(sequences)
    before: list[npt.NDArray[np.float32]] = []
    after: list[npt.NDArray[np.float32]] = []
    for first in range(0, len(crops), _PASS):
        batch = crop_batch(sequences, crops.take(np.arange(first, min(first + _PASS, len(crops)))))
        start, adapted = _foreseen(adaptation, batch.codes, batch.real.sum(1))
        before.append(start[batch.real].numpy())
        after.append(adapted[batch.real].numpy())
    return Followed(np.concatenate(before), np.concatenate(after))


def _foreseen(adaptation: Adaptation, codes: Tensor, length: Tensor) -> tuple[Tensor, Tensor]:
    start = adaptation.placement.start.detach().expand(len(codes), -1, -1)
    reader = adaptation.placement.over(codes)
    with torch.no_grad():
        before = adaptation.surprise(reader, codes, start)
    after = before.clone()
    for cut, end in itertools.pairwise((*ADAPT_AFTER, CROP)):
        rows = length > cut
        if not rows.any():
            break
        own = codes[rows]
        support = (torch.arange(CROP) < cut).expand(len(own), -1)
        own_reader = adaptation.placement.over(own)
        prompts = adaptation.begin(own, support).detach()
        loss = adaptation.inner_loss(own_reader, own, support)
        steps = adaptation.model.steps
        prompts = descend(prompts, prompts, loss, steps, support.sum(1)).detach()
        with torch.no_grad():
            after[rows, cut:end] = adaptation.surprise(own_reader, own, prompts)[:, cut:end]
    return before, after


def _step_ms(adaptation: Adaptation, sequences: Sequences) -> float:
    """Median time of a step's forward and backward pass, the history's part done before."""
    longest = np.argmax(sequences.length)
    codes = crop_batch(sequences, opening_crops(sequences).take(np.array([longest]))).codes
    support = torch.ones(1, CROP)
    loss = adaptation.inner_loss(adaptation.placement.over(codes), codes, support)
    times: list[float] = []
    for _ in range(_TIMED_STEPS):
        prompts = adaptation.placement.start.detach()[None].clone().requires_grad_()
        began = time.perf_counter()
        torch.autograd.grad(loss(prompts).sum(), prompts)
        times.append(time.perf_counter() - began)
    return float(np.median(times)) * 1e3


def _judged(
    arm: Arm, ground: Ground, followed: Followed, step_ms: float, training_s: float
) -> Outcome:
    test = ground.test
    first = test.position < CROP
    seen, risky = test.position[first], test.risky[first] == 1
    counterparty = test.key[test.owner[first]]
    before, after = (x.mean(1).astype(np.float64) for x in (followed.before, followed.after))
    scorers = _scorers(ground)
    ranges = {name: bucket_of(seen) == b for b, name in enumerate(BUCKETS)}
    ranges["all"] = np.ones(len(seen), np.bool_)
    ranked = {
        name: tuple(scorer(x) for x in (followed.before, followed.after))
        for name, scorer in scorers.items()
    }
    nats_start: dict[str, float] = {}
    nats_gain: dict[str, Interval] = {}
    ranking_start: dict[str, dict[str, float]] = {name: {} for name in ranked}
    ranking_gain: dict[str, dict[str, Interval]] = {name: {} for name in ranked}
    for name, rows in ranges.items():
        bootstrap = CounterpartyBootstrap(counterparty[rows])
        nats_start[name] = float(before[rows].mean())
        nats_gain[name] = bootstrap.difference(_mean, risky[rows], after[rows], before[rows])
        for scorer, (at_start, adapted) in ranked.items():
            ranking_start[scorer][name] = average_precision(risky[rows], at_start[rows])
            ranking_gain[scorer][name] = bootstrap.difference(
                average_precision, risky[rows], adapted[rows], at_start[rows]
            )
    return Outcome(
        arm.name, nats_start, nats_gain, ranking_start, ranking_gain, step_ms, training_s
    )


def _mean(_: Bool, score: Float, weight: Float | None) -> float:
    return float(np.average(score, weights=weight)) if weight is None or weight.any() else np.nan


def _scorers(ground: Ground) -> dict[str, Callable[[npt.NDArray[np.float32]], Float]]:
    """Rankings of the test rows by their surprise, [N, F] to [N]."""
    test = ground.test
    features = test.features[test.position < CROP]
    states = _risk_states(ground.model, test)

    def head(surprise: npt.NDArray[np.float32]) -> Float:
        known = torch.from_numpy(surprise), torch.from_numpy(features)
        with torch.no_grad():
            logit = ground.model.risk(ground.model.risk.hidden(states, *known))
        return np.asarray(logit.numpy(), np.float64)

    def trees(surprise: npt.NDArray[np.float32]) -> Float:
        return ground.trees.logit(tree_inputs(features, surprise))

    return {
        "surprise alone": lambda surprise: surprise.sum(1).astype(np.float64),
        "risk head": head,
        "LightGBM": trees,
    }


@torch.no_grad()
def _risk_states(model: ProfileModel, sequences: Sequences) -> Tensor:
    """What the risk head reads after the first CROP events of every counterparty, [N, d]."""
    crops = opening_crops(sequences)
    parts: list[Tensor] = []
    for begin in range(0, len(crops), _PASS):
        chosen = crops.take(np.arange(begin, min(begin + _PASS, len(crops))))
        batch = crop_batch(sequences, chosen)
        parts.append(model.risk_backbone(batch.codes)[:, 1:][batch.real])
    return torch.cat(parts)
