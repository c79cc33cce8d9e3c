from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.contagion.liquidity import (
    Disruption,
    balance_of,
    minutes,
    overdraft_caps,
    queued_value,
    settle,
    settled_value,
)
from pipeline.contagion.recorded import SettlementDay
from pipeline.contagion.whatif import report, what_if
from tests.contagion.stream import uetr

OPEN = int(datetime(2026, 1, 5, 14, 0, tzinfo=UTC).timestamp() * 1000)
MINUTE = 60_000


def day(*payments: tuple[int, int, int, float], banks: int = 4) -> SettlementDay:
    """Payments (minute, debtor, creditor, dollars) in time order."""
    return SettlementDay(
        on=date(2026, 1, 5),
        banks=tuple(f"{i:09d}" for i in range(banks)),
        uetr=tuple(uetr(n) for n in range(len(payments))),
        event_ms=np.array([OPEN + p[0] * MINUTE for p in payments], np.int64),
        debtor=np.array([p[1] for p in payments], np.int64),
        creditor=np.array([p[2] for p in payments], np.int64),
        cents=np.array([round(p[3] * 100) for p in payments], np.int64),
    )


def random_day(seed: int, payments: int = 120, banks: int = 6) -> SettlementDay:
    rng = np.random.default_rng(seed)
    rows = []
    for n in range(payments):
        debtor, creditor = rng.choice(banks, 2, replace=False).tolist()
        rows.append((n, debtor, creditor, float(np.round(rng.lognormal(8, 1.5), 2))))
    return day(*rows, banks=banks)


RELAY = day((0, 0, 1, 100), (10, 1, 2, 100), (20, 2, 3, 100), (30, 3, 0, 100))


def test_a_stricken_bank_becomes_a_sink_and_those_behind_it_queue() -> None:
    caps = overdraft_caps(RELAY, 1.0)
    assert caps.tolist() == [10_000, 0, 0, 0]
    after = settle(RELAY, caps, Disruption(OPEN + 5 * MINUTE, bank=1))
    assert (after.settled_ms >= 0).tolist() == [True, False, False, False]
    assert after.balance.tolist() == [-10_000, 10_000, 0, 0]
    # The stricken bank does not hit its cap: it does not try. Bank 2 and 3 do.
    assert after.capped_ms.tolist() == [-1, -1, OPEN + 20 * MINUTE, OPEN + 30 * MINUTE]


def test_recovery_releases_what_waited_all_along_the_chain() -> None:
    caps = overdraft_caps(RELAY, 1.0)
    back = OPEN + 120 * MINUTE
    after = settle(RELAY, caps, Disruption(OPEN + 5 * MINUTE, back, bank=1))
    assert after.settled_ms.tolist() == [OPEN, back, back, back]


def test_delay_and_blocked_pair() -> None:
    caps = overdraft_caps(RELAY, 1.0)
    late = settle(RELAY, caps, Disruption(OPEN, bank=1, delay_ms=15 * MINUTE))
    assert ((late.settled_ms - OPEN) // MINUTE).tolist() == [0, 25, 25, 30]
    cut = settle(RELAY, caps, Disruption(OPEN, pair=(2, 1)))
    assert (cut.settled_ms >= 0).tolist() == [True, False, False, False]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.floats(1, 3))
def test_the_undisturbed_day_settles_at_once(seed: int, headroom: float) -> None:
    whole = random_day(seed)
    outcome = settle(whole, overdraft_caps(whole, headroom))
    assert (outcome.settled_ms == whole.event_ms).all()
    assert (outcome.capped_ms == -1).all()


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 10**6),
    st.sampled_from(["fail", "delay", "block"]),
    st.one_of(st.none(), st.integers(61, 200)),
)
def test_money_is_conserved_and_nobody_goes_below_the_cap(
    seed: int, kind: str, until: int | None
) -> None:
    whole = random_day(seed)
    caps = overdraft_caps(whole, 1.0)
    end = None if until is None else OPEN + until * MINUTE
    change = {
        "fail": Disruption(OPEN + 30 * MINUTE, end, bank=2),
        "delay": Disruption(OPEN + 30 * MINUTE, end, bank=2, delay_ms=45 * MINUTE),
        "block": Disruption(OPEN + 30 * MINUTE, end, pair=(1, 2)),
    }[kind]
    after = settle(whole, caps, change)
    assert after.balance.sum() == 0
    done = after.settled_ms >= 0
    assert (after.settled_ms[done] >= whole.event_ms[done]).all()
    grid = minutes(whole)
    for bank in range(len(whole.banks)):
        assert balance_of(whole, after, bank, grid).min() >= -caps[bank]
    moved = settled_value(whole, after, grid) + queued_value(whole, after, grid)
    assert (np.diff(moved) >= 0).all()
    assert moved[-1] == whole.cents.sum()
    if kind == "fail" and until is None:
        sink = balance_of(whole, after, 2, grid[grid > OPEN + 30 * MINUTE])
        assert (np.diff(sink) >= 0).all()


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6))
def test_more_credit_never_settles_less(seed: int) -> None:
    whole = random_day(seed)
    change = Disruption(OPEN + 30 * MINUTE, bank=2)
    tight = settle(whole, overdraft_caps(whole, 1.0), change)
    roomy = settle(whole, overdraft_caps(whole, 1000.0), change)
    assert (roomy.settled_ms >= 0).sum() >= (tight.settled_ms >= 0).sum()


def test_report_lays_both_days_side_by_side() -> None:
    whole = day(
        (0, 3, 1, 50), (1, 0, 1, 100), (10, 1, 2, 100), (20, 2, 3, 100), (30, 1, 3, 80), banks=4
    )
    result = what_if(whole, Disruption(OPEN + 5 * MINUTE, bank=1), 1.0)
    difference = report(result)
    assert difference["undisturbed"]["unsettled_usd"] == 0
    assert difference["disturbed"]["unsettled_usd"] == 280
    assert difference["sink_usd"] == 150
    assert [c["bank"] for c in difference["first_minute_at_cap"]] == ["000000002"]
    # Bank 1 holds 150 and owes 180: pari passu each creditor gets five sixths. With its 83.33
    # bank 2 cannot pay the 100 it owes bank 3 (no credit on this day).
    assert result.losses == pytest.approx([0, 0, 100 / 6, 100 / 6 + 80 / 6])
    assert {a["bank"] for a in difference["contagion_alerts"]} == {"000000000", "000000003"}
    assert result.exposures["000000000"] > 0.2


def test_repeated_what_if_gives_the_same_report() -> None:
    change = Disruption(OPEN + 40 * MINUTE, bank=1)
    first, second = (report(what_if(random_day(5), change, 1.2)) for _ in range(2))
    assert first == second


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "a bank or of a pair"),
        ({"bank": 1, "pair": (1, 2)}, "a bank or of a pair"),
        ({"pair": (1, 2), "delay_ms": 5}, "delay"),
        ({"bank": 1, "until_ms": 0}, "ends after"),
    ],
)
def test_disruptions_that_make_no_sense_are_refused(
    arguments: dict[str, object], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        Disruption(1, **arguments)  # type: ignore[arg-type]


def test_headroom_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="headroom"):
        overdraft_caps(RELAY, 0.9)
