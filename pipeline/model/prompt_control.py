"""The control that decides how much of an adapted prompt a score takes.

With the history in context an adapted prompt tells a score little that it does not know, and
what it says wrongly costs rank. Held-out counterparties are scored with their prompts at
several weights and with the start prompt for everybody (K = 0), everything else equal; served
is the largest weight that costs no range of events seen more than a sliver.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from pipeline.evaluation.bootstrap import CounterpartyBootstrap, Interval
from pipeline.evaluation.metrics import average_precision
from pipeline.model.buckets import BUCKETS, bucket_of
from pipeline.model.played import Played
from pipeline.model.sequences import Progress, Sequences
from pipeline.model.served_model import ServedModel
from pipeline.model.stack import Stack
from pipeline.model.timeline import play
from pipeline.model.trees import Trees

_WEIGHTS: Final = (1.0, 0.75, 0.5, 0.25)
MOST_LOST: Final = 0.002
"""PR-AUC that a range may lose at the lower end of its 95 % interval. Trials on fewer
counterparties have wider intervals: served scores should not fall .003 behind in any."""


@dataclass(frozen=True, slots=True)
class PromptControl:
    """What the control found.

    Attributes:
        weight: the one to serve with; 0 if every other one costs too much.
        gains: weights that were tried, largest first, with the PR-AUC of the stack less that
            at K = 0, by range of events seen that holds a risky payment.
    """

    weight: float
    gains: dict[float, dict[str, Interval]]

    @classmethod
    def over(
        cls,
        model: ServedModel,
        trees: Trees,
        stack: Stack,
        held: Sequences,
        later_share: float,
        seed: int,
        progress: Progress,
    ) -> PromptControl:
        """Try weights on counterparties that trained neither model nor trees.

        Args:
            model: judges with whole prompts.
            trees: of the checkpoint.
            stack: likewise.
            held: the counterparties.
            later_share: share of the events behind the first window that count.
            seed: which of them.
            progress: told of every batch that is played.
        """

        def played(weight: float) -> Played:
            weighed = ServedModel(model.state, model.architecture, weight)
            return Played(held, play(weighed, held, weight > 0, later_share, seed, progress))

        unadapted = played(0.0)
        base = stack.logit(unadapted.parts(trees), unadapted.seen)
        gains: dict[float, dict[str, Interval]] = {}
        for weight in _WEIGHTS:
            score = stack.logit(played(weight).parts(trees), unadapted.seen)
            gains[weight] = _gains(unadapted, score, base)
            if not any(gain.low < -MOST_LOST for gain in gains[weight].values()):
                return cls(weight, gains)
        return cls(0.0, gains)

    def as_dict(self) -> dict[str, Any]:
        """For the manifest."""
        tried = [
            {"weight": weight, "gains": {name: asdict(gain) for name, gain in ranges.items()}}
            for weight, ranges in self.gains.items()
        ]
        return {"weight": self.weight, "tried": tried}


def _gains(
    played: Played, score: npt.NDArray[np.float64], base: npt.NDArray[np.float64]
) -> dict[str, Interval]:
    """PR-AUC of one score less that of another by range, paired over counterparties."""
    risky, bucket = played.label == 1, bucket_of(played.seen)
    counterparty = played.counterparty
    gains = {}
    for b, name in enumerate(BUCKETS):
        rows = bucket == b
        if risky[rows].any():
            bootstrap = CounterpartyBootstrap(counterparty[rows])
            gains[name] = bootstrap.difference(
                average_precision, risky[rows], score[rows], base[rows]
            )
    return gains
