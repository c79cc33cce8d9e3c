from __future__ import annotations

import numpy as np
import pytest

from pipeline.encoding import WINDOW
from pipeline.model import Architecture, Checkpoint
from pipeline.model.sequences import Sequences
from pipeline.model.served_model import context_lengths
from pipeline.model.timeline import due, play
from tests.model.checkpoints import random_checkpoint
from tests.model.worlds import no_progress, toy_sequences

_TINY = Architecture(width=16, layers=2, heads=2, feed_forward=16, readout_heads=2, risk_hidden=8)


@pytest.fixture(scope="module")
def sequences() -> Sequences:
    return toy_sequences(7, events=400, entities=9)


def _one_by_one(
    checkpoint: Checkpoint, sequences: Sequences, who: int, adapt: bool
) -> tuple[list[float], int]:
    """The stream's order of work on one counterparty: score, then adapt if due."""
    model = checkpoint.model
    begin, end = sequences.begin[who], sequences.begin[who + 1]
    prompts = model.start_prompts(1)
    logits, accepted = [], 0
    for row in range(begin, end):
        first = row - int(context_lengths(np.array([row - begin]))[0])
        window = np.zeros((1, WINDOW, sequences.codes.shape[1]), np.int16)
        window[0, : row - first] = sequences.codes[first:row]
        one = slice(row, row + 1)
        output, _ = model.score(
            window,
            np.array([row - first]),
            sequences.codes[one],
            sequences.features[one],
            prompts,
        )
        logits.append(float(output.logit[0]))
        count = row - begin + 1
        if adapt and due(count):
            first = max(begin, row + 1 - WINDOW)
            window[0, : row + 1 - first] = sequences.codes[first : row + 1]
            trusted = np.ones((1, WINDOW), np.bool_)
            result = model.adapt(window, np.array([row + 1 - first]), prompts, trusted)
            prompts, accepted = result.prompts, accepted + int(result.accepted[0])
    return logits, accepted


@pytest.mark.parametrize("adapt", [True, False])
def test_playing_in_batch_equals_serving_one_by_one(sequences: Sequences, adapt: bool) -> None:
    checkpoint = random_checkpoint(seed=2, architecture=_TINY)
    line = play(checkpoint.model, sequences, adapt, 1.0, 0, no_progress)
    assert sorted(line.row) == list(range(len(sequences.risky)))
    logit = np.empty(len(line.row), np.float32)
    logit[line.row] = line.logit
    for who in (0, 4):
        expected, _ = _one_by_one(checkpoint, sequences, who, adapt)
        rows = slice(sequences.begin[who], sequences.begin[who + 1])
        np.testing.assert_allclose(logit[rows], expected, rtol=1e-5, atol=1e-6)
    assert (line.accepted > 0) == adapt


def test_adaptation_is_due_often_at_first_and_then_once_a_window() -> None:
    assert [c for c in range(1, 65) if due(c)] == [1, 2, 3, 4, 6, 8, 12, 16, 32, 48, 64]
