from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import logit

from pipeline.model.architecture import Architecture
from pipeline.model.checkpoint import Checkpoint
from pipeline.model.served_model import ServedModel
from pipeline.model.stack import Stack
from pipeline.scoring.backtest import replay
from pipeline.scoring.engine import ProfileEngine
from pipeline.scoring.policy import Policy
from tests.model.checkpoints import random_checkpoint
from tests.scoring.logs import mixed_log

_STEPS = "steps.log_size"


@pytest.fixture(scope="session")
def checkpoint() -> Checkpoint:
    """An untrained but whole checkpoint: small, and with scores that spread widely.

    Its inner steps are so long that some prompts are refused. Its stack is scaled so that
    log odds of unadapted scores have mean -3 and deviation 2, whatever an untrained network
    happens to say.
    """
    small = Architecture(width=32, layers=1, heads=2, feed_forward=48, readout_heads=2)
    made = random_checkpoint(3, small)
    state = {**made.model.state, _STEPS: made.model.state[_STEPS] + np.float32(3.4)}
    plain = _stacked(replace(made, model=ServedModel(state, small)), 1.0, 0.0)
    effects = replay(ProfileEngine(plain, Policy(adapts=False)), mixed_log(1, 200))
    said = logit([s.probability for e in effects for s in e.scores if s.exposure == 0])
    scale = 2.0 / float(said.std())
    return _stacked(plain, scale, -3.0 - scale * float(said.mean()))


def _stacked(checkpoint: Checkpoint, weight: float, intercept: float) -> Checkpoint:
    rows = len(checkpoint.stack.weights)
    return replace(checkpoint, stack=Stack(np.tile([weight, weight, intercept], (rows, 1))))
