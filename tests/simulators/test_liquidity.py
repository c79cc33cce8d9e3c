"""Queues respect caps, lose nothing, and only ever delay."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators import entries, liquidity
from simulators.clock import MINUTE_MS
from simulators.codes import BANK, instrument
from simulators.entries import Entries
from simulators.liquidity import Hold, Reserves

CUTOFF = 1300 * MINUTE_MS


def some_day(banks: int, n: int, seed: int, *, urgent: float = 0.0) -> Entries:
    rng = np.random.default_rng(seed)
    sender = rng.integers(0, banks, n)
    return entries.rows(
        rng.uniform(0, 1299, n),
        rng.lognormal(10, 2, n),
        debtor_agent=sender,
        creditor_agent=(sender + rng.integers(1, banks, n)) % banks,
        message_type=BANK,
        local_instrument=np.where(rng.random(n) < urgent, instrument("BTRS"), instrument("BTRC")),
    )


@settings(max_examples=40, deadline=None)
@given(banks=st.integers(2, 8), n=st.integers(1, 120), seed=st.integers(0, 2**31))
def test_no_bank_falls_below_its_cap_before_the_cutoff(banks: int, n: int, seed: int) -> None:
    day = some_day(banks, n, seed)
    caps = Reserves.draw(banks, np.random.default_rng(seed)).caps(day)
    settled = liquidity.queue(day, caps, CUTOFF)
    room = caps.copy()
    for moment in np.unique(settled.offset_ms[settled.offset_ms < CUTOFF]):
        now = settled.offset_ms == moment
        np.subtract.at(room, settled.debtor_agent[now], settled.amount_cents[now])
        np.add.at(room, settled.creditor_agent[now], settled.amount_cents[now])
        assert (room >= 0).all()


@settings(max_examples=40, deadline=None)
@given(banks=st.integers(2, 8), n=st.integers(1, 120), seed=st.integers(0, 2**31))
def test_a_queue_only_delays_and_keeps_each_banks_order(banks: int, n: int, seed: int) -> None:
    day = some_day(banks, n, seed)
    caps = Reserves.draw(banks, np.random.default_rng(seed)).caps(day)
    settled = liquidity.queue(day, caps, CUTOFF)
    assert (settled.offset_ms >= day.offset_ms).all()
    assert (settled.amount_cents == day.amount_cents).all()
    for bank in range(banks):
        own = np.flatnonzero(day.debtor_agent == bank)
        asked = own[np.argsort(day.offset_ms[own], kind="stable")]
        assert (np.diff(settled.offset_ms[asked]) >= 0).all()


def test_with_ample_room_nothing_waits() -> None:
    day = some_day(5, 200, 3)
    ample = np.full(5, day.amount_cents.sum())
    assert (liquidity.queue(day, ample, CUTOFF).offset_ms == day.offset_ms).all()


def test_incoming_money_releases_the_queue() -> None:
    day = entries.rows(
        np.array([10.0, 60.0]),
        np.array([500.0, 900.0]),
        debtor_agent=np.array([0, 1]),
        creditor_agent=np.array([1, 0]),
        message_type=BANK,
        local_instrument=instrument("BTRC"),
    )
    settled = liquidity.queue(day, np.array([100_00, 900_00]), CUTOFF)
    assert settled.offset_ms.tolist() == [60 * MINUTE_MS, 60 * MINUTE_MS]


def test_settlement_goes_ahead_of_the_queue() -> None:
    day = some_day(4, 300, 9, urgent=0.3)
    urgent = day.local_instrument == instrument("BTRS")
    settled = liquidity.queue(day, np.ones(4, dtype=np.int64), CUTOFF)
    assert (settled.offset_ms[urgent] == day.offset_ms[urgent]).all()
    assert (settled.offset_ms[~urgent] > day.offset_ms[~urgent]).any()


def test_a_hold_delays_one_bank_and_labels_its_own_payments() -> None:
    day = some_day(3, 300, 5)
    before = day.offset_ms.copy()
    hold = Hold(
        offset=0,
        bank=1,
        begins=300,
        ends=900,
        release=900,
        share=1.0,
        spread=10.0,
        scheme=77,
        role=12,
        stage=10,
        risky=True,
    )
    liquidity.apply_holds(day, [hold], np.random.default_rng(0))
    minute = before / MINUTE_MS
    caught = (day.debtor_agent == 1) & (minute >= 300) & (minute < 900)
    assert caught.any()
    assert (day.offset_ms[caught] >= 900 * MINUTE_MS).all()
    assert (day.offset_ms[~caught] == before[~caught]).all()
    assert (day.debtor_risky == caught).all()
    assert (day.scheme[caught] == 77).all()
