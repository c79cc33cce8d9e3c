"""The schedule of a replay is absolute, and what a replay sends is what it was given."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.replay import Pace, Replay, merged
from agents.station import Station
from schemas.payment import Payment
from schemas.records import Disposition, Verdict
from schemas.topics import DISPOSITIONS, PAYMENTS
from tests.feeding import kept, payments_of

numbers = st.integers(0, 10**6)
_SOME = list(payments_of(seed=33, count=40))


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


def _verdicts(payments: list[Payment], minutes: list[float], name: int) -> list[Disposition]:
    """A verdict so many minutes after each of the payments."""
    return [
        Disposition(
            alert_id=f"{name:08x}{number:024x}",
            entity=f"party:{number:032x}",
            verdict=Verdict.CLEARED,
            analyst="jane",
            decided_at=payment.created_at + timedelta(minutes=after),
        )
        for number, (payment, after) in enumerate(zip(payments, minutes, strict=False))
    ]


@given(st.lists(st.floats(-60, 600), max_size=12), st.integers(0, 20), st.booleans())
def test_verdicts_stand_where_their_time_is_and_payments_keep_their_order(
    minutes: list[float], skipped: int, to_the_end: bool
) -> None:
    everything = _SOME
    payments = everything[skipped:]
    given_ = _verdicts(everything, minutes, 1)
    events = list(merged(payments, reversed(given_), to_the_end=to_the_end))
    assert [e for e in events if isinstance(e, Payment)] == payments
    sent = [e for e in events if isinstance(e, Disposition)]
    first, last = payments[0].created_at, payments[-1].created_at
    assert {d.alert_id for d in sent} == {
        d.alert_id for d in given_ if d.decided_at > first and (to_the_end or d.decided_at <= last)
    }
    times = [e.created_at if isinstance(e, Payment) else e.decided_at for e in events]
    assert times == sorted(times)


@pytest.mark.broker
@pytest.mark.asyncio(loop_scope="session")
async def test_verdicts_are_sent_on_the_schedule_of_the_payments(station: Station) -> None:
    payments = list(payments_of(seed=34, count=60))
    verdicts = _verdicts(payments[:20], [1.0] * 20, 0xABCD0034)
    span = (payments[-1].created_at - payments[0].created_at).total_seconds()
    replay = Replay(station.connection, Pace(speed=span / 2), producers=2)
    sent = await replay.run(merged(payments, verdicts, to_the_end=True))
    assert (sent.payments, sent.dispositions) == (60, 20)
    assert sent.took_s > 1.9
    arrived = [
        Disposition.from_bytes(record.value or b"")
        for record in await kept(station.connection, DISPOSITIONS)
        if b"abcd0034" in (record.value or b"")
    ]
    assert sorted(arrived, key=lambda d: d.alert_id) == sorted(verdicts, key=lambda d: d.alert_id)


def _uetr(value: bytes | None) -> str:
    return (value or b"").partition(b'"uetr":"')[2][:36].decode()
