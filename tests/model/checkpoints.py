"""Untrained models and checkpoints with every part in place."""

from __future__ import annotations

import numpy as np
import torch

from pipeline.encoding import N_FEATURES
from pipeline.model import BUCKETS, Architecture, Checkpoint
from pipeline.model.calibration import Calibration
from pipeline.model.profile_model import ProfileModel
from pipeline.model.stack import Stack
from pipeline.model.trees import TREE_FEATURES, Trees


def random_model(seed: int, architecture: Architecture | None = None) -> ProfileModel:
    """A model as it is before training, but for a start prompt that is not nought."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = ProfileModel(architecture or Architecture()).eval().requires_grad_(False)
        torch.nn.init.normal_(model.readout.start, std=0.3)
        return model


def random_checkpoint(seed: int, architecture: Architecture | None = None) -> Checkpoint:
    """A checkpoint around such a model."""
    rng = np.random.default_rng(seed)
    model = random_model(seed, architecture).served()
    inputs = rng.normal(size=(600, len(TREE_FEATURES))).astype(np.float32)
    label = (inputs[:, 0] + inputs[:, N_FEATURES] > 1).astype(np.int8)
    trees = Trees.fit(inputs, label, (inputs, label), seed, rounds=5)
    stack = Stack(np.tile([0.5, 0.5, -2.0], (len(BUCKETS), 1)))
    calibration = Calibration(
        np.tile([1.0, 1.0, 0.0], (len(BUCKETS), 1)), np.full(len(BUCKETS), 1.6)
    )
    return Checkpoint.assemble(model, trees, stack, calibration, {"made_by": "random"})
