"""What training reads of a simulated world must be what the stream makes of its payments."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.cli.labelled import labelled_days
from pipeline.encoding import Histories, ObservationColumns, append, encode
from pipeline.encoding.standing import TOLD, standing_of, told
from pipeline.intake.fan_out import fan_out
from pipeline.intake.pseudonyms import Pseudonyms
from pipeline.model.sequences import LabelledColumns
from schemas.records import Observation
from schemas.standing import Standing
from simulators.entries import DayLedger
from simulators.frames import payments_frame
from simulators.world import World, WorldConfig, payment_at

_KEYS = ("entity", "counterparty", "entity_agent", "counterparty_agent", "uetr")
_HASHED = [TOLD.index(name) for name in ("new_agents_7d", "counterparties", "agents")]
_ROWS = 250


class Lying(World):
    """A world whose truth is drawn at random; its payments are another's."""

    def __init__(self, world: World, seed: int) -> None:
        self.__dict__.update(world.__dict__)
        self._rng = np.random.default_rng(seed)

    def days(self) -> Iterator[DayLedger]:
        """The other's days with truth that is none."""
        for ledger in super().days():
            n, rng = len(ledger), self._rng
            yield replace(
                ledger,
                family=rng.integers(0, 18, n).astype(np.int16),
                scheme=rng.integers(-1, 50, n),
                leg=rng.integers(1, 4, n).astype(np.int8),
                debtor_role=rng.integers(0, 5, n).astype(np.int8),
                creditor_role=rng.integers(0, 5, n).astype(np.int8),
                stage=rng.integers(0, 5, n).astype(np.int8),
                debtor_risky=rng.random(n) < 0.5,
                creditor_risky=rng.random(n) < 0.5,
            )


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


def _streamed(world: World, payments: int) -> list[Observation]:
    """What ingest makes of the first payments while profiles tell of themselves."""
    ledger = world.day(0)
    pseudonyms = Pseudonyms(b"k" * 32)
    arrived = datetime(2026, 1, 5, tzinfo=UTC)
    histories, slot_of = Histories.allocate(2 * payments), dict[str, int]()
    known: dict[str, Standing | None] = {}
    observations: list[Observation] = []
    for row in range(payments):
        records = fan_out(payment_at(world, ledger, row), arrived, pseudonyms, known.get)
        for one in (records.debtor, records.creditor):
            slot = np.array([slot_of.setdefault(one.entity, len(slot_of))])
            columns = ObservationColumns.from_observations([one])
            append(columns, encode(columns, histories, slot), histories, slot)
            told_of = standing_of(told(histories.standing, slot)[0].tolist())
            assert told_of is not None
            known[one.entity] = Standing.from_bytes(told_of.to_bytes())
            observations.append(one)
    return observations


def test_training_and_stream_see_the_same_observations(
    world: World, days: list[LabelledColumns]
) -> None:
    stream = ObservationColumns.from_observations(_streamed(world, _ROWS))
    assert stream.standing.any(1).mean() > 0.3
    training = days[0].columns.take(np.arange(2 * _ROWS))
    for field in fields(ObservationColumns):
        ours: npt.NDArray[Any] = getattr(training, field.name)
        theirs: npt.NDArray[Any] = getattr(stream, field.name)
        assert ours.dtype == theirs.dtype, field.name
        if field.name == "standing":
            # Which keys share a bucket depends on the keys: indices here, hashes there.
            assert np.abs(ours - theirs)[:, _HASHED].mean() < 0.1
            ours, theirs = (np.delete(each, _HASHED, axis=1) for each in (ours, theirs))
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


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_truth_enters_no_payment_and_no_feature(
    world: World, days: list[LabelledColumns], seed: int
) -> None:
    for honest, lying in zip(days, labelled_days(Lying(world, seed)), strict=True):
        assert (honest.risky != lying.risky).any()
        for field in fields(ObservationColumns):
            ours, theirs = (getattr(d.columns, field.name) for d in (honest, lying))
            np.testing.assert_array_equal(ours, theirs, err_msg=field.name)
    ledger, told = world.day(0), next(Lying(world, seed).days())
    assert payments_frame(world, ledger).equals(payments_frame(world, told))
