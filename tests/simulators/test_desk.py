"""The desk decides as people do: in office hours, by priority, late, and not always right."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.alert import Alert
from schemas.records import Role, Verdict
from simulators.desk import (
    Desk,
    DeskConfig,
    RiskySides,
    read_dispositions,
    write_dispositions,
)
from simulators.office import Office
from tests.store import messages as m

MONDAY = datetime(2026, 1, 5, 14, 30, tzinfo=UTC)  # 09:30 in New York
SURE = DeskConfig(analysts=1, error_rate=0.0, inquiry_share=0.0, abandon_days=30)


def alerts(n: int, *, every_s: float = 60.0, matter: int | None = None) -> list[Alert]:
    """Alerts on payments 0 to n-1, each a matter of its own unless told otherwise."""
    return [
        m.alert(i, entity=i).model_copy(
            update={
                "event_at": MONDAY + timedelta(seconds=i * every_s),
                "dedup_key": str(i if matter is None else matter),
                "priority": 1.0,
            }
        )
        for i in range(n)
    ]


def odd_is_risky(uetr: str, role: Role) -> bool:
    return int(uetr[:8], 16) % 2 == 1


def nothing_is_risky(uetr: str, role: Role) -> bool:
    return False


def in_office(moment: datetime) -> bool:
    """January: New York is five hours behind UTC."""
    local = moment - timedelta(hours=5)
    return local.weekday() < 5 and 8 <= local.hour + local.minute / 60 <= 18


def test_a_desk_without_errors_finds_the_truth() -> None:
    worked = Desk(SURE, odd_is_risky).work(alerts(20))
    assert len(worked.dispositions) == 20
    assert worked.wrong == worked.abandoned == 0
    for disposition in worked.dispositions:
        risky = odd_is_risky(disposition.uetr or "", Role.DEBTOR)
        assert disposition.verdict is (Verdict.CONFIRMED if risky else Verdict.CLEARED)


def test_error_rate_is_the_share_of_wrong_matters() -> None:
    config = DeskConfig(analysts=50, error_rate=0.2, abandon_days=100)
    worked = Desk(config, nothing_is_risky).work(alerts(1500))
    assert worked.matters == 1500
    confirmed = sum(d.verdict is Verdict.CONFIRMED for d in worked.dispositions)
    assert confirmed == worked.wrong
    assert 0.16 < worked.wrong / worked.matters < 0.24


def test_verdicts_are_given_in_office_hours_after_the_alert() -> None:
    stream = alerts(60, every_s=7200)
    at = {alert.alert_id: alert.event_at for alert in stream}
    worked = Desk(DeskConfig(), odd_is_risky).work(stream)
    assert worked.dispositions
    for disposition in worked.dispositions:
        assert in_office(disposition.decided_at)
        assert disposition.decided_at > at[disposition.alert_id]


def test_highest_priority_is_taken_first() -> None:
    stream = alerts(6, every_s=0.0)
    order = [3, 0, 5, 1, 4, 2]
    ranked = [
        alert.model_copy(update={"priority": float(rank)})
        for alert, rank in zip(stream, order, strict=True)
    ]
    worked = Desk(SURE, odd_is_risky).work(ranked)
    of = {alert.alert_id: alert.priority for alert in ranked}
    assert [of[d.alert_id] for d in worked.dispositions] == [5, 4, 3, 2, 1, 0]


def test_waiting_alerts_of_one_matter_get_one_verdict() -> None:
    worked = Desk(SURE, odd_is_risky).work(alerts(9, every_s=0.0, matter=1))
    assert worked.matters == 1
    assert {d.verdict for d in worked.dispositions} == {Verdict.CONFIRMED}
    assert len({(d.decided_at, d.analyst) for d in worked.dispositions}) == 1


def test_an_overloaded_desk_abandons_what_waited_too_long() -> None:
    config = DeskConfig(analysts=1, minutes_per_matter=60, abandon_days=1)
    worked = Desk(config, odd_is_risky).work(alerts(100, every_s=1.0))
    assert worked.abandoned > 50
    assert len(worked.dispositions) + worked.abandoned == 100
    relaxed = DeskConfig(analysts=40, minutes_per_matter=60, abandon_days=1)
    assert Desk(relaxed, odd_is_risky).work(alerts(100, every_s=1.0)).abandoned == 0


def test_inquiries_delay_verdicts_by_hours_to_days() -> None:
    asking = DeskConfig(analysts=50, inquiry_share=1.0, inquiry_hours=30, abandon_days=100)
    worked = Desk(asking, odd_is_risky).work(alerts(200))
    delays = sorted((d.decided_at - MONDAY) / timedelta(hours=1) for d in worked.dispositions)
    assert 12 < delays[100] < 48
    assert all(d.note for d in worked.dispositions)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1000))
def test_order_and_repeats_of_the_alerts_do_not_matter(seed: int) -> None:
    stream = alerts(30, every_s=500)
    shuffled = stream + random.Random(seed).sample(stream, 5)
    random.Random(seed).shuffle(shuffled)
    desk = Desk(DeskConfig(analysts=2), odd_is_risky)
    assert desk.work(shuffled) == desk.work(stream)


def test_another_seed_gives_another_desk() -> None:
    first, second = (Desk(DeskConfig(seed=s), odd_is_risky).work(alerts(30)) for s in (1, 2))
    assert first != second


@given(
    start=st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31)),
    minutes=st.integers(0, 3000),
)
def test_work_in_an_office_takes_its_time_and_rests_out_of_hours(
    start: datetime, minutes: int
) -> None:
    office = Office()
    ms = int(start.replace(tzinfo=UTC).timestamp() * 1000)
    opened = office.open_at(ms)
    assert opened >= ms
    assert office.open_at(opened) == opened
    done = office.after(ms, minutes * 60_000)
    assert done >= opened + minutes * 60_000
    halfway = office.after(ms, minutes // 2 * 60_000)
    assert office.after(halfway, (minutes - minutes // 2) * 60_000) == done


def test_truth_is_read_from_the_folder_that_simulate_wrote(tmp_path: Path) -> None:
    (tmp_path / "truth").mkdir()
    pl.DataFrame(
        {"uetr": ["a", "b"], "debtor_risky": [True, False], "creditor_risky": [False, True]}
    ).write_parquet(tmp_path / "truth" / "sides-2026-01-05.parquet")
    truth = RiskySides.of_folder(tmp_path)
    assert truth("a", Role.DEBTOR)
    assert truth("b", Role.CREDITOR)
    assert not truth("a", Role.CREDITOR)
    assert not truth("c", Role.DEBTOR)
    with pytest.raises(FileNotFoundError):
        RiskySides.of_folder(tmp_path / "nowhere")


def test_verdicts_are_replayed_as_they_were_written(tmp_path: Path) -> None:
    worked = Desk(SURE, odd_is_risky).work(alerts(5))
    file = tmp_path / "dispositions.jsonl"
    write_dispositions(file, worked.dispositions)
    assert tuple(read_dispositions(file)) == worked.dispositions


@pytest.mark.parametrize(
    ("change", "message"),
    [({"analysts": 0}, "analysts"), ({"error_rate": 1.5}, "error_rate"),
     ({"abandon_days": 0}, "abandon_days")],
)  # fmt: skip
def test_impossible_desk_is_refused(change: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        DeskConfig(**change)  # type: ignore[arg-type]
