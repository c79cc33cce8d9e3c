from __future__ import annotations

import itertools
import random
from datetime import timedelta

import numpy as np
import pytest

from pipeline.encoding import Histories, ObservationColumns, append, encode
from pipeline.encoding.columns import entity_key
from pipeline.evaluation.splits import (
    Trial,
    arrival_order,
    encode_trial,
    rank_of,
    served_weight,
)
from pipeline.model.sequences import encode_sequences
from tests.model.checkpoints import random_model
from tests.model.worlds import no_progress, toy_observations
from tests.scoring.logs import START, observation

_MODEL = random_model(0).served()


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
        day=np.arange(rows) * 5 // rows,
        family=(counterparty % 3).astype(np.int16),
        typology=np.where(risky, counterparty % 2, -1).astype(np.int8),
        served_weight=served_weight(counterparty, risky, 0.5),
        parties=entities,
    )


def test_rank_counts_earlier_rows_of_the_same_counterparty() -> None:
    assert rank_of(np.array([5, 5, 2, 5, 2], np.uint64)).tolist() == [0, 1, 0, 2, 1]


def test_a_trial_is_encoded_as_the_stream_encodes_it() -> None:
    trial = make_trial(60, 4)
    encoded_trial = encode_trial(trial, _MODEL)
    codes, features = encoded_trial.codes, encoded_trial.features
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


def test_arrival_order_finds_every_encoded_row_in_the_stream() -> None:
    parts = [toy_observations(seed, 200, 12) for seed in (1, 2)]
    sequences = encode_sequences(parts, 9, no_progress)
    place = arrival_order(np.concatenate([p.columns.entity for p in parts]), 9)
    risky = np.concatenate([p.risky for p in parts])
    assert np.array_equal(risky[place], sequences.risky)
    for begin, end in itertools.pairwise(sequences.begin):
        assert (np.diff(place[begin:end]) > 0).all()


def test_trials_of_the_held_out_set_its_risky_counterparties_beside_all_benign_payments() -> None:
    trial = make_trial(400, 20)
    encoded = encode_trial(trial, _MODEL)
    unseen = encoded.unseen(families=(1,), typologies=(1,))
    touched = np.unique(trial.counterparty[trial.typology == 1])
    of_typology = np.isin(trial.counterparty, touched)
    of_family = (trial.family == 1) & ~of_typology
    assert np.array_equal(unseen["unseen typologies"], ~trial.risky | of_typology)
    assert np.array_equal(unseen["unseen family"], ~trial.risky | of_family)
    assert encoded.unseen((), ()) == {}
    part = trial.of(unseen["unseen family"])
    assert len(part) == len(part.observations) == unseen["unseen family"].sum()
    assert part.amount.tolist() == [o.amount for o in part.observations]
