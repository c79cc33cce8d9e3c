"""Calibration on worlds that nothing was trained on.

Counterparties of one world share schemes: the two sides of a risky payment may lie in
different splits, and its few hundred held-out counterparties fill a handful of cells a range.
Maps and widths from other worlds rest on more, and hold from world to world.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from pipeline.model.buckets import BUCKETS, bucket_of
from pipeline.model.calibration import Calibration, cell_distances, conformal_quantile

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


def fit_on(worlds: Sequence[ScoredWorld]) -> tuple[Calibration, dict[str, float]]:
    """Calibrate on worlds by cross-conformal prediction (Vovk 2015), a fold a world.

    Every cell's distance is taken from the maps of all other worlds, so that all worlds give
    both maps and widths.

    Returns:
        Maps of all worlds with the widths, and the share of cells that lie within the width
        that the other worlds' cells give, by range of events seen that fills a cell.

    Raises:
        ValueError: fewer than two worlds.
    """
    if len(worlds) < 2:
        raise ValueError("a world is judged by the others: two are needed")
    folds = [
        _distances(_maps([*worlds[:i], *worlds[i + 1 :]]), world) for i, world in enumerate(worlds)
    ]
    by_range = list(zip(*folds, strict=True))
    width = [conformal_quantile(np.concatenate(cells)) for cells in by_range]
    coverage = {
        name: float(np.concatenate(_within(cells)).mean())
        for name, cells in zip(BUCKETS, by_range, strict=True)
        if any(map(len, cells))
    }
    return replace(_maps(worlds), width=np.array(width)), coverage


def _maps(worlds: Sequence[ScoredWorld]) -> Calibration:
    """Maps alone, from all rows."""
    label = np.concatenate([world.label for world in worlds])
    return Calibration.fit(
        np.concatenate([world.logit for world in worlds]),
        np.concatenate([world.seen for world in worlds]),
        label,
        np.concatenate([world.weight for world in worlds]),
        np.zeros(len(label), np.bool_),
    )


def _distances(maps: Calibration, world: ScoredWorld) -> list[Float]:
    """Distances of a world's cells by range of events seen."""
    p = maps.probability(world.logit, world.seen)
    bucket = bucket_of(world.seen)
    ranges = [bucket == b for b in range(len(BUCKETS))]
    return [cell_distances(p[r], world.label[r], world.weight[r]) for r in ranges]


def _within(cells: Sequence[Float]) -> list[npt.NDArray[np.bool_]]:
    """Whether each world's cells lie within the quantile of the others'."""
    return [
        own <= conformal_quantile(np.concatenate([*cells[:i], *cells[i + 1 :]]))
        for i, own in enumerate(cells)
    ]
