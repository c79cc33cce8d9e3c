"""The schedule of a replay is absolute, and what a replay sends is what it was given."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.replay import Pace, Replay
from agents.station import Station
from schemas.topics import PAYMENTS
from tests.feeding import kept, payments_of

numbers = st.integers(0, 10**6)


@given(numbers, st.floats(0.1, 1e4), st.floats(0, 1e6))
def test_at_a_rate_a_payment_is_due_by_its_number_alone(n: int, rate: float, at: float) -> None:
    assert Pace(rate=rate).due(n, at) == n / rate


@given(numbers, st.floats(0.1, 1e4), st.floats(0, 1e6))
def test_at_a_speed_a_payment_is_due_by_its_event_time_alone(
    n: int, speed: float, at: float
) -> None:
    assert Pace(speed=speed).due(n, at) == at / speed


@given(numbers, st.floats(0, 1e6))
def test_without_a_pace_every_payment_is_due_at_once(n: int, at: float) -> None:
    assert Pace().due(n, at) == 0


@pytest.mark.broker
@pytest.mark.asyncio(loop_scope="session")
async def test_every_payment_is_sent_once_in_the_order_of_its_partition(station: Station) -> None:
    payments = list(payments_of(seed=31, count=150))
    sent = await Replay(station.connection, Pace()).run(iter(payments))
    known = {payment.uetr for payment in payments}
    arrived = [r for r in await kept(station.connection, PAYMENTS) if _uetr(r.value) in known]
    by_key: dict[bytes, list[str]] = {}
    for record in arrived:
        by_key.setdefault(record.key or b"", []).append(_uetr(record.value))
    meant: dict[bytes, list[str]] = {}
    for payment in payments:
        meant.setdefault(payment.debtor_agent.routing_number.encode(), []).append(payment.uetr)
    assert sent.payments == len(payments)
    assert by_key == meant


@pytest.mark.broker
@pytest.mark.asyncio(loop_scope="session")
async def test_a_pause_moves_the_schedule_and_loses_nothing(station: Station) -> None:
    payments = list(payments_of(seed=32, count=60))
    replay = Replay(station.connection, Pace(rate=60), producers=3)
    running = asyncio.create_task(replay.run(iter(payments)))
    await asyncio.sleep(0.3)
    replay.pause()
    await asyncio.sleep(0.1)
    before = replay.sent.payments
    await asyncio.sleep(1.0)
    assert replay.sent.payments == before < len(payments)
    replay.resume()
    sent = await running
    assert sent.payments == len(payments)
    assert sent.took_s > 2.0
    # Behind the moved schedule, not behind the first one.
    assert sent.slip_s < 0.9


def _uetr(value: bytes | None) -> str:
    return (value or b"").partition(b'"uetr":"')[2][:36].decode()
