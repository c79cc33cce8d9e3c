"""Feeds a running Coldwire in tests and collects what its topics carry."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from agents.batch import Record
from agents.connection import Connection
from agents.replay import Pace, Replay, Sent
from agents.station import Station
from agents.tail import partitions, read_to_end
from schemas.payment import Payment
from schemas.topics import Topic
from simulators.world import World, WorldConfig


def payments_of(seed: int, count: int) -> Iterator[Payment]:
    """The first payments of a small world in which schemes are frequent."""
    config = WorldConfig(participants=20, parties=120, days=40, seed=seed, risky_share=0.25)
    return islice(World(config).payments(), count)


async def feed(station: Station, payments: Iterator[Payment], rate: float) -> Sent:
    """Send payments at a rate and wait until nobody lags."""
    sent = await Replay(station.connection, Pace(rate=rate)).run(payments)
    assert await station.lag.drained(patience_s=90)
    return sent


async def kept(connection: Connection, topic: Topic) -> list[Record]:
    """All records that a topic keeps."""
    return [each async for each in read_to_end(connection, partitions([topic]))]
