from __future__ import annotations

import random
from datetime import timedelta

import numpy as np
import pytest

from pipeline.encoding import Histories, ObservationColumns, append, encode
from pipeline.encoding.columns import entity_key
from pipeline.evaluation.splits import Trial, encode_trial, rank_of, served_weight
from tests.scoring.logs import START, observation


def make_trial(rows: int, entities: int, seed: int = 0) -> Trial:
    """A trial of random payments; those of every second entity may be risky."""
    random_ = random.Random(seed)
    observations = [observation(random_, random_.randrange(entities), i) for i in range(rows)]
    counterparty = np.array([entity_key(o.entity) for o in observations], np.uint64)
    risky = np.array(
        [int(o.entity[-1], 16) % 2 > 0 and random_.random() < 0.4 for o in observations]
    )
    return Trial(
        observations=observations,
        counterparty=counterparty,
        seen=rank_of(counterparty),
        risky=risky,
        amount=np.array([o.amount for o in observations]),
        served_weight=served_weight(counterparty, risky, 0.5),
    )


def test_rank_counts_earlier_rows_of_the_same_counterparty() -> None:
    assert rank_of(np.array([5, 5, 2, 5, 2], np.uint64)).tolist() == [0, 1, 0, 2, 1]


def test_a_trial_is_encoded_as_the_stream_encodes_it() -> None:
    trial = make_trial(60, 4)
    codes, features = encode_trial(trial)
    histories = Histories.allocate(4)
    slots: dict[str, int] = {}
    for row, one in enumerate(trial.observations):
        assert one.event_at >= START - timedelta(1)
        slot = np.array([slots.setdefault(one.entity, len(slots))])
        columns = ObservationColumns.from_observations([one])
        encoded = encode(columns, histories, slot)
        append(columns, encoded, histories, slot)
        assert np.array_equal(codes[row], encoded.codes[0])
        assert np.array_equal(features[row], encoded.features[0], equal_nan=True)


def test_served_weights_give_risky_counterparties_their_share_in_service() -> None:
    counterparty = np.repeat(np.arange(100, dtype=np.uint64), 3)
    risky = (counterparty < 30) & (np.arange(300) % 3 == 0)
    weight = served_weight(counterparty, risky, 0.1)
    share = weight[counterparty < 30].sum() / weight.sum()
    assert share == pytest.approx(0.03)
