"""Returns: money goes back whole, on the same day, over a link that is there, by UETR."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.iso20022 import read_document, write_document
from schemas.payment import MessageType, OriginalPayment, Payment
from simulators import entries, files, network, returns
from simulators.calendar import CUSTOMER_CUTOFF
from simulators.clock import MINUTE_MS
from simulators.codes import CUSTOMER, RETURN
from simulators.entries import DayLedger
from simulators.seeds import stream
from simulators.world import World, WorldConfig, payment_at

CONFIG = WorldConfig(participants=60, parties=2500, days=2, seed=11, risky_share=0.2)


@pytest.fixture(scope="module")
def world() -> World:
    return World(CONFIG)


@pytest.fixture(scope="module")
def ledger(world: World) -> DayLedger:
    return world.day(1)


def rows_of(ledger: DayLedger) -> list[int]:
    found: list[int] = np.flatnonzero(ledger.message_type == RETURN).tolist()
    assert len(found) > 5
    return found


def test_money_goes_back_whole_to_where_it_came_from(ledger: DayLedger) -> None:
    back = np.array(rows_of(ledger))
    paid = ledger.original[back]
    assert (ledger.amount_cents[back] == ledger.amount_cents[paid]).all()
    assert (ledger.message_type[paid] == CUSTOMER).all()
    for part in ("", "_agent", "_role"):
        debtor, creditor = (getattr(ledger, f"{side}{part}") for side in ("debtor", "creditor"))
        assert (debtor[back] == creditor[paid]).all()
        assert (creditor[back] == debtor[paid]).all()
    assert np.unique(paid).size == paid.size


def test_a_return_follows_its_original_before_the_cutoff(world: World, ledger: DayLedger) -> None:
    back = np.array(rows_of(ledger))
    assert (ledger.event_ms[back] - ledger.event_ms[ledger.original[back]] >= MINUTE_MS).all()
    cutoff = world.calendar.open_ms[1] + CUSTOMER_CUTOFF * MINUTE_MS
    assert (ledger.event_ms[back] < cutoff).all()


def test_only_returns_have_an_original_and_a_reason(ledger: DayLedger) -> None:
    is_return = ledger.message_type == RETURN
    assert ((ledger.original >= 0) == is_return).all()
    assert ((ledger.reason > 0) == is_return).all()


def test_nobody_is_risky_for_a_return(ledger: DayLedger) -> None:
    back = rows_of(ledger)
    assert not (ledger.debtor_risky[back] | ledger.creditor_risky[back]).any()


def test_what_a_scheme_moved_comes_back_more_often(world: World) -> None:
    whole = [world.day(day) for day in range(CONFIG.days)]
    risky = np.concatenate([d.debtor_risky | d.creditor_risky for d in whole])
    returned = np.concatenate([np.isin(np.arange(len(d)), d.original) for d in whole])
    customers = np.concatenate([d.message_type == CUSTOMER for d in whole])
    assert returned[risky].mean() > 2 * returned[customers & ~risky].mean()


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**31))
def test_a_return_goes_over_a_link_that_banks_have(seed: int) -> None:
    net = network.grow(20, 120, stream(seed, "network"))
    rng = np.random.default_rng(seed)
    over = rng.integers(0, net.sender.size, 4000)
    day = entries.rows(
        rng.uniform(0, CUSTOMER_CUTOFF, over.size),
        rng.lognormal(8, 2, over.size),
        debtor=0,
        creditor=1,
        debtor_agent=net.sender[over],
        creditor_agent=net.receiver[over],
    )
    made = returns.draw(day, net, rng)
    assert net.linked(made.rows.debtor_agent, made.rows.creditor_agent).all()
    assert (made.rows.offset_ms > day.offset_ms[made.original]).all()
    assert (made.rows.offset_ms < CUSTOMER_CUTOFF * MINUTE_MS).all()


def test_a_return_names_its_original(world: World, ledger: DayLedger) -> None:
    for row in rows_of(ledger):
        payment = payment_at(world, ledger, row)
        original = payment_at(world, ledger, int(ledger.original[row]))
        assert payment.message_type is MessageType.RETURN
        assert payment.returns is not None
        assert payment.returns.original == OriginalPayment.of(original)
        assert (payment.debtor, payment.creditor) == (original.creditor, original.debtor)
        assert payment.uetr != original.uetr


def test_returns_survive_every_form(world: World, ledger: DayLedger, tmp_path: Path) -> None:
    files.write_day(world, files.Output(tmp_path), 1)
    read = list(files.read_payments(files.payments_file(tmp_path, world.calendar.dates[1])))
    for row in rows_of(ledger):
        payment = payment_at(world, ledger, row)
        assert read[row] == payment
        assert Payment.from_bytes(payment.to_bytes()) == payment
        assert read_document(write_document(payment)) == payment


def test_files_of_data_without_returns_are_read(world: World, tmp_path: Path) -> None:
    path = files.payments_file(tmp_path, world.calendar.dates[1])
    files.write_day(world, files.Output(tmp_path), 1)
    frame = pl.read_parquet(path).filter(pl.col("return_reason").is_null())
    frame.select(pl.exclude("return_reason", "^original_.*$")).write_parquet(path)
    assert all(payment.returns is None for payment in files.read_payments(path))
