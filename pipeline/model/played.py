"""Counterparties as the stream would have served them, with the truth about each payment."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.model.sequences import Sequences
from pipeline.model.timeline import Timeline
from pipeline.model.trees import Trees, tree_inputs


@dataclass(frozen=True, slots=True)
class Played:
    """N payments of some counterparties, in the order of the timeline."""

    sequences: Sequences
    timeline: Timeline

    @property
    def inputs(self) -> npt.NDArray[np.float32]:
        """Of the trees, [N, len(TREE_FEATURES)]."""
        return tree_inputs(self.sequences.features[self.timeline.row], self.timeline.surprise)

    @property
    def label(self) -> npt.NDArray[np.int8]:
        """0 or 1, [N]."""
        return self.sequences.risky[self.timeline.row]

    @property
    def seen(self) -> npt.NDArray[np.int64]:
        """Events of the counterparty before, [N]."""
        return self.sequences.position_of(self.timeline.row)

    @property
    def counterparty(self) -> npt.NDArray[np.uint64]:
        """Key of its counterparty, [N]."""
        return self.sequences.key[self.sequences.owner[self.timeline.row]]

    @property
    def staged_entity(self) -> npt.NDArray[np.bool_]:
        """Whether its counterparty is ever in a scheme or a look-alike, [N]."""
        ever = self.sequences.ever(self.sequences.staged)
        return ever[self.sequences.owner[self.timeline.row]]

    def parts(self, trees: Trees) -> npt.NDArray[np.float64]:
        """Log odds of risk head and trees, [N, 2]."""
        return np.column_stack([self.timeline.logit.astype(np.float64), trees.logit(self.inputs)])
