from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.scoring.policy import Policy, action_for, matter_of, priority_of, threshold_of
from schemas.alert import Action
from schemas.records import Role
from schemas.score import Band

POLICY = Policy()
_probability = st.floats(0.0001, 0.9999)
_share = st.floats(0, 1)


def test_a_threshold_balances_the_stated_costs() -> None:
    for ratio in (1.0, 9.0, 50.0):
        at = threshold_of(ratio)
        assert at * ratio == pytest.approx(1 - at)


@given(_probability, _share, _share)
def test_exposure_never_lowers_a_probability_and_more_never_gives_less(
    probability: float, some: float, other: float
) -> None:
    low, high = sorted((some, other))
    assert probability <= POLICY.with_exposure(probability, low)
    assert POLICY.with_exposure(probability, low) <= POLICY.with_exposure(probability, high) < 1
    assert POLICY.with_exposure(probability, 0.0) == probability


@given(_probability, _probability)
def test_bands_rise_with_the_probability(one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert POLICY.rank_of(low) <= POLICY.rank_of(high)


def test_bands_begin_at_the_thresholds() -> None:
    assert POLICY.band_of(POLICY.flag_threshold) is Band.CRITICAL
    assert POLICY.band_of(POLICY.alert_threshold) is Band.HIGH
    assert POLICY.band_of(POLICY.learn_threshold) is Band.ELEVATED
    assert POLICY.band_of(0.0) is Band.LOW


@given(_probability)
def test_severity_is_one_half_at_the_threshold_and_follows_the_odds(probability: float) -> None:
    severity = POLICY.severity_of(probability)
    assert 0 < severity < 1
    if abs(probability - POLICY.flag_threshold) > 1e-9:
        assert (severity > 0.5) == (probability > POLICY.flag_threshold)
    assert POLICY.severity_of(POLICY.flag_threshold) == pytest.approx(0.5)


def test_a_cleared_matter_needs_higher_odds() -> None:
    at = POLICY.alert_threshold
    damped = POLICY.damped(at)
    assert damped / (1 - damped) == pytest.approx(POLICY.cleared_odds * at / (1 - at))


def test_advice_follows_band_and_first_contact() -> None:
    assert (
        action_for(Band.CRITICAL, Role.CREDITOR, first_contact=False, abstains=False)
        is Action.HOLD_AND_REVIEW
    )
    assert (
        action_for(Band.HIGH, Role.DEBTOR, first_contact=True, abstains=False) is Action.CALL_BACK
    )
    assert action_for(Band.HIGH, Role.CREDITOR, first_contact=True, abstains=False) is Action.REVIEW
    open_ = action_for(Band.CRITICAL, Role.CREDITOR, first_contact=False, abstains=True)
    assert open_ is Action.REVIEW


def test_matters_differ_by_who_with_whom_and_why() -> None:
    keys = {matter_of(a, b, c) for a in "xy" for b in "xy" for c in "xy"}
    assert len(keys) == 8


def test_priority_grows_with_risk_and_money() -> None:
    assert priority_of(0.5, 100) < priority_of(0.6, 100) < priority_of(0.6, 1e6)
