"""Recalls and broadcasts: what the world tells beside its payments, and that it tells no truth."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.iso20022 import read_message, write_message
from pipeline.iso20022.rules import is_imad
from schemas.broadcast import Broadcast, SystemEvent
from schemas.payment import OriginalPayment, Payment
from schemas.return_request import ReturnRequest
from simulators import broadcasts, files, recalls
from simulators.calendar import Calendar
from simulators.codes import REASONS
from simulators.delivery import Delivery, Outage
from simulators.entries import DayLedger
from simulators.world import World, WorldConfig, payment_at

CONFIG = WorldConfig(participants=60, parties=2500, days=2, seed=11, risky_share=0.2)


@pytest.fixture(scope="module")
def world() -> World:
    return World(CONFIG)


@pytest.fixture(scope="module")
def ledger(world: World) -> DayLedger:
    return world.day(1)


@pytest.fixture(scope="module")
def asked(world: World, ledger: DayLedger) -> list[ReturnRequest]:
    found = recalls.of_day(CONFIG.seed, world.ground, ledger)
    assert len(found) > 3
    return found


def answers(world: World, ledger: DayLedger) -> dict[str, Payment]:
    """Returns that say that they follow a request, by the original's UETR."""
    rows = np.flatnonzero(ledger.reason == REASONS.index("FOCR")).tolist()
    paid = [payment_at(world, ledger, row) for row in rows]
    return {p.returns.original.uetr: p for p in paid if p.returns is not None}


def test_each_return_that_follows_a_request_has_one(
    world: World, ledger: DayLedger, asked: list[ReturnRequest]
) -> None:
    back = answers(world, ledger)
    assert sorted(request.original.uetr for request in asked) == sorted(back)


def test_the_payers_bank_asks_the_payees_between_payment_and_return(
    world: World, ledger: DayLedger, asked: list[ReturnRequest]
) -> None:
    payments = {p.uetr: p for p in (payment_at(world, ledger, r) for r in range(len(ledger)))}
    back = answers(world, ledger)
    for request in asked:
        paid = payments[request.original.uetr]
        assert request.original == OriginalPayment.of(paid)
        assert request.assigner == paid.debtor_agent
        assert request.assignee.routing_number == paid.creditor_agent.routing_number
        assert paid.created_at < request.created_at < back[paid.uetr].created_at


def test_recalls_come_in_time_order_under_imads_of_their_own(
    world: World, ledger: DayLedger, asked: list[ReturnRequest]
) -> None:
    assert [r.created_at for r in asked] == sorted(r.created_at for r in asked)
    imads = [request.message_id for request in asked]
    assert all(map(is_imad, imads))
    used = {payment_at(world, ledger, row).message_id for row in range(len(ledger))}
    assert len(set(imads)) == len(imads)
    assert not used & set(imads)


def test_nothing_of_a_recall_follows_from_the_truth(
    world: World, ledger: DayLedger, asked: list[ReturnRequest]
) -> None:
    honest = replace(
        ledger,
        family=np.zeros_like(ledger.family),
        scheme=np.full_like(ledger.scheme, -1),
        debtor_role=np.zeros_like(ledger.debtor_role),
        creditor_role=np.zeros_like(ledger.creditor_role),
        stage=np.zeros_like(ledger.stage),
        debtor_risky=np.zeros_like(ledger.debtor_risky),
        creditor_risky=np.zeros_like(ledger.creditor_risky),
    )
    assert recalls.of_day(CONFIG.seed, world.ground, honest) == asked


@settings(max_examples=40, deadline=None)
@given(st.dates(date(2025, 7, 14), date(2031, 12, 31)))
def test_a_day_opens_and_closes_by_the_clock_of_new_york(start: date) -> None:
    new_york = ZoneInfo("America/New_York")
    opened, closed = broadcasts.of_day(Calendar.starting(start, 1), 0)
    assert (opened.event, closed.event) == (SystemEvent.OPENED, SystemEvent.CLOSED)
    assert opened.cycle_date == closed.cycle_date
    local = [b.event_at.astimezone(new_york) for b in (opened, closed)]
    assert [(at.hour, at.minute) for at in local] == [(21, 0), (19, 0)]
    assert local[0].date() == opened.cycle_date - timedelta(days=1)
    assert local[1].date() == closed.cycle_date


def documents(path: Path) -> list[Payment | ReturnRequest | Broadcast]:
    with zipfile.ZipFile(path) as archive:
        return [read_message(archive.read(name)) for name in archive.namelist()]


def event_time(message: Payment | ReturnRequest | Broadcast) -> datetime:
    return message.event_at if isinstance(message, Broadcast) else message.created_at


def test_an_archive_holds_all_messages_of_the_day_in_time_order(
    world: World, ledger: DayLedger, asked: list[ReturnRequest], tmp_path: Path
) -> None:
    files.write_day(world, files.Output(tmp_path, xml=write_message), 1)
    on = world.calendar.dates[1]
    read = documents(files.payments_file(tmp_path, on, "zip"))
    assert [event_time(m) for m in read] == sorted(event_time(m) for m in read)
    assert (read[0], read[-1]) == broadcasts.of_day(world.calendar, 1)
    assert [m for m in read if isinstance(m, ReturnRequest)] == asked
    assert [m for m in read if isinstance(m, Payment)] == list(
        files.read_payments(files.payments_file(tmp_path, on))
    )


def test_an_outage_holds_recalls_and_broadcasts_back_too(world: World, tmp_path: Path) -> None:
    opens = int(world.calendar.open_ms[1])
    ends = opens + 20 * 3_600_000
    dark = Delivery(outages=(Outage(opens, ends),))
    files.write_day(world, files.Output(tmp_path, xml=write_message, delivery=dark), 1)
    read = documents(files.payments_file(tmp_path, world.calendar.dates[1], "zip"))
    first_after = next(i for i, m in enumerate(read) if event_time(m).timestamp() * 1000 >= ends)
    late = [event_time(m) for m in read[:first_after]]
    assert max(late) < datetime.fromtimestamp(ends / 1000, UTC)
    assert any(isinstance(m, ReturnRequest) for m in read[:first_after])


def test_lines_of_recalls_and_broadcasts_lie_apart_from_the_payments(
    world: World, asked: list[ReturnRequest], tmp_path: Path
) -> None:
    files.write_day(world, files.Output(tmp_path, jsonl=True), 1)
    on = world.calendar.dates[1]
    lines = (tmp_path / "notices" / f"recalls-{on}.jsonl").read_bytes().splitlines()
    assert [ReturnRequest.from_bytes(line) for line in lines] == asked
    told = (tmp_path / "notices" / f"broadcasts-{on}.jsonl").read_bytes().splitlines()
    assert tuple(map(Broadcast.from_bytes, told)) == broadcasts.of_day(world.calendar, 1)
