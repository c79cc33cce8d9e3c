from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pipeline.model import Architecture, Checkpoint
from pipeline.model.played import Played
from pipeline.model.prompt_control import MOST_LOST, PromptControl
from pipeline.model.sequences import Sequences
from pipeline.model.served_model import ServedModel
from pipeline.model.timeline import play
from tests.model.checkpoints import random_checkpoint
from tests.model.worlds import no_progress, toy_sequences

_TINY = Architecture(width=16, layers=1, heads=2, feed_forward=16, readout_heads=2, risk_hidden=8)
_STEPS = "steps.log_size"


@pytest.fixture(scope="module")
def checkpoint() -> Checkpoint:
    """Untrained, with inner steps so long that prompts change who ranks first."""
    made = random_checkpoint(4, _TINY)
    state = {**made.model.state, _STEPS: made.model.state[_STEPS] + np.float32(3.0)}
    return replace(made, model=ServedModel(state, _TINY))


@pytest.fixture(scope="module")
def sequences() -> Sequences:
    return toy_sequences(5, events=3000, entities=120)


def _as_if_right(checkpoint: Checkpoint, sequences: Sequences, adapt: bool) -> Sequences:
    """The sequences with risk wherever scores, adapted or not, are above their median."""
    played = Played(sequences, play(checkpoint.model, sequences, adapt, 1.0, 0, no_progress))
    score = checkpoint.stack.logit(played.parts(checkpoint.trees), played.seen)
    risky = np.zeros(len(sequences.risky), np.int8)
    risky[played.timeline.row] = score > np.median(score)
    return replace(sequences, risky=risky)


def _control(checkpoint: Checkpoint, held: Sequences) -> PromptControl:
    return PromptControl.over(
        checkpoint.model, checkpoint.trees, checkpoint.stack, held, 1.0, 0, no_progress
    )


def test_prompts_that_rank_better_are_served_whole(
    checkpoint: Checkpoint, sequences: Sequences
) -> None:
    control = _control(checkpoint, _as_if_right(checkpoint, sequences, adapt=True))
    assert control.weight == 1.0
    assert list(control.gains) == [1.0]
    assert control.gains[1.0]["11+"].low > 0


def test_prompts_that_cost_rank_lose_their_weight(
    checkpoint: Checkpoint, sequences: Sequences
) -> None:
    control = _control(checkpoint, _as_if_right(checkpoint, sequences, adapt=False))
    lowest = {w: min(g.low for g in ranges.values()) for w, ranges in control.gains.items()}
    assert list(lowest) == sorted(lowest, reverse=True)
    assert len(lowest) > 1
    assert all(low < -MOST_LOST for weight, low in lowest.items() if weight != control.weight)
    assert lowest[1.0] < lowest[min(lowest)]
