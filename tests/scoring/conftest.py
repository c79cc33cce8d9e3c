from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pipeline.model.backbone import Architecture
from pipeline.model.checkpoint import Checkpoint
from pipeline.model.stack import Stack


@pytest.fixture(scope="session")
def checkpoint() -> Checkpoint:
    """An untrained but whole checkpoint: small, and with scores that spread widely."""
    small = Architecture(width=32, layers=1, heads=2, feed_forward=48, readout_heads=2)
    untrained = Checkpoint.random(3, small)
    stack = Stack(np.tile([14.0, 7.0, 10.0], (len(untrained.stack.weights), 1)))
    return replace(untrained, stack=stack)
