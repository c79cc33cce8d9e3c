"""What was true of a payment and its entity's profile when it was scored."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from pipeline.encoding.aggregates import FEATURES, N_FEATURES
from pipeline.encoding.fields import FIELDS
from schemas.records import Observation, Role

Evidence = dict[str, float | int | str]
"""The numbers of a statement, by name."""
Statement = tuple[str, Evidence]
"""A sentence and its numbers."""

HEARD: Final = "heard"
"""In place of a feature: the language model's state of the other side."""
_FEATURE: Final = {name: i for i, name in enumerate(FEATURES)}
_FIELD: Final = {field.name: i for i, field in enumerate(FIELDS)}


@dataclass(frozen=True, slots=True)
class Facts:
    """A scored payment, as the profile stood before it.

    Attributes:
        features: [N_FEATURES], NaN where unknown.
        contributions: [N_FEATURES + N_FIELDS] log odds that each feature, and the surprise
            of each field, added to the score.
        surprise: [N_FIELDS] nats, minus the log probability of each field.
        window: past events in the window.
        heard_log_odds: log odds that the language model's state of the other side added.
        exposure_log_odds: log odds that exposure added.
    """

    observation: Observation
    features: npt.NDArray[np.float32]
    contributions: npt.NDArray[np.float32]
    surprise: npt.NDArray[np.float32]
    window: int
    heard_log_odds: float
    exposure: float
    exposure_log_odds: float

    def __getitem__(self, feature: str) -> float:
        """A feature's value, NaN where unknown; comparisons with NaN are false."""
        return float(self.features[_FEATURE[feature]])

    @property
    def outgoing(self) -> bool:
        """Money leaves the entity."""
        return self.observation.role is Role.DEBTOR

    @property
    def kind(self) -> str:
        """The word for payments of this direction."""
        return "outgoing" if self.outgoing else "incoming"

    @property
    def towards(self) -> str:
        """The preposition of the other side."""
        return "to" if self.outgoing else "from"

    def evidence_for(self, names: tuple[str, ...]) -> float:
        """Log odds that features and fields of these names added together, never below 0.

        Their shares are summed with their signs: of two features that speak of one thing, one
        may take back what the other gives.
        """
        columns = [_FEATURE[name] for name in names if name in _FEATURE]
        columns += [N_FEATURES + _FIELD[name] for name in names if name in _FIELD]
        heard = self.heard_log_odds if HEARD in names else 0.0
        return max(float(self.contributions[columns].sum()) + heard, 0.0)

    def own_evidence(self) -> float:
        """Log odds that everything raising the score added, exposure left out."""
        return float(np.maximum(self.contributions, 0.0).sum()) + max(self.heard_log_odds, 0.0)

    def most_surprising(self) -> tuple[str, float]:
        """Name of the field that was least expected, and the probability it was given."""
        at = int(self.surprise.argmax())
        return FIELDS[at].name, math.exp(-float(self.surprise[at]))


def span_text(seconds: float) -> str:
    """A duration in the unit a person would use."""
    for unit, size in (("days", 86_400.0), ("hours", 3_600.0), ("minutes", 60.0)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} seconds"


def share_text(share: float) -> str:
    """A share in percent, with as many digits as it deserves."""
    return f"{100 * share:.0f} %" if share >= 0.02 else f"{100 * share:.2g} %"
