"""An analyst's verdict goes through intake to the profile's log, and into the database."""

from __future__ import annotations

import pytest

from agents.station import Station
from pipeline.cli.desk import send_dispositions
from pipeline.settings import Settings
from pipeline.store import FlagDatabase, queries
from schemas.records import Disposition, Verdict, counterparty_record
from schemas.topics import COUNTERPARTY_EVENTS
from tests.feeding import kept
from tests.store import messages as m

pytestmark = [pytest.mark.broker, pytest.mark.asyncio(loop_scope="session")]


async def test_verdicts_reach_the_profiles_log_and_the_database_once(
    station: Station, station_settings: Settings
) -> None:
    given = [
        m.disposition(9001, entity=9001),
        m.disposition(9002, entity=9002, verdict=Verdict.CLEARED),
    ]
    await send_dispositions(station.connection, [*given, given[0]])
    assert await station.lag.drained(patience_s=60)
    events = [
        counterparty_record.validate_json(record.value or b"")
        for record in await kept(station.connection, COUNTERPARTY_EVENTS)
    ]
    logged = [event for event in events if isinstance(event, Disposition)]
    assert all(disposition in logged for disposition in given)
    with FlagDatabase.open_read_only(station_settings.database_url) as database:
        stored = database.read(queries.counts).dispositions
    assert stored == len({(d.alert_id, d.decided_at) for d in logged})
