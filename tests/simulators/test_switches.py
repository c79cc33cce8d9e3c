"""What changes on a day changes on that day, and nothing before it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from simulators.behaviours import FAMILIES
from simulators.delivery import Delivery, Outage
from simulators.switches import Drift, Switches
from simulators.typologies import TYPOLOGIES
from simulators.world import World, WorldConfig

SMALL = WorldConfig(participants=40, parties=400, days=6, seed=8, risky_share=0.4)


def test_a_new_typology_starts_on_its_day() -> None:
    world = World(replace(SMALL, switches=Switches(typology_days=(("fan-in", 3),))))
    index = next(i for i, t in enumerate(TYPOLOGIES) if t.name == "fan-in")
    cases = [s for s in world.truth.schemes if s.typology == index]
    assert min(s.day for s in cases if not s.benign) >= 3
    assert min(s.day for s in cases if s.benign) < 3


def test_a_new_family_pays_nothing_before_its_day() -> None:
    world = World(replace(SMALL, switches=Switches(family_days=(("exchanges", 2),))))
    number = next(i for i, f in enumerate(FAMILIES) if f.name == "exchanges")
    paid = [int((ledger.family == number).sum()) for ledger in world.days()]
    assert paid[:2] == [0, 0]
    assert min(paid[2:]) > 0


def test_drift_scales_customers_amounts_from_its_day_on() -> None:
    plain = World(SMALL)
    drifted = World(replace(SMALL, switches=Switches(drifts=(Drift(day=3, factor=2.0),))))
    same, other = plain.day(2), drifted.day(2)
    assert (same.amount_cents == other.amount_cents).all()
    sums = []
    for world in (plain, drifted):
        ledger = world.day(3)
        sums.append(int(ledger.amount_cents[ledger.debtor >= 0].sum()))
    assert sums[1] / sums[0] == pytest.approx(2.0, rel=1e-6)


def test_the_latest_drift_holds() -> None:
    switches = Switches(drifts=(Drift(day=1, minutes=60.0), Drift(day=4, minutes=-60.0)))
    world = World(SMALL)
    early = world.day(5)
    moved = World(replace(SMALL, switches=switches)).day(5)
    assert moved.event_ms.mean() < early.event_ms.mean()


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(ValueError, match="fan-inn"):
        replace(SMALL, switches=Switches(typology_days=(("fan-inn", 3),)))


def test_a_faultless_transport_delivers_in_event_order() -> None:
    ledger = World(SMALL).day(0)
    rows, at = Delivery().order(1, ledger)
    assert (rows == np.arange(len(ledger))).all()
    assert (at == ledger.event_ms).all()


def test_late_and_repeated_payments_arrive_later_and_none_is_lost() -> None:
    ledger = World(SMALL).day(0)
    rows, at = Delivery(late_share=0.1, repeat_share=0.2).order(1, ledger)
    assert set(rows.tolist()) == set(range(len(ledger)))
    assert (np.diff(at) >= 0).all()
    assert (at >= ledger.event_ms[rows]).all()
    repeats = rows.size - len(ledger)
    assert 0.15 < repeats / len(ledger) < 0.25


def test_an_outage_delivers_nothing_until_it_ends() -> None:
    ledger = World(SMALL).day(0)
    begins, ends = int(ledger.event_ms[100]), int(ledger.event_ms[500])
    _, at = Delivery(outages=(Outage(begins, ends),)).order(1, ledger)
    assert not ((at >= begins) & (at < ends)).any()
    assert (at == ends).sum() >= 400
