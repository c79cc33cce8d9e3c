"""What the scores of a batch say, row by row, while it is on its way."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.scoring.alerts import Verdict
from pipeline.scoring.intake import Intake, Rows
from pipeline.scoring.policy import Policy
from pipeline.scoring.scorer import Outputs
from schemas.score import Tier


@dataclass(slots=True)
class Verdicts:
    """Verdicts of all rows of a batch, filled in wave by wave; arrays [N]."""

    probability: npt.NDArray[np.float64]
    lower: npt.NDArray[np.float64]
    upper: npt.NDArray[np.float64]
    tier: npt.NDArray[np.int8]
    inner_steps: npt.NDArray[np.int64]
    prompt_version: npt.NDArray[np.int64]

    @classmethod
    def empty(cls, n: int) -> Verdicts:
        """Room for n rows."""
        return cls(
            probability=np.zeros(n),
            lower=np.zeros(n),
            upper=np.zeros(n),
            tier=np.zeros(n, np.int8),
            inner_steps=np.zeros(n, np.int64),
            prompt_version=np.zeros(n, np.int64),
        )

    def put(
        self, rows: Rows, outputs: Outputs, exposure: npt.NDArray[np.float32], policy: Policy
    ) -> None:
        """Enter the probabilities of rows, raised by exposure where there is any.

        Args:
            outputs: of these rows, in their order.
            exposure: of all rows, [N].
        """
        for name in ("probability", "lower", "upper"):
            getattr(self, name)[rows] = getattr(outputs, name)
        for row in rows[exposure[rows] > 0].tolist():
            for name in ("probability", "lower", "upper"):
                values = getattr(self, name)
                values[row] = policy.with_exposure(float(values[row]), float(exposure[row]))

    def at(self, row: int, intake: Intake) -> Verdict:
        """The verdict of one row."""
        return Verdict(
            probability=float(self.probability[row]),
            lower=float(self.lower[row]),
            upper=float(self.upper[row]),
            events_seen=int(intake.seen[row]),
            tier=Tier(int(self.tier[row])),
            inner_steps=int(self.inner_steps[row]),
            prompt_version=int(self.prompt_version[row]),
            exposure=float(intake.exposure[row]),
        )
