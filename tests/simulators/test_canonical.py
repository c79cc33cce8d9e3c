"""Foreign rows become whole payments that the service takes."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.intake import Intake, Limits, Pseudonyms
from schemas.payment import MessageType
from simulators.canonical import Foreign, foreign, write
from simulators.files import payments_file, read_payments, sides_file

_DAY_MS = 86_400_000
_START_MS = 1_767_571_200_000
_INTAKE = Intake(Pseudonyms(b"0123456789abcdef"), Limits(behind=timedelta.max))

_accounts = st.sampled_from([f"A{i}" for i in range(12)])


@st.composite
def data_sets(draw: st.DrawFn) -> Foreign:
    """Rows in any order, some of which move nothing."""
    count = draw(st.integers(1, 30))
    rows = {
        "row": list(range(count)),
        "event_ms": draw(
            st.lists(
                st.integers(_START_MS, _START_MS + 4 * _DAY_MS), min_size=count, max_size=count
            )
        ),
        "cents": draw(st.lists(st.integers(0, 10**13), min_size=count, max_size=count)),
        "debtor_account": draw(st.lists(_accounts, min_size=count, max_size=count)),
        "creditor_account": draw(st.lists(_accounts, min_size=count, max_size=count)),
    }
    return foreign("T", pl.DataFrame(rows))


@given(data_sets())
@settings(max_examples=40, deadline=None)
def test_every_payment_has_ids_of_its_own_on_its_day(data: Foreign) -> None:
    seen = set()
    for day in data.days():
        for line in range(day.payments.height):
            row = day.payments.row(line, named=True)
            assert row["created_at"].date() == day.on
            seen.add(row["uetr"])
            seen.add(row["message_id"])
    assert len(seen) == 2 * data.rows.height


@given(data_sets())
@settings(max_examples=40, deadline=None)
def test_rows_are_kept_in_time_order_or_counted(data: Foreign) -> None:
    assert data.rows["event_ms"].is_sorted()
    assert data.rows.filter(pl.col("cents") <= 0).is_empty()
    same = pl.col("debtor_account") == pl.col("creditor_account")
    assert data.rows.filter(same).is_empty()


def _small() -> Foreign:
    return foreign(
        "T",
        pl.DataFrame(
            {
                "row": [1, 2, 3, 4],
                "event_ms": [_START_MS + _DAY_MS, _START_MS, _START_MS + 5, _START_MS + 6],
                "cents": [100, 250, 1, 700],
                "debtor_account": ["a", "a", "b", None],
                "debtor_name": [None, "Alder", None, "East"],
                "creditor_account": ["b", "c", "a", None],
                "creditor_name": [None, None, None, "West"],
                "debtor_agent": [None, "021000021", None, "021000021"],
                "creditor_agent": [None, None, None, "121000358"],
                "message_type": [None, None, None, "pacs.009"],
                "debtor_risky": [True, None, False, None],
            }
        ),
    )


def test_files_are_those_of_a_world_and_pass_the_intake(tmp_path: Path) -> None:
    assert write(_small(), tmp_path) == 4
    first = list(read_payments(payments_file(tmp_path, date(2026, 1, 5))))
    for payment in first:
        assert _INTAKE.read_payment(payment.to_bytes(), None, payment.created_at) == payment
    assert [payment.message_type for payment in first][-1] is MessageType.BANK
    assert first[0].debtor.name == "Alder"
    assert first[0].debtor_agent.routing_number == "021000021"
    assert first[0].message_id == "2026010502100002000001"
    assert first[2].message_id == "2026010502100002000002"
    truth = pl.read_parquet(sides_file(tmp_path, date(2026, 1, 6)))
    assert truth["debtor_risky"].to_list() == [True]


def test_equal_rows_give_equal_bytes(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        write(_small(), tmp_path / folder)
    one = {p.relative_to(tmp_path / "one"): p.read_bytes() for p in tmp_path.glob("one/**/*.*")}
    two = {p.relative_to(tmp_path / "two"): p.read_bytes() for p in tmp_path.glob("two/**/*.*")}
    assert one == two
    assert len(one) == 4


def test_an_account_keeps_its_bank() -> None:
    days = pl.concat([day.payments for day in _small().days()])
    paid = days.filter(pl.col("debtor_account") == "b")["debtor_agent"].to_list()
    got = days.filter(pl.col("creditor_account") == "b")["creditor_agent"].to_list()
    assert paid == got


def test_data_sets_do_not_mix() -> None:
    rows = pl.DataFrame(
        {
            "row": [1],
            "event_ms": [_START_MS],
            "cents": [1],
            "debtor_account": ["a"],
            "creditor_account": ["b"],
        }
    )
    ids = {next(foreign(name, rows).days()).payments["uetr"][0] for name in ("one", "two")}
    assert len(ids) == 2


def test_times_can_be_moved_by_whole_days() -> None:
    moved = _small().starting(date(2027, 3, 1))
    assert [day.on for day in moved.days()] == [date(2027, 3, 1), date(2027, 3, 2)]
    gaps = moved.rows["event_ms"] - _small().rows["event_ms"]
    assert gaps.n_unique() == 1
    assert gaps[0] % _DAY_MS == 0
