from __future__ import annotations

from dataclasses import replace

import numpy as np

from pipeline.encoding import STANDING_EVENTS, WINDOW, Histories, append, encode
from pipeline.evaluation.splits import arrival_order
from pipeline.model.sequences import (
    CROP,
    NOBODY,
    encode_sequences,
    later_crops,
    opening_crops,
)
from pipeline.model.splits import split
from tests.model.worlds import no_progress, toy_observations, toy_sequences


def test_sequences_equal_a_replay_event_by_event() -> None:
    labelled = toy_observations(seed=1, events=200, entities=5)
    sequences = encode_sequences([labelled], 100, no_progress)
    histories = Histories.allocate(5)
    events = labelled.columns
    seen = np.zeros(5, np.int64)
    for row in range(len(events)):
        event = events.take(np.array([row]))
        slot = event.entity.astype(np.int64)
        encoded = encode(event, histories, slot)
        append(event, encoded, histories, slot)
        who = int(np.flatnonzero(sequences.key == event.entity[0])[0])
        at = sequences.begin[who] + seen[who]
        assert encoded.codes.tobytes() == sequences.codes[at].tobytes()
        assert encoded.features.tobytes() == sequences.features[at].tobytes()
        assert labelled.risky[row] == sequences.risky[at]
        seen[who] += 1


def test_only_the_first_events_of_a_counterparty_are_kept() -> None:
    sequences = encode_sequences([toy_observations(2, 300, 3)], 20, no_progress)
    assert (sequences.length == 20).all()
    assert (sequences.position == np.tile(np.arange(20), 3)).all()
    assert (sequences.position_of(np.arange(60)) == sequences.position).all()


def test_parts_in_order_equal_the_whole() -> None:
    whole = toy_observations(3, 120, 4)
    cut = np.arange(50), np.arange(50, 120)
    parts = [
        type(whole)(whole.columns.take(r), whole.risky[r], whole.family[r], whole.typology[r])
        for r in cut
    ]
    a = encode_sequences([whole], 99, no_progress)
    b = encode_sequences(parts, 99, no_progress)
    assert a.codes.tobytes() == b.codes.tobytes()


def test_choosing_counterparties_keeps_their_rows_together() -> None:
    sequences = toy_sequences(4)
    chosen = np.arange(len(sequences)) % 3 == 0
    some = sequences.of(chosen)
    assert (some.key == sequences.key[chosen]).all()
    for i, who in enumerate(np.flatnonzero(chosen)):
        theirs = slice(sequences.begin[who], sequences.begin[who + 1])
        ours = slice(some.begin[i], some.begin[i + 1])
        assert some.features[ours].tobytes() == sequences.features[theirs].tobytes()


def test_crops_stay_within_their_counterparty() -> None:
    sequences = toy_sequences(5)
    opening = opening_crops(sequences)
    assert (opening.rows[:, 0] == sequences.begin[:-1]).all()
    assert opening.from_start.all()
    later = later_crops(sequences, 1.0, np.random.default_rng(0))
    assert len(later) == (sequences.position >= CROP).sum()
    for crops in (opening, later):
        owner = sequences.owner[crops.rows]
        assert (owner == owner[:, :1]).all()
    assert (sequences.position[later.rows[:, -1]] >= CROP).all()
    assert (later.length == WINDOW + 1).all()


def test_splits_are_disjoint_and_complete_and_hold_out_what_they_should() -> None:
    sequences = toy_sequences(6, events=3000, entities=200)
    splits = split(sequences, families=(1,), typologies=(0,), seed=3)
    masks = np.stack([getattr(splits, name) for name in splits.__slots__])
    assert (masks.sum(0) == 1).all()
    for name in ("fit", "stack", "calibrate", "test"):
        some = sequences.of(getattr(splits, name))
        assert not (some.typology == 0).any()
        assert not (some.main_family() == 1).any()
    assert (sequences.of(splits.unseen_family).main_family() == 1).all()


def test_joined_crops_are_those_of_both() -> None:
    sequences = toy_sequences(1)
    first = opening_crops(sequences)
    later = later_crops(sequences, 0.2, np.random.default_rng(0))
    both = first.joined(later)
    assert len(both) == len(first) + len(later) > len(first) > 0
    assert np.array_equal(both.take(np.arange(len(first))).rows, first.rows)
    assert np.array_equal(both.take(np.arange(len(first), len(both))).real, later.real)
    assert not both.from_start[len(first) :].any()


def test_the_other_sides_newest_event_is_found_by_the_number_of_its_payments() -> None:
    labelled = toy_observations(7, 400, 8)
    events = labelled.columns
    counterparty = (events.entity + 1) % np.uint64(9)
    told = np.arange(400) // 20
    standing = np.zeros_like(events.standing)
    standing[:, STANDING_EVENTS] = told
    columns = replace(events, counterparty=counterparty, standing=standing)
    sequences = encode_sequences([replace(labelled, columns=columns)], 15, no_progress)
    place = arrival_order(events.entity, 15)
    for row, at in enumerate(place):
        who = np.flatnonzero(sequences.key == counterparty[at])
        if told[at] == 0 or len(who) == 0:
            assert sequences.other[row] == NOBODY
        else:
            newest = min(told[at], sequences.length[who[0]]) - 1
            assert sequences.other[row] == sequences.begin[who[0]] + newest
    assert (sequences.other == NOBODY).mean() < 0.5


def test_the_first_events_of_each_counterparty_keep_what_belongs_to_them() -> None:
    sequences = toy_sequences(8)
    some = sequences.first(5)
    assert (some.length == np.minimum(sequences.length, 5)).all()
    kept = sequences.position < 5
    assert some.codes.tobytes() == sequences.codes[kept].tobytes()
    assert (some.other == sequences.other[kept]).all()
