"""A return undoes its payment in the graph of the parties, and spreads nothing itself."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.contagion.engine import ContagionEngine
from pipeline.contagion.settings import ContagionSettings
from pipeline.contagion.snapshot import load, save
from schemas.records import FlagState, Flow
from tests.contagion.stream import Log, bank, flag, flow, party, random_log, returned
from tests.contagion.test_engine import flat, joined
from tests.contagion.test_graph import check_agreement
from tests.contagion.test_spread import check_bounds

EXACT = ContagionSettings(half_life_days=2.0, horizon_days=30, tolerance=1e-10)
QUICK = ContagionSettings(half_life_days=0.2, horizon_days=3, tolerance=1e-3)


def with_returns(seed: int, records: int, minutes_apart: float, *, whole: bool) -> tuple[Log, Log]:
    """A log in which a third of the payments come back, and the same without those."""
    rng = random.Random(seed)
    both: Log = []
    kept: Log = []
    seen: set[str] = set()
    for offset, record in random_log(seed, records, minutes_apart=minutes_apart):
        both.append((len(both), record))
        if isinstance(record, Flow) and rng.random() < 0.33 and record.uetr not in seen:
            share = 1.0 if whole else rng.choice((0.25, 1.0))
            both.append((len(both), returned(10_000 + offset, record, share, minutes=1.0)))
            if rng.random() < 0.2:
                both.append((len(both), both[-1][1]))
            seen.add(record.uetr)
        elif not (isinstance(record, Flow) and record.uetr in seen):
            kept.append((len(kept), record))
            if isinstance(record, Flow):
                seen.add(record.uetr)
    return both, kept


def exposures(engine: ContagionEngine) -> dict[str, float]:
    return {name: engine.exposure(name)[0] for name in map(party, range(12))}


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000))
def test_a_payment_that_came_back_leaves_no_exposure(seed: int) -> None:
    both, kept = with_returns(seed, 60, 20.0, whole=True)
    engine, plain = ContagionEngine(EXACT), ContagionEngine(EXACT)
    engine.process(both)
    plain.process(kept)
    assert exposures(engine) == pytest.approx(exposures(plain), abs=1e-7)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([5.0, 300.0, 2_000.0]))
def test_graph_and_bound_hold_through_returns(seed: int, minutes_apart: float) -> None:
    engine = ContagionEngine(QUICK)
    engine.process(with_returns(seed, 90, minutes_apart, whole=False)[0])
    check_agreement(engine.graph)
    check_bounds(engine)


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 90))
def test_a_restart_amid_returns_goes_on_byte_for_byte(
    tmp_path_factory: pytest.TempPathFactory, seed: int, cut: int
) -> None:
    path: Path = tmp_path_factory.mktemp("graph") / "graph.npz"
    log = with_returns(seed, 70, 300.0, whole=False)[0]
    whole = ContagionEngine(QUICK).process(log)
    engine = ContagionEngine(QUICK)
    first = engine.process(log[:cut])
    save(engine, path)
    assert flat(joined([first, load(path).process(log[cut:])])) == flat(whole)


def test_a_victim_that_got_its_money_back_is_not_exposed_to_the_mule() -> None:
    victim, mule = party(1), party(2)
    paid = flow(1, victim, mule, 9_000.0)
    engine = ContagionEngine()
    engine.process([(0, paid), (1, flow(2, party(3), mule, 1_000.0)), (2, flag(mule, minutes=5))])
    assert engine.exposure(victim)[0] == pytest.approx(0.85)
    effects = engine.process([(3, returned(9, paid))])
    assert engine.exposure(victim)[0] == 0.0
    assert [(f.entity, f.state) for f in effects.flags] == [(victim, FlagState.CLEARED)]
    assert not effects.alerts
    assert engine.exposure(party(3))[0] == pytest.approx(0.85)


def test_a_mule_that_sent_flagged_money_back_is_clean() -> None:
    paid = flow(1, party(1), party(2), 9_000.0)
    engine = ContagionEngine()
    engine.process([(0, flag(party(1))), (1, paid)])
    assert engine.exposure(party(2))[0] == pytest.approx(0.85)
    engine.process([(2, returned(9, paid))])
    assert engine.exposure(party(2))[0] == 0.0


def test_a_part_that_came_back_counts_as_if_only_the_rest_was_paid() -> None:
    paid = flow(1, party(1), party(2), 1_000.0)
    clean = flow(2, party(3), party(2), 500.0)
    engine = ContagionEngine()
    engine.process([(0, flag(party(1))), (1, paid), (2, clean), (3, returned(9, paid, 0.5))])
    assert engine.exposure(party(2))[0] == pytest.approx(0.85 / 2)
    link = engine.graph.link(engine.graph.index[party(1)], engine.graph.index[party(2)])
    assert link is not None
    assert (link.count, link.amount) == (1, 500.0)


def test_a_return_that_comes_again_is_a_repeat() -> None:
    paid = flow(1, party(1), party(2), 1_000.0)
    twice = flow(2, party(1), party(2), 1_000.0)
    engine = ContagionEngine()
    back = returned(9, paid)
    effects = engine.process([(0, paid), (1, twice), (2, back), (3, back), (4, paid)])
    assert (effects.flows, effects.repeats) == (3, 2)
    index = engine.graph.index
    assert engine.graph.network[index[party(1)]][index[party(2)]]["weight"] == 1_000.0
    settled = engine.graph.network[index[bank(2)]][index[bank(1)]]["settled"]
    assert engine.graph.weight_now(settled) == pytest.approx(1_000.0)


def test_a_return_of_an_unknown_payment_spreads_nothing() -> None:
    engine = ContagionEngine()
    engine.process([(0, flag(party(2))), (1, returned(9, flow(1, party(1), party(2))))])
    assert engine.exposure(party(1))[0] == 0.0


def test_evidence_stays_when_the_newest_payments_came_back() -> None:
    engine = ContagionEngine()
    payments = [flow(n, party(1), party(2), 100.0, minutes=n) for n in range(12)]
    engine.process(list(enumerate(payments)))
    log: Log = [(20 + n, returned(100 + n, paid)) for n, paid in enumerate(payments[3:])]
    engine.process(log)
    effects = engine.process([(40, flag(party(1), minutes=60))])
    alert = next(a for a in effects.alerts if a.entity == party(2))
    assert alert.paths[0].hops[0].payments == 3
    assert alert.paths[0].hops[0].amount == pytest.approx(300.0)
