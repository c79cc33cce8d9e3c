"""Every kind of bad input goes through the real broker; none is lost, none stops a worker."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from agents.station import Station
from schemas.dead_letter import DeadLetter, Fault
from schemas.payment import Payment
from schemas.topics import DEAD_LETTERS, PAYMENTS, RISK_SCORES
from tests.feeding import feed, kept, payments_of

pytestmark = [pytest.mark.broker, pytest.mark.asyncio(loop_scope="session")]

Change = Callable[[dict[str, Any]], object]

BOMB = b"""<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x "xx"><!ENTITY y "&x;&x;">]><a>&y;</a>"""


def changed(change: Change) -> bytes:
    [payment] = payments_of(seed=77, count=1)
    document = json.loads(payment.to_bytes())
    change(document)
    return json.dumps(document).encode()


def set_to(field: str, value: object) -> bytes:
    return changed(lambda document: document.__setitem__(field, value))


BAD: dict[str, tuple[bytes, Fault, str]] = {
    "not json": (b"{oops", Fault.NOT_JSON, ""),
    "empty": (b"", Fault.UNKNOWN_MESSAGE, ""),
    "not xml": (b"<Document><broken", Fault.NOT_XML, ""),
    "entity bomb": (BOMB, Fault.FORBIDDEN_XML, ""),
    "wrong type": (set_to("uetr", 17), Fault.INVALID_FIELD, "uetr"),
    "NaN amount": (set_to("amount", float("nan")), Fault.INVALID_FIELD, "amount"),
    "negative amount": (set_to("amount", "-5.00"), Fault.INVALID_FIELD, "amount"),
    "unknown currency": (set_to("currency", "XXQ"), Fault.INVALID_FIELD, "currency"),
    "missing uetr": (changed(lambda d: d.pop("uetr")), Fault.MISSING_FIELD, "uetr"),
    "far future": (
        set_to("created_at", "2999-01-01T00:00:00Z"),
        Fault.IMPLAUSIBLE_TIME,
        "created_at",
    ),
    "far past": (
        set_to("created_at", "1950-01-01T00:00:00Z"),
        Fault.IMPLAUSIBLE_TIME,
        "created_at",
    ),
    "self-payment": (
        changed(
            lambda d: d.update(
                creditor=d["debtor"],
                creditor_agent=d["debtor_agent"],
            )
        ),
        Fault.SELF_PAYMENT,
        "creditor",
    ),
}


async def test_each_bad_input_becomes_a_dead_letter_that_names_field_and_fix(
    station: Station,
) -> None:
    producer = station.connection.producer()
    await producer.start()
    for value, _, _ in BAD.values():
        await producer.send_and_wait(PAYMENTS.name, value)
    await producer.stop()
    [after] = payments_of(seed=78, count=1)
    await feed(station, iter([after]), rate=100)

    by_original: dict[bytes, DeadLetter] = {}
    async with asyncio.timeout(60):
        while not all(value[: 64 * 1024] in by_original for value, _, _ in BAD.values()):
            records = await kept(station.connection, DEAD_LETTERS)
            letters = [DeadLetter.from_bytes(record.value or b"") for record in records]
            by_original = {letter.original: letter for letter in letters}
    for name, (value, fault, field) in BAD.items():
        letter = by_original[value[: 64 * 1024]]
        assert (letter.fault, letter.original_size) == (fault, len(value)), name
        assert letter.field.startswith(field), name
        assert letter.hint, name
    scored = [r for r in await kept(station.connection, RISK_SCORES) if after.uetr in str(r.value)]
    assert len(scored) == 2, "the worker went on with the next payment"


@pytest.mark.kafka
async def test_a_message_of_ten_megabytes_is_put_aside_with_its_beginning(
    station: Station,
) -> None:
    if station.broker.kind == "demo":
        pytest.skip("the demo broker itself refuses messages over 1 MB")
    value = b"{" + b"0" * 10_000_000 + b"}"
    producer = station.connection.producer(max_request_size=16_000_000)
    await producer.start()
    await producer.send_and_wait(PAYMENTS.name, value)
    await producer.stop()
    assert await station.lag.drained(patience_s=60)
    letters = [
        DeadLetter.from_bytes(r.value or b"") for r in await kept(station.connection, DEAD_LETTERS)
    ]
    [letter] = [each for each in letters if each.original_size == len(value)]
    assert letter.fault is Fault.TOO_LARGE
    assert letter.original == value[: 64 * 1024]


async def test_a_payment_delivered_twice_is_recognised_and_scored_once(station: Station) -> None:
    [payment] = payments_of(seed=79, count=1)
    await feed(station, iter([payment, payment, payment]), rate=100)
    again = Payment.from_bytes(payment.to_bytes())
    await feed(station, iter([again]), rate=100)
    scored = [
        r for r in await kept(station.connection, RISK_SCORES) if payment.uetr in str(r.value)
    ]
    assert len(scored) == 2
