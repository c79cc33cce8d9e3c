from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.scoring.arena import Arena
from pipeline.scoring.flags import FlagBook, FlagEvent, Sighting
from pipeline.scoring.policy import DAY_MS, Policy
from schemas.records import FlagState, Verdict
from tests.scoring.logs import START, disposition, entity_id

POLICY = Policy(flag_cost_ratio=1.0, release_after=3)
DAY_MINUTES = 24 * 60


class Book:
    """The flag of one entity."""

    def __init__(self) -> None:
        self.arena = Arena(np.zeros((1, 2), np.float16))
        self.arena.slot(entity_id(1))
        self._book = FlagBook(self.arena, POLICY)
        self._payments = 0

    def pay(self, probability: float, minute: float = 0.0) -> list[FlagEvent]:
        self._payments += 1
        when = START + timedelta(minutes=minute)
        sighting = Sighting(
            entity=entity_id(1),
            uetr=f"00000000-0000-4000-8000-{self._payments:012x}",
            alert_id=f"{self._payments:032x}",
            probability=probability,
            threshold=POLICY.flag_threshold,
            event_at=when,
            arrived_at=when,
        )
        return self._book.sight(0, sighting)

    def answer(
        self, verdict: Verdict, *, alert: int = 1, minute: float = 0.0, own: bool = True
    ) -> list[FlagEvent]:
        answer = disposition(1, minute, f"{alert:032x}", verdict)
        return self._book.dispose(0, answer, own_alert=own)


def _states(events: list[FlagEvent]) -> list[FlagState]:
    for event in events:
        assert event.change.flag_id == event.flag.flag_id
        assert event.change.state == event.flag.state
        assert event.change.severity == event.flag.severity
    return [event.flag.state for event in events]


def test_a_flag_rises_at_the_threshold_and_names_its_cause() -> None:
    book = Book()
    assert book.pay(0.49) == []
    (event,) = book.pay(0.6)
    assert event.flag.state is FlagState.RAISED
    assert event.flag.severity == pytest.approx(0.6)
    assert event.flag.alert_id == f"{2:032x}"
    assert event.flag.uetr == "00000000-0000-4000-8000-000000000002"
    assert event.flag.expires_at == START + timedelta(milliseconds=POLICY.flag_life_ms)


def test_between_the_thresholds_a_flag_stands() -> None:
    book = Book()
    book.pay(0.6)
    for minute in range(20):
        assert book.pay(0.3, minute) == []


def test_calm_payments_in_a_row_lower_it_once() -> None:
    book = Book()
    book.pay(0.6)
    assert _states([*book.pay(0.1), *book.pay(0.1), *book.pay(0.3), *book.pay(0.1)]) == []
    lowered = [*book.pay(0.1), *book.pay(0.1), *book.pay(0.1), *book.pay(0.1)]
    assert _states(lowered) == [FlagState.LOWERED]
    assert lowered[0].flag.severity == pytest.approx(0.3)
    (again,) = book.pay(0.7)
    assert (again.flag.flag_id, again.flag.revision) == (lowered[0].flag.flag_id, 2)


def test_a_standing_flag_is_published_again_only_if_it_grows_or_ages() -> None:
    book = Book()
    book.pay(0.6)
    assert book.pay(0.62) == []
    assert _states(book.pay(0.9)) == [FlagState.RAISED]
    assert book.pay(0.9, 60) == []
    assert _states(book.pay(0.9, 20 * DAY_MINUTES)) == [FlagState.RAISED]


def test_event_time_past_the_expiry_clears_it() -> None:
    book = Book()
    (raised,) = book.pay(0.6)
    late = POLICY.flag_life_ms / 60_000 + 1
    (cleared,) = book.pay(0.1, late)
    assert (cleared.flag.flag_id, cleared.flag.state) == (raised.flag.flag_id, FlagState.CLEARED)
    assert cleared.flag.severity == 0
    assert cleared.flag.expires_at is None
    assert book.pay(0.1, late + 1) == []


def test_a_payment_after_the_expiry_may_raise_a_new_one() -> None:
    book = Book()
    (first,) = book.pay(0.6)
    cleared, raised = book.pay(0.8, POLICY.flag_life_ms / 60_000 + 1)
    assert cleared.flag.flag_id == first.flag.flag_id
    assert raised.flag.flag_id != first.flag.flag_id
    assert raised.flag.revision == 0


def test_a_confirmed_flag_is_severe_lasts_longer_and_stays_through_calm() -> None:
    book = Book()
    book.pay(0.6)
    (confirmed,) = book.answer(Verdict.CONFIRMED)
    assert confirmed.flag.severity == 1.0
    assert confirmed.flag.revision == 1
    assert confirmed.flag.expires_at == START + timedelta(days=POLICY.confirmed_life_ms // DAY_MS)
    assert [e for m in range(10) for e in book.pay(0.01, m)] == []


def test_confirming_raises_a_flag_where_none_stands() -> None:
    (event,) = Book().answer(Verdict.CONFIRMED)
    assert (event.flag.state, event.flag.severity) == (FlagState.RAISED, 1.0)


def test_clearing_takes_the_flag_away_and_a_later_answer_makes_another() -> None:
    book = Book()
    (raised,) = book.pay(0.6)
    (cleared,) = book.answer(Verdict.CLEARED)
    assert (cleared.flag.flag_id, cleared.flag.state) == (raised.flag.flag_id, FlagState.CLEARED)
    assert book.answer(Verdict.CLEARED) == []
    (back,) = book.answer(Verdict.CONFIRMED, minute=5)
    assert back.flag.flag_id != raised.flag.flag_id


def test_clearing_something_else_leaves_the_flag() -> None:
    book = Book()
    book.pay(0.6)
    assert book.answer(Verdict.CLEARED, alert=9, own=False) == []
    book.answer(Verdict.CONFIRMED)
    assert book.answer(Verdict.CLEARED, alert=9, own=True) == []
    assert _states(book.answer(Verdict.CLEARED, alert=1)) == [FlagState.CLEARED]


_steps = st.lists(
    st.one_of(
        st.tuples(st.just("pay"), st.floats(0, 1), st.integers(0, 40)),
        st.tuples(st.sampled_from(list(Verdict)), st.integers(1, 5), st.integers(0, 40)),
    ),
    max_size=30,
)


@given(_steps)
def test_revisions_of_a_flag_count_up_and_states_make_sense(steps: list[tuple]) -> None:  # type: ignore[type-arg]
    book, day = Book(), 0
    last: dict[str, tuple[int, FlagState]] = {}
    standing: str | None = None
    for what, value, days in steps:
        day += days
        minute = float(day * DAY_MINUTES)
        if what == "pay":
            events = book.pay(value, minute)
        else:
            events = book.answer(what, alert=value, minute=minute)
        for event in events:
            flag = event.flag
            before = last.get(flag.flag_id)
            assert flag.revision == (0 if before is None else before[0] + 1)
            assert standing in (None, flag.flag_id)
            assert before is None or before[1] is not FlagState.CLEARED
            assert (flag.severity == 0) == (flag.state is FlagState.CLEARED)
            last[flag.flag_id] = flag.revision, flag.state
            standing = None if flag.state is FlagState.CLEARED else flag.flag_id
