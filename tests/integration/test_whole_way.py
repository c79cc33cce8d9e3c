"""A payment's whole way through a running Coldwire: broker, workers, database."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import pytest
import pytest_asyncio

from agents.recompute import recompute
from agents.station import Station
from pipeline.settings import Settings
from pipeline.store import FlagDatabase
from pipeline.store.canonical import canonical_rows
from schemas.alert import Alert, AlertKind
from schemas.records import (
    Disposition,
    Flow,
    Observation,
    Role,
    Verdict,
    counterparty_record,
    graph_record,
)
from schemas.score import Score
from schemas.standing import Standing
from schemas.topics import (
    COUNTERPARTY_EVENTS,
    DISPOSITIONS,
    GRAPH_EVENTS,
    PAYMENTS,
    RISK_ALERTS,
    RISK_SCORES,
    STANDINGS,
)
from tests.feeding import feed, kept, payments_of

pytestmark = [pytest.mark.broker, pytest.mark.asyncio(loop_scope="session")]

FED = 600


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def fed(station: Station) -> int:
    payments = payments_of(seed=5, count=FED)
    # The second half comes when the first has gone all the way, so that it is told of it.
    halves = [await feed(station, islice(payments, FED // 2), rate=120) for _ in range(2)]
    return sum(sent.payments for sent in halves)


def database(settings: Settings) -> FlagDatabase:
    return FlagDatabase.open_read_only(settings.database_url)


async def test_each_payment_becomes_two_observations_and_one_flow(station: Station) -> None:
    payments = await kept(station.connection, PAYMENTS)
    events = [
        counterparty_record.validate_json(each.value or b"")
        for each in await kept(station.connection, COUNTERPARTY_EVENTS)
    ]
    flows = [
        graph_record.validate_json(each.value or b"")
        for each in await kept(station.connection, GRAPH_EVENTS)
    ]
    # A slow broker may be sent a batch again: what counts are the distinct records.
    sides = {(each.uetr, each.role) for each in events if isinstance(each, Observation)}
    moved = {each.uetr for each in flows if isinstance(each, Flow)}
    assert len(payments) >= FED
    assert len(moved) >= FED
    assert sides == {(uetr, role) for uetr in moved for role in Role}


async def test_each_side_of_a_payment_is_scored_once_within_the_deadline_or_marked(
    station: Station,
) -> None:
    scores = [Score.from_bytes(r.value or b"") for r in await kept(station.connection, RISK_SCORES)]
    ids_of_side: dict[tuple[str, Role], set[str]] = {}
    for score in scores:
        ids_of_side.setdefault((score.uetr, score.role), set()).add(score.score_id)
    assert len(ids_of_side) >= 2 * FED
    assert {len(ids) for ids in ids_of_side.values()} == {1}
    for score in scores:
        took_ms = (score.scored_at - score.arrived_at).total_seconds() * 1000
        assert score.deadline_missed == (took_ms > score.deadline_ms)


async def test_a_payment_is_told_how_well_the_other_side_is_known(station: Station) -> None:
    events = [
        record
        for each in await kept(station.connection, COUNTERPARTY_EVENTS)
        if isinstance(record := counterparty_record.validate_json(each.value or b""), Observation)
    ]
    paid: dict[str, set[str]] = {}
    first: dict[tuple[str, Role], Observation] = {}
    for each in events:
        paid.setdefault(each.entity, set()).add(each.uetr)
        # A slow broker may be sent a batch again, and by then more is known; the first one counts.
        first.setdefault((each.uetr, each.role), each)
    told = [(each, known) for each in first.values() if (known := each.counterparty_standing)]
    assert len(told) > FED / 4
    # The other side of the payment itself is not told, nor what came after it.
    assert all(known.events < len(paid[each.counterparty]) for each, known in told)
    newest = {each.key: each.value for each in await kept(station.connection, STANDINGS)}
    for entity, payments in paid.items():
        assert Standing.from_bytes(newest[entity.encode()] or b"").events == len(payments)


async def test_scores_of_a_counterparty_climb_the_ladder(station: Station) -> None:
    scores = [Score.from_bytes(r.value or b"") for r in await kept(station.connection, RISK_SCORES)]
    assert {score.tier.name for score in scores if score.events_seen == 0} == {"PRIOR"}
    adapted = [score for score in scores if score.tier.name == "ADAPTED"]
    assert adapted
    assert all(score.prompt_version > 0 and score.events_seen > 0 for score in adapted)


async def test_alerts_in_the_topic_are_the_alerts_in_the_database(
    station: Station, station_settings: Settings
) -> None:
    published = {
        Alert.from_bytes(each.value or b"").alert_id
        for each in await kept(station.connection, RISK_ALERTS)
    }
    with database(station_settings) as flags, flags.reading() as connection:
        stored = canonical_rows(connection, "alerts")
    assert published
    assert {row.split('"alert_id":"')[1][:32] for row in stored} == published


async def _contagion_alerts(station: Station) -> list[Alert]:
    alerts = [Alert.from_bytes(r.value or b"") for r in await kept(station.connection, RISK_ALERTS)]
    return [alert for alert in alerts if alert.kind is AlertKind.CONTAGION]


async def test_a_confirmed_flag_spreads_to_whom_the_money_went_and_says_along_which_path(
    station: Station,
) -> None:
    flows = [
        graph_record.validate_json(r.value or b"")
        for r in await kept(station.connection, GRAPH_EVENTS)
    ]
    paid_by: dict[str, set[str]] = {}
    for flow in flows:
        if isinstance(flow, Flow):
            paid_by.setdefault(flow.creditor, set()).add(flow.debtor)
            paid_by.setdefault(flow.debtor, set()).add("itself a debtor")
    reached = {alert.entity for alert in await _contagion_alerts(station)}
    creditor, [debtor] = next(
        (entity, payers)
        for entity, payers in sorted(paid_by.items())
        if len(payers) == 1 and payers != {"itself a debtor"} and entity not in reached
    )
    last = max(flow.event_at for flow in flows)
    verdict = Disposition(
        alert_id="0" * 32, entity=debtor, verdict=Verdict.CONFIRMED, analyst="a", decided_at=last
    )
    producer = station.connection.producer()
    await producer.start()
    await producer.send_and_wait(DISPOSITIONS.name, verdict.to_bytes(), key=debtor.encode())
    await producer.stop()
    assert await station.lag.drained(patience_s=60)

    by_graph = await _contagion_alerts(station)
    [alert] = [each for each in by_graph if each.entity == creditor]
    assert alert.exposure > 0.5
    assert debtor in {path.seed for path in alert.paths}
    assert all(each.paths and each.paths[0].hops for each in by_graph)


async def test_the_database_equals_what_the_logs_lead_to_when_recomputed(
    station: Station, station_settings: Settings, tmp_path: Path
) -> None:
    with FlagDatabase.open(f"sqlite:///{tmp_path / 'again.db'}") as again:
        again.migrate()
        await recompute(station.connection, station_settings, again)
        with database(station_settings) as live, live.reading() as was, again.reading() as now:
            for kind in ("scores", "alerts", "alert_reasons", "flags", "exposures"):
                assert canonical_rows(was, kind) == canonical_rows(now, kind), kind
