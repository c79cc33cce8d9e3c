"""Reasons on the shipped checkpoint: what is put back to usual lowers the score.

Any change of an alerted payment tends to lower its score, since it was among the highest; so
the fields that a reason names are held against fields that none names.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest
from scipy.special import logit

from pipeline.cli.trial import held_out_trial
from pipeline.model.checkpoint import SHIPPED, Checkpoint
from pipeline.scoring import LogRecord, ProfileEngine
from schemas.alert import Reason
from schemas.records import Observation
from simulators.world import World, WorldConfig
from tests.scoring.logs import entity_id
from tests.scoring.runs import feed
from tests.scoring.usual import CHANGES, usual

UNNAMED = ("new_bank", "new_corridor", "new_purpose", "amount_above_usual", "odd_hour", "burst")
"""Reasons whose fields are put back where nothing names them."""


@dataclass
class Moves:
    """Change of the log odds by putting a field back, one a case."""

    first: list[float] = field(default_factory=list)
    any: list[float] = field(default_factory=list)
    unnamed: list[float] = field(default_factory=list)


class Laboratory:
    """Scores variants of a payment, each on a copy of the profile that the payment met."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self._engine = ProfileEngine(checkpoint)
        self._made = 0

    def log_odds(self, profile: bytes, variant: Observation) -> float:
        """Log odds of the variant's score."""
        copy = entity_id(self._made)
        self._engine.restore(copy, profile)
        record = variant.model_copy(update={"entity": copy})
        early, late = feed(self._engine, [LogRecord(1, 10**6 + self._made, record)])
        self._made += 1
        (score,) = early.scores + late.scores
        return float(logit(score.probability))


@pytest.fixture(scope="module")
def moves() -> Moves:
    """Every alert of a simulated world, its fields put back one by one."""
    checkpoint = Checkpoint.load(SHIPPED)
    world = World(WorldConfig(parties=200, days=20, seed=3007, risky_share=0.3))
    engine, laboratory, moves = ProfileEngine(checkpoint), Laboratory(checkpoint), Moves()
    past: dict[str, list[Observation]] = defaultdict(list)
    for offset, new in enumerate(held_out_trial(world, 24, 0.05, checkpoint.model).observations):
        before = engine.packed([new.entity])[0][1] if past[new.entity] else b""
        early, late = feed(engine, [LogRecord(0, offset, new)])
        for alert in early.alerts + late.alerts:
            if before:
                at = float(logit(alert.probability))
                _put_back(laboratory, before, past[new.entity], new, alert.reasons, at, moves)
        past[new.entity].append(new)
    return moves


def _put_back(
    laboratory: Laboratory,
    profile: bytes,
    past: Sequence[Observation],
    new: Observation,
    reasons: Sequence[Reason],
    at: float,
    moves: Moves,
) -> None:
    for place, reason in enumerate(reasons):
        variant = usual(reason.code, str(reason.evidence.get("field")), past, new)
        if variant is not None:
            move = laboratory.log_odds(profile, variant) - at
            moves.any.append(move)
            if place == 0:
                moves.first.append(move)
    named = {CHANGES.get(reason.code) for reason in reasons}
    for code in UNNAMED:
        variant = None if CHANGES[code] in named else usual(code, "", past, new)
        if variant is not None:
            moves.unnamed.append(laboratory.log_odds(profile, variant) - at)


def test_putting_back_what_the_first_reason_names_lowers_the_score(moves: Moves) -> None:
    assert len(moves.first) >= 50
    assert np.mean(np.array(moves.first) < 0) >= 0.85
    assert np.mean(moves.first) < -1.0


def test_putting_back_what_any_reason_names_lowers_the_score(moves: Moves) -> None:
    assert np.mean(np.array(moves.any) < 0) >= 0.8
    assert np.mean(moves.any) < -0.8


def test_a_field_that_is_named_moves_the_score_more_than_one_that_is_not(moves: Moves) -> None:
    assert np.mean(moves.first) < np.mean(moves.unnamed) - 0.5
    assert np.mean(np.array(moves.first) < 0) > np.mean(np.array(moves.unnamed) < 0)
