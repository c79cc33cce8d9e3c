"""What a trial tells of the other sides must be what profiles tell in service."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.cli.trial import held_out_trial
from pipeline.encoding import state_told, states_heard
from pipeline.evaluation.splits import Trial, encode_trial
from pipeline.model.architecture import Architecture
from pipeline.model.checkpoint import Checkpoint
from pipeline.model.other_states import states_after
from pipeline.scoring.effects import LogRecord
from pipeline.scoring.engine import ProfileEngine
from schemas.standing import Standing
from simulators.world import World, WorldConfig
from tests.model.checkpoints import random_checkpoint
from tests.scoring.runs import feed

_TINY = Architecture(width=16, layers=2, heads=2, feed_forward=16, readout_heads=2, risk_hidden=16)


@pytest.fixture(scope="module")
def checkpoint() -> Checkpoint:
    return random_checkpoint(seed=4, architecture=_TINY)


@pytest.fixture(scope="module")
def trial(checkpoint: Checkpoint) -> Trial:
    """Every payment of a small world, both sides of each."""
    world = World(WorldConfig(participants=8, parties=60, days=4, seed=5, risky_share=0.3))
    return held_out_trial(world, 10**6, 0.05, checkpoint.model)


def test_what_is_told_of_the_other_side_is_what_its_profile_tells(
    trial: Trial, checkpoint: Checkpoint
) -> None:
    engine = ProfileEngine(checkpoint)
    known: dict[str, Standing] = {}
    told = 0
    for at in range(0, len(trial), 2):
        both = trial.observations[at : at + 2]
        for one in both:
            other = known.get(one.counterparty)
            told += other is not None
            ours = one.counterparty_standing
            assert (ours and ours.state) == (other and other.state)
            assert (ours and ours.events) == (other and other.events)
        for offset, one in enumerate(both):
            feed(engine, [LogRecord(0, at + offset, one)])
        known.update(engine.standings([one.entity for one in both]))
    assert told > len(trial) / 2


def test_a_trial_hears_what_its_observations_say(trial: Trial, checkpoint: Checkpoint) -> None:
    model = checkpoint.model
    standings = [each.counterparty_standing for each in trial.observations]
    heard = states_heard(standings, model.language_model, _TINY.width)
    encoded = encode_trial(trial, model)
    np.testing.assert_array_equal(encoded.told.astype(np.float32), heard)
    assert 0.5 < (~np.isnan(heard[:, 0])).mean() < 1


def test_a_restored_profile_tells_the_state_that_it_told_before(
    trial: Trial, checkpoint: Checkpoint
) -> None:
    before, after = ProfileEngine(checkpoint), ProfileEngine(checkpoint)
    feed(before, [LogRecord(0, i, each) for i, each in enumerate(trial.observations[:40])])
    for entity, packed in before.packed(before.entities):
        after.restore(entity, packed)
    assert after.standings(before.entities) == before.standings(before.entities)


def test_states_are_those_after_each_event(trial: Trial, checkpoint: Checkpoint) -> None:
    encoded = encode_trial(trial, checkpoint.model)
    states = states_after(encoded.sequences, checkpoint.model)
    engine, last = ProfileEngine(checkpoint), dict[str, int]()
    feed(engine, [LogRecord(0, i, each) for i, each in enumerate(trial.observations)])
    for i, each in enumerate(trial.observations):
        last[each.entity] = i
    for entity, standing in engine.standings(list(last)):
        state = states[encoded.place[last[entity]]]
        assert standing.state == state_told(state, checkpoint.model.language_model)
    assert max(standing.events for _, standing in engine.standings(list(last))) > 40
