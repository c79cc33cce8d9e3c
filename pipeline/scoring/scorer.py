"""The checkpoint as the engine uses it: arrays in, calibrated probabilities out."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from scipy.special import expit, logit

from pipeline.encoding.aggregates import N_FEATURES
from pipeline.encoding.fields import N_FIELDS
from pipeline.model.checkpoint import Checkpoint
from pipeline.model.profile_model import RiskOutput
from pipeline.model.trees import tree_inputs
from pipeline.scoring.intake import Intake, Rows
from schemas.score import Tier

Prompts = npt.NDArray[np.float16]


@dataclass(frozen=True, slots=True)
class Outputs:
    """Scores of N events, exposure left out.

    Attributes:
        probability: calibrated, [N]; ``lower`` and ``upper`` bound it.
        surprise: [N, F] nats.
    """

    probability: npt.NDArray[np.float64]
    lower: npt.NDArray[np.float64]
    upper: npt.NDArray[np.float64]
    surprise: npt.NDArray[np.float32]

    @classmethod
    def empty(cls, n: int) -> Outputs:
        """Room for n events."""
        surprise = np.zeros((n, N_FIELDS), np.float32)
        return cls(np.zeros(n), np.zeros(n), np.zeros(n), surprise)

    def put(self, at: Rows, part: Outputs) -> None:
        """Write the rows of a part to these places."""
        for name in ("probability", "lower", "upper", "surprise"):
            getattr(self, name)[at] = getattr(part, name)


@dataclass(frozen=True, slots=True)
class Adaptation:
    """Prompts after the inner loop, the old ones where it was not accepted."""

    prompts: Prompts
    accepted: npt.NDArray[np.bool_]
    steps: int


class Scorer:
    """Scores at a chosen tier, adapts prompts, and attributes scores to features.

    Prompts are kept in half precision: what is stored is what was scored with.
    """

    def __init__(self, checkpoint: Checkpoint, prevalence_ratio: float = 1.0) -> None:
        # At these sizes a second thread gains little, and beside other processes its barriers
        # cost many times the work.
        torch.set_num_threads(1)
        self._checkpoint = checkpoint
        self._log_odds = math.log(prevalence_ratio)
        self._model = checkpoint.model
        self.model_version = checkpoint.version
        self.start_prompt: Prompts = self._model.start_prompts(1)[0].numpy().astype(np.float16)

    def score(
        self, intake: Intake, rows: Rows, tier: npt.NDArray[np.int8], prompts: Prompts
    ) -> Outputs:
        """Score rows of an intake.

        Args:
            tier: [n] of each row; prior ones read neither window nor prompt.
            prompts: [n, P, d].
        """
        outputs = Outputs.empty(len(rows))
        prior = tier == Tier.PRIOR
        at = np.flatnonzero(prior)
        if len(at):
            codes, features = self._event(intake, rows[at])
            nothing_seen = np.zeros(len(at), np.int64)
            output = self._model.prior(codes, features)
            outputs.put(at, self._outputs(output, intake.features[rows[at]], nothing_seen))
        at = np.flatnonzero(~prior)
        if len(at):
            codes, features = self._event(intake, rows[at])
            output = self._model.score(
                torch.from_numpy(intake.window[rows[at]]),
                torch.from_numpy(intake.length[rows[at]]),
                codes,
                features,
                torch.from_numpy(prompts[at].astype(np.float32)),
            )
            seen = intake.seen[rows[at]]
            outputs.put(at, self._outputs(output, intake.features[rows[at]], seen))
        return outputs

    def adapt(
        self,
        windows: npt.NDArray[np.int16],
        lengths: npt.NDArray[np.int64],
        prompts: Prompts,
        trusted: npt.NDArray[np.bool_],
    ) -> Adaptation:
        """Run the inner loop on own histories.

        Args:
            windows: [n, WINDOW, F], left-aligned.
            lengths: [n].
            prompts: [n, P, d].
            trusted: [n, WINDOW] events that may teach.
        """
        adapted = self._model.adapt(
            torch.from_numpy(windows),
            torch.from_numpy(lengths),
            torch.from_numpy(prompts.astype(np.float32)),
            torch.from_numpy(trusted),
        )
        accepted = adapted.accepted.numpy()
        new = np.where(accepted[:, None, None], adapted.prompts.numpy(), prompts)
        return Adaptation(new.astype(np.float16), accepted, adapted.steps)

    def contributions(
        self, features: npt.NDArray[np.float32], surprise: npt.NDArray[np.float32]
    ) -> npt.NDArray[np.float32]:
        """Log odds that features and their fields' surprise added to the trees' score.

        Args:
            features: [n, A].
            surprise: [n, F].

        Returns:
            [n, A + F]: one column a feature, then one a field.
        """
        if not len(features):
            return np.empty((0, N_FEATURES + N_FIELDS), np.float32)
        shares = self._checkpoint.trees.contributions(tree_inputs(features, surprise))
        return shares[:, : N_FEATURES + N_FIELDS].astype(np.float32)

    def _event(self, intake: Intake, rows: Rows) -> tuple[torch.Tensor, torch.Tensor]:
        return torch.from_numpy(intake.codes[rows]), torch.from_numpy(intake.features[rows])

    def _outputs(
        self,
        output: RiskOutput,
        features: npt.NDArray[np.float32],
        seen: npt.NDArray[np.int64],
    ) -> Outputs:
        calibrated = self._checkpoint.verdict(output, features, seen).calibrated
        surprise = output.surprise.numpy()
        return Outputs(
            self._at_served_prevalence(calibrated.probability),
            self._at_served_prevalence(calibrated.lower),
            self._at_served_prevalence(calibrated.upper),
            surprise,
        )

    def _at_served_prevalence(
        self, probability: npt.NDArray[np.float64]
    ) -> npt.NDArray[np.float64]:
        if self._log_odds == 0.0:
            return probability
        shifted: npt.NDArray[np.float64] = expit(logit(probability) + self._log_odds)
        return shifted
