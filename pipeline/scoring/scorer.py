"""The checkpoint as the engine uses it: arrays in, calibrated probabilities out."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit

from pipeline.encoding.aggregates import N_FEATURES
from pipeline.encoding.fields import N_FIELDS
from pipeline.encoding.history import WINDOW
from pipeline.encoding.language_state import states_heard
from pipeline.model.checkpoint import Checkpoint
from pipeline.model.served_model import Float, Mask, context_lengths, targets
from pipeline.model.trees import tree_inputs
from pipeline.scoring.intake import Intake, Rows
from schemas.score import Tier

REMEMBERED: Final = 4096
"""Contexts whose keys and values stay in memory, 0.1 MB each; others are read again."""

Prompts = npt.NDArray[np.float16]


@dataclass(frozen=True, slots=True)
class Outputs:
    """Scores of N events, exposure left out.

    Attributes:
        probability: calibrated, [N]; ``lower`` and ``upper`` bound it.
        log_odds: of the stack, before calibration, [N].
        surprise: [N, F] nats.
        states: of history and event, [N, WINDOW + 2, d]; the inner loop starts from them.
        after: the one of them that has read the event, [N, d]: what others may be told.
        tier: at which each was scored, [N].
    """

    probability: npt.NDArray[np.float64]
    lower: npt.NDArray[np.float64]
    upper: npt.NDArray[np.float64]
    log_odds: npt.NDArray[np.float64]
    surprise: npt.NDArray[np.float32]
    states: npt.NDArray[np.float32]
    after: npt.NDArray[np.float16]
    tier: npt.NDArray[np.int8]


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
        self._checkpoint = checkpoint
        self._log_odds = math.log(prevalence_ratio)
        self._model = checkpoint.model
        self._memory = self._model.memory(REMEMBERED)
        self.model_version = checkpoint.version
        self.language_model = self._model.language_model
        self.start_prompt: Prompts = self._model.start_prompts(1)[0].astype(np.float16)

    def score(
        self, intake: Intake, rows: Rows, tier: npt.NDArray[np.int8], prompts: Prompts
    ) -> Outputs:
        """Score rows of an intake.

        Args:
            tier: [n] of each row; prior ones read neither window nor prompt.
            prompts: [n, P, d].
        """
        standings = [intake.observations[row].counterparty_standing for row in rows.tolist()]
        width = self._model.architecture.width
        heard = states_heard(standings, self.language_model, width)
        return self._score(intake, rows, tier, prompts, heard)

    def log_odds_unheard(
        self, intake: Intake, rows: Rows, tier: npt.NDArray[np.int8], prompts: Prompts
    ) -> npt.NDArray[np.float64]:
        """Log odds of rows as if nothing but numbers had been told of the other sides, [n]."""
        if not len(rows):
            return np.empty(0)
        return self._score(intake, rows, tier, prompts, None).log_odds

    def _score(
        self,
        intake: Intake,
        rows: Rows,
        tier: npt.NDArray[np.int8],
        prompts: Prompts,
        heard: Float | None,
    ) -> Outputs:
        prior = tier == Tier.PRIOR
        served = prompts.astype(np.float32)
        served[prior] = self._model.start_prompts(1)
        features = intake.features[rows]
        seen = np.where(prior, 0, intake.seen[rows])
        lengths = context_lengths(seen)
        output, states = self._model.score(
            intake.contexts(rows, lengths),
            lengths,
            intake.codes[rows],
            features,
            served,
            # Of contexts without history there is nothing to remember, and much to forget.
            None if prior.all() else self._memory,
            intake.slot[rows] % REMEMBERED,
            heard,
        )
        verdict = self._checkpoint.verdict(output, features, seen)
        calibrated = verdict.calibrated
        return Outputs(
            self._at_served_prevalence(calibrated.probability),
            self._at_served_prevalence(calibrated.lower),
            self._at_served_prevalence(calibrated.upper),
            verdict.logit,
            output.surprise,
            states,
            states[np.arange(len(rows)), lengths + 1].astype(np.float16),
            tier,
        )

    def adapt(
        self, intake: Intake, rows: Rows, states: Float, prompts: Prompts, trusted: Mask
    ) -> Adaptation:
        """Run the inner loop on the histories that end with these rows.

        Args:
            states: of the rows, as scoring left them.
            prompts: [n, P, d].
            trusted: [n, WINDOW] events that may teach.
        """
        windows = intake.window_after(rows)
        lengths = np.minimum(intake.seen[rows] + 1, WINDOW)
        counted = targets(lengths) & trusted
        adapted = self._model.adapt_states(
            states, windows, counted, lengths < WINDOW, prompts.astype(np.float32)
        )
        new = np.where(adapted.accepted[:, None, None], adapted.prompts.astype(np.float16), prompts)
        steps = self._model.architecture.inner_steps
        return Adaptation(new, adapted.accepted, steps)

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

    def _at_served_prevalence(
        self, probability: npt.NDArray[np.float64]
    ) -> npt.NDArray[np.float64]:
        if self._log_odds == 0.0:
            return probability
        shifted: npt.NDArray[np.float64] = expit(logit(probability) + self._log_odds)
        return shifted
