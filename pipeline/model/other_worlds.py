"""Calibration on worlds that nothing was trained on.

Counterparties of one world share schemes: the two sides of a risky payment may lie in
different splits, and its few hundred held-out counterparties fill a handful of cells a range.
Maps and widths from other worlds rest on more, and hold from world to world; each world
stands whole on one side.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.model.buckets import BUCKETS, bucket_of
from pipeline.model.calibration import Calibration, cell_distances

Float = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ScoredWorld:
    """A world as the stream would serve it, arrays [N].

    Attributes:
        logit: stacked log odds, not calibrated.
        seen: events of the counterparty before.
        label: 0 or 1.
        weight: prior-shift weights.
    """

    logit: Float
    seen: npt.NDArray[np.int64]
    label: npt.NDArray[np.int8]
    weight: Float


def fit_on(worlds: Sequence[ScoredWorld]) -> Calibration:
    """Maps from every other world, widths from those between.

    Raises:
        ValueError: fewer than two worlds.
    """
    if len(worlds) < 2:
        raise ValueError("maps and widths need a world each")
    return Calibration.fit(
        np.concatenate([world.logit for world in worlds]),
        np.concatenate([world.seen for world in worlds]),
        np.concatenate([world.label for world in worlds]),
        np.concatenate([world.weight for world in worlds]),
        np.repeat(np.arange(len(worlds)) % 2 == 1, [len(world.logit) for world in worlds]),
    )


def coverage_left_out(worlds: Sequence[ScoredWorld]) -> dict[str, float]:
    """Share of cells in their 90 % interval, each world judged by what the others give.

    Cells of all worlds count alike; ranges of events seen that fill none are left out. Empty
    with fewer than three worlds.
    """
    if len(worlds) < 3:
        return {}
    covered: list[list[npt.NDArray[np.bool_]]] = [[] for _ in BUCKETS]
    for i, world in enumerate(worlds):
        found = _covered(fit_on([*worlds[:i], *worlds[i + 1 :]]), world)
        for cells, new in zip(covered, found, strict=True):
            cells.append(new)
    joined = {name: np.concatenate(c) for name, c in zip(BUCKETS, covered, strict=True)}
    return {name: float(cells.mean()) for name, cells in joined.items() if len(cells)}


def _covered(calibration: Calibration, world: ScoredWorld) -> list[npt.NDArray[np.bool_]]:
    """Whether each cell of a world lies in its interval, by range of events seen."""
    p = calibration.probability(world.logit, world.seen)
    bucket = bucket_of(world.seen)
    found = []
    for b in range(len(BUCKETS)):
        rows = bucket == b
        distances = cell_distances(p[rows], world.label[rows], world.weight[rows])
        found.append(distances <= calibration.width[b])
    return found
