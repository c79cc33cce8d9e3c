from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.contagion.effects import ContagionEffects
from pipeline.contagion.engine import ContagionEngine
from pipeline.contagion.settings import ContagionSettings
from pipeline.contagion.snapshot import load, save
from pipeline.errors import ColdwireError
from schemas.alert import AlertKind
from schemas.records import FlagState
from tests.contagion.stream import Log, bank, flag, flow, party, random_log

QUICK = ContagionSettings(half_life_days=2.0, horizon_days=10, flag_days=5.0, tolerance=1e-3)


def flat(effects: ContagionEffects) -> list[bytes]:
    kinds = (effects.exposures, effects.updates, effects.flags, effects.alerts)
    return [wire.to_bytes() for kind in kinds for wire in kind]


def joined(parts: list[ContagionEffects]) -> ContagionEffects:
    whole = ContagionEffects()
    for part in parts:
        whole.exposures += part.exposures
        whole.updates += part.updates
        whole.flags += part.flags
        whole.alerts += part.alerts
        whole.flows += part.flows
        whole.repeats += part.repeats
        whole.ignored += part.ignored
    return whole


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10_000), st.lists(st.integers(1, 20), min_size=1, max_size=12))
def test_effects_do_not_depend_on_how_the_log_is_cut(seed: int, cuts: list[int]) -> None:
    log = random_log(seed, 70)
    whole = ContagionEngine(QUICK).process(log)
    engine, parts, at = ContagionEngine(QUICK), [], 0
    for cut in [*cuts, len(log)]:
        parts.append(engine.process(log[at : at + cut]))
        at += cut
    again = joined(parts)
    assert flat(again) == flat(whole)
    assert (again.flows, again.repeats, again.ignored) == (
        whole.flows,
        whole.repeats,
        whole.ignored,
    )


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 90))
def test_restart_from_a_snapshot_goes_on_byte_for_byte(
    tmp_path_factory: pytest.TempPathFactory, seed: int, cut: int
) -> None:
    folder = tmp_path_factory.mktemp("snapshots")
    log = random_log(seed, 90)
    straight = ContagionEngine(QUICK)
    straight.process(log[:cut])
    save(straight, folder / "cut.npz")
    expected = straight.process(log[cut:])
    resumed = load(folder / "cut.npz", QUICK)
    assert resumed.next_offset == (log[cut - 1][0] + 1 if cut else 0)
    assert flat(resumed.process(log[cut:])) == flat(expected)
    save(straight, folder / "straight.npz")
    save(resumed, folder / "resumed.npz")
    assert (folder / "straight.npz").read_bytes() == (folder / "resumed.npz").read_bytes()


def test_random_logs_reach_every_kind_of_effect() -> None:
    effects = joined([ContagionEngine(QUICK).process(random_log(s, 150)) for s in range(3)])
    assert effects.alerts
    assert effects.repeats
    assert effects.ignored
    assert {f.state for f in effects.flags} == set(FlagState)


def test_published_ids_are_unique_and_flags_count_their_revisions() -> None:
    for seed in range(3):
        effects = ContagionEngine(QUICK).process(random_log(seed, 150))
        exposure_ids = [e.exposure_id for e in effects.exposures]
        assert len(set(exposure_ids)) == len(exposure_ids)
        alert_ids = [a.alert_id for a in effects.alerts]
        assert len(set(alert_ids)) == len(alert_ids)
        revisions: dict[str, int] = {}
        for published in effects.flags:
            assert published.revision == revisions.get(published.flag_id, -1) + 1
            revisions[published.flag_id] = published.revision
            assert published.kind is AlertKind.CONTAGION


def test_a_log_that_comes_again_changes_nothing(tmp_path: Path) -> None:
    log = random_log(3, 60, minutes_apart=10)
    engine = ContagionEngine()
    engine.process(log)
    save(engine, tmp_path / "once.npz")
    effects = engine.process(log)
    assert not flat(effects)
    assert effects.flows == 0
    save(engine, tmp_path / "twice.npz")
    assert (tmp_path / "once.npz").read_bytes() == (tmp_path / "twice.npz").read_bytes()


def _chain() -> Log:
    return [
        (0, flow(0, party(1), party(2), 2.1e6)),
        (1, flow(1, party(2), party(3), 2.0e6, minutes=60)),
        (2, flow(2, party(2), party(3), 0.05e6, minutes=300)),
    ]


def test_a_raised_flag_reaches_those_behind_and_a_clearing_takes_all_of_it_back() -> None:
    engine = ContagionEngine()
    engine.process(_chain())
    effects = engine.process([(3, flag(party(1), minutes=301))])
    assert {a.entity for a in effects.alerts} == {party(2), party(3)}
    last = next(a for a in effects.alerts if a.entity == party(3))
    assert last.paths[0].text == (
        f"3 payments, $2.05 M, from {party(1)[:14]} via {party(2)[:14]} within 5 h"
    )
    assert last.counterparty == party(2)
    dollars = engine.graph.dollars(engine.graph.index[party(3)])
    assert 1e6 < dollars <= 2.05e6
    assert last.priority == pytest.approx(last.exposure * math.log10(1 + dollars))
    cleared = engine.process([(4, flag(party(1), FlagState.CLEARED, minutes=400))])
    assert {(f.entity, f.state) for f in cleared.flags} == {
        (party(2), FlagState.CLEARED),
        (party(3), FlagState.CLEARED),
    }
    assert {e.exposure for e in cleared.exposures} == {0.0}
    assert not engine.received.estimate.any()
    assert not engine.sent.residual.any()


def test_exposure_is_linear_in_severity() -> None:
    high, low = ContagionEngine(), ContagionEngine()
    high.process([*_chain(), (3, flag(party(1), severity=0.8))])
    low.process([*_chain(), (3, flag(party(1), severity=0.8))])
    low.process([(4, flag(party(1), FlagState.LOWERED, severity=0.2, minutes=1))])
    assert low.exposure(party(3))[0] == pytest.approx(high.exposure(party(3))[0] / 4)


def test_own_flag_is_no_exposure_and_contagion_flags_are_never_seeds() -> None:
    engine = ContagionEngine()
    effects = engine.process([*_chain(), (3, flag(party(1)))])
    assert engine.exposure(party(1))[0] == 0.0
    assert party(1) not in {f.entity for f in effects.flags}
    assert engine.flagged() == {party(1): 1.0}


def test_whoever_paid_a_flagged_entity_is_exposed_as_debtor() -> None:
    engine = ContagionEngine()
    effects = engine.process([*_chain(), (3, flag(party(3), minutes=301))])
    alert = next(a for a in effects.alerts if a.entity == party(1))
    assert alert.role == "debtor"
    assert alert.paths[0].text.endswith(f"to {party(3)[:14]} via {party(2)[:14]} within 5 h")


def test_a_flag_expires_when_no_payment_prolongs_it() -> None:
    engine = ContagionEngine(QUICK)
    engine.process([*_chain(), (3, flag(party(1), minutes=301))])
    day = 1440.0
    quiet = engine.process([(4, flow(9, party(7), party(8), minutes=301 + 4.9 * day))])
    assert not quiet.flags
    late = engine.process([(5, flow(10, party(7), party(8), minutes=302 + 5 * day))])
    assert {(f.entity, f.state) for f in late.flags} == {
        (party(2), FlagState.CLEARED),
        (party(3), FlagState.CLEARED),
    }


def test_a_direct_flag_that_nobody_renews_stops_spreading_at_its_expiry() -> None:
    engine = ContagionEngine()
    engine.process([*_chain(), (3, flag(party(1), minutes=301, lasts=1000))])
    renewed = engine.process([(4, flag(party(1), minutes=900, lasts=1000))])
    assert renewed.repeats == 0
    engine.process([(5, flow(9, party(7), party(8), minutes=1899))])
    assert engine.flagged() == {party(1): 1.0}
    late = engine.process([(6, flow(10, party(7), party(8), minutes=1901))])
    assert engine.flagged() == {}
    assert {(f.entity, f.state) for f in late.flags} == {
        (party(2), FlagState.CLEARED),
        (party(3), FlagState.CLEARED),
    }
    told_later = engine.process([(7, flag(party(1), FlagState.CLEARED, minutes=5000))])
    assert not flat(told_later)


def test_payments_to_oneself_and_from_beyond_the_horizon_are_ignored() -> None:
    engine = ContagionEngine(QUICK)
    effects = engine.process(
        [
            (0, flow(0, party(1), party(2), minutes=20 * 1440)),
            (1, flow(1, party(1), party(1), minutes=20 * 1440)),
            (2, flow(2, party(1), party(3), minutes=0)),
        ]
    )
    assert (effects.flows, effects.ignored) == (1, 2)
    assert engine.graph.network.number_of_edges() == 2


def test_disconnected_seed_and_unknown_entity_have_no_exposure() -> None:
    engine = ContagionEngine()
    effects = engine.process([(0, flag(bank(7))), (1, flow(0, party(1), party(2)))])
    assert not effects.exposures
    assert engine.exposure(bank(7)) == (0.0, 0.0)
    assert engine.exposure(party(99)) == (0.0, 0.0)
    assert engine.paths(party(99)) == ()


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10_000))
def test_published_exposures_are_numbers_between_zero_and_one(seed: int) -> None:
    for exposure in ContagionEngine(QUICK).process(random_log(seed, 70)).exposures:
        assert 0 <= exposure.exposure <= 1
        assert np.isfinite(exposure.residual_bound)


def test_an_amount_that_is_no_amount_is_refused() -> None:
    wrong = flow(0, party(1), party(2)).model_copy(update={"amount": -1.0})
    with pytest.raises(ValueError, match="positive"):
        ContagionEngine().process([(0, wrong)])


def test_snapshot_that_is_none_is_refused_with_the_fix(tmp_path: Path) -> None:
    with pytest.raises(ColdwireError, match="no snapshot"):
        load(tmp_path / "none.npz")
    (tmp_path / "torn.npz").write_bytes(b"PK\x03\x04torn")
    with pytest.raises(ColdwireError, match="not a readable snapshot"):
        load(tmp_path / "torn.npz")
    save(ContagionEngine(QUICK), tmp_path / "other.npz")
    with pytest.raises(ColdwireError, match="other contagion settings"):
        load(tmp_path / "other.npz", ContagionSettings())
