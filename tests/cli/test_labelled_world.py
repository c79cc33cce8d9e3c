"""What training reads of a simulated world must be what the stream makes of its payments."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from pipeline.cli.labelled import labelled_days
from pipeline.encoding import ObservationColumns
from pipeline.intake.fan_out import fan_out
from pipeline.intake.pseudonyms import Pseudonyms
from pipeline.model.sequences import LabelledColumns
from simulators.world import World, WorldConfig, payment_at

_KEYS = ("entity", "counterparty", "entity_agent", "counterparty_agent", "uetr")
_ROWS = 250


@pytest.fixture(scope="module")
def world() -> World:
    return World(WorldConfig(participants=20, parties=200, days=3, seed=5, risky_share=0.3))


@pytest.fixture(scope="module")
def days(world: World) -> list[LabelledColumns]:
    return list(labelled_days(world))


def _first_seen(keys: npt.NDArray[np.uint64]) -> npt.NDArray[np.intp]:
    """The same for two lists of keys exactly if they agree on who equals whom."""
    _, first, which = np.unique(keys, return_index=True, return_inverse=True)
    order: npt.NDArray[np.intp] = first[which]
    return order


def test_training_and_stream_see_the_same_observations(
    world: World, days: list[LabelledColumns]
) -> None:
    ledger = world.day(0)
    pseudonyms = Pseudonyms(b"k" * 32)
    arrived = datetime(2026, 1, 5, tzinfo=UTC)
    observations = []
    for row in range(_ROWS):
        records = fan_out(payment_at(world, ledger, row), arrived, pseudonyms)
        observations += [records.debtor, records.creditor]
    stream = ObservationColumns.from_observations(observations)
    training = days[0].columns.take(np.arange(2 * _ROWS))
    for field in fields(ObservationColumns):
        ours: npt.NDArray[Any] = getattr(training, field.name)
        theirs: npt.NDArray[Any] = getattr(stream, field.name)
        assert ours.dtype == theirs.dtype, field.name
        if field.name not in _KEYS:
            np.testing.assert_array_equal(ours, theirs, err_msg=field.name)
    both = [
        np.concatenate([columns.entity, columns.counterparty]) for columns in (training, stream)
    ]
    np.testing.assert_array_equal(_first_seen(both[0]), _first_seen(both[1]))
    agents = [
        np.concatenate([columns.entity_agent, columns.counterparty_agent])
        for columns in (training, stream)
    ]
    np.testing.assert_array_equal(_first_seen(agents[0]), _first_seen(agents[1]))


def test_labels_are_those_of_the_side(world: World, days: list[LabelledColumns]) -> None:
    for index, day in enumerate(days):
        ledger = world.day(index)
        assert (day.risky[0::2] == ledger.debtor_risky).all()
        assert (day.risky[1::2] == ledger.creditor_risky).all()
        assert ((day.typology >= 0) == (day.risky == 1)).all()
        assert (np.diff(day.columns.event_ms) >= 0).all()
    assert sum(int(day.risky.sum()) for day in days) > 0
