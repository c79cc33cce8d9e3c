"""Files of a world: canonical, resumable, byte-identical, truth in tables of its own."""

from __future__ import annotations

import zipfile
from pathlib import Path

import polars as pl
import pytest

from schemas.payment import has_valid_check_digit
from simulators import files
from simulators.delivery import Delivery
from simulators.world import World, WorldConfig, payment_at

SMALL = WorldConfig(participants=40, parties=300, days=2, seed=5, risky_share=0.05)


@pytest.fixture(scope="module")
def world() -> World:
    return World(SMALL)


@pytest.fixture
def written(world: World, tmp_path: Path) -> Path:
    output = files.Output(tmp_path, jsonl=True)
    files.claim(world, output)
    files.write_tables(world, tmp_path)
    for day in range(SMALL.days):
        files.write_day(world, output, day)
    return tmp_path


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_the_same_configuration_writes_the_same_bytes(written: Path, tmp_path: Path) -> None:
    again = tmp_path / "again"
    before = contents(written)
    world = World(SMALL)
    output = files.Output(again, jsonl=True)
    files.claim(world, output)
    files.write_tables(world, again)
    for day in reversed(range(SMALL.days)):
        files.write_day(world, output, day)
    assert contents(again) == before


def test_parquet_reads_back_as_the_worlds_payments(world: World, written: Path) -> None:
    ledger = world.day(1)
    read = list(files.read_payments(files.payments_file(written, world.calendar.dates[1])))
    assert read == [payment_at(world, ledger, row) for row in range(len(ledger))]


def test_json_lines_hold_the_same_payments(world: World, written: Path) -> None:
    on = world.calendar.dates[0]
    lines = files.payments_file(written, on, "jsonl").read_bytes().splitlines()
    read = files.read_payments(files.payments_file(written, on))
    assert lines == [payment.to_bytes() for payment in read]


def test_no_column_of_the_payments_is_truth(world: World, written: Path) -> None:
    on = world.calendar.dates[0]
    payments = pl.read_parquet(files.payments_file(written, on))
    sides = pl.read_parquet(files.sides_file(written, on))
    assert set(payments.columns) & set(sides.columns) == {"uetr"}
    assert payments["uetr"].to_list() == sides["uetr"].to_list()


def test_the_directory_lists_more_banks_than_ever_pay(world: World, written: Path) -> None:
    listed = pl.read_parquet(written / "participants.parquet")
    active = listed.filter("active")
    assert active["routing_number"].to_list() == world.routing_numbers()
    assert len(listed) > len(active)
    assert listed["routing_number"].is_unique().all()
    assert all(map(has_valid_check_digit, listed["routing_number"]))
    paying = pl.concat([pl.read_parquet(path) for path in written.glob("payments-*.parquet")])
    banks = {*paying["debtor_agent"], *paying["creditor_agent"]}
    assert banks <= set(active["routing_number"])


def test_members_and_sides_tell_the_same_culprits(world: World, written: Path) -> None:
    members = pl.read_parquet(written / "truth" / "members.parquet").filter(pl.col("risky"))
    paid = {
        (int(ledger.scheme[row]), world.accounts()[int(getattr(ledger, side)[row])])
        for ledger in world.days()
        for side in ("debtor", "creditor")
        for row in getattr(ledger, f"{side}_risky").nonzero()[0]
    }
    assert paid
    assert paid <= set(members.select("scheme", "account").iter_rows())


def test_a_day_is_finished_only_when_all_its_files_are_there(world: World, written: Path) -> None:
    assert files.is_finished(world, files.Output(written, jsonl=True), 0)
    files.sides_file(written, world.calendar.dates[0]).unlink()
    assert not files.is_finished(world, files.Output(written), 0)
    assert files.is_finished(world, files.Output(written), 1)


def test_a_directory_of_another_world_is_refused(written: Path) -> None:
    other = World(WorldConfig(participants=40, parties=300, days=2, seed=6))
    with pytest.raises(files.OtherWorldError):
        files.claim(other, files.Output(written))


def test_another_delivery_is_another_content(world: World, written: Path) -> None:
    late = files.Output(written, jsonl=True, delivery=Delivery(late_share=0.5))
    with pytest.raises(files.OtherWorldError):
        files.claim(world, late)


def test_lines_come_in_order_of_delivery_with_repeats(world: World, tmp_path: Path) -> None:
    delivery = Delivery(late_share=0.1, repeat_share=0.1)
    output = files.Output(tmp_path, jsonl=True, delivery=delivery)
    files.write_day(world, output, 0)
    ledger = world.day(0)
    rows, _ = delivery.order(SMALL.seed, ledger)
    lines = files.payments_file(tmp_path, world.calendar.dates[0], "jsonl").read_bytes()
    expected = [payment_at(world, ledger, row).to_bytes() for row in rows.tolist()]
    assert lines.splitlines() == expected


def test_documents_are_archived_one_by_one(world: World, tmp_path: Path) -> None:
    for name in ("one", "two"):
        output = files.Output(tmp_path / name, xml=lambda message: message.to_bytes())
        files.claim(world, output)
        files.write_day(world, output, 0)
    on = world.calendar.dates[0]
    paths = [files.payments_file(tmp_path / name, on, "zip") for name in ("one", "two")]
    assert paths[0].read_bytes() == paths[1].read_bytes()
    with zipfile.ZipFile(paths[0]) as archive:
        documents = [archive.read(name) for name in archive.namelist()]
    ledger = world.day(0)
    payments = [payment_at(world, ledger, row) for row in range(len(ledger))]
    assert [d for d in documents if d.startswith(b'{"schema_version":1,"message_type"')] == [
        payment.to_bytes() for payment in payments
    ]
