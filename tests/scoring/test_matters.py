from __future__ import annotations

import numpy as np
import pytest

from pipeline.scoring.arena import MATTERS, Arena
from pipeline.scoring.matters import MatterBook
from pipeline.scoring.policy import DAY_MS, Policy
from schemas.records import Verdict

POLICY = Policy()


@pytest.fixture
def book() -> MatterBook:
    arena = Arena(np.zeros((1, 2), np.float16))
    arena.slot("party:a")
    return MatterBook(arena, POLICY)


def test_a_matter_cools_down_for_its_band_and_lower_ones(book: MatterBook) -> None:
    book.remember(0, "rent", "a1", 0, 2)
    assert book.cooling(0, "rent", DAY_MS - 1, 2)
    assert book.cooling(0, "rent", DAY_MS - 1, 1)
    assert not book.cooling(0, "rent", DAY_MS - 1, 3)
    assert not book.cooling(0, "rent", DAY_MS, 2)
    assert not book.cooling(0, "salary", 1, 2)


def test_a_cleared_matter_is_damped_until_the_next_is_confirmed(book: MatterBook) -> None:
    book.remember(0, "rent", "a1", 0, 2)
    assert book.threshold(0, "rent", 0.1) == 0.1
    assert book.answer(0, "a1", Verdict.CLEARED, 10)
    assert book.threshold(0, "rent", 0.1) == pytest.approx(POLICY.damped(0.1))
    assert book.threshold(0, "salary", 0.1) == 0.1
    book.remember(0, "rent", "a2", 20, 3)
    assert book.threshold(0, "rent", 0.1) == pytest.approx(POLICY.damped(0.1))
    book.answer(0, "a2", Verdict.CONFIRMED, 30)
    assert book.threshold(0, "rent", 0.1) == 0.1


def test_an_answer_may_be_revised(book: MatterBook) -> None:
    book.remember(0, "rent", "a1", 0, 2)
    book.answer(0, "a1", Verdict.CLEARED, 10)
    book.answer(0, "a1", Verdict.CONFIRMED, 20)
    assert book.threshold(0, "rent", 0.1) == 0.1


def test_an_unknown_alert_is_told(book: MatterBook) -> None:
    assert not book.answer(0, "never", Verdict.CLEARED, 10)


def test_answered_alerts_leave_last(book: MatterBook) -> None:
    book.remember(0, "rent", "answered", 0, 2)
    book.answer(0, "answered", Verdict.CLEARED, 5)
    for n in range(3 * MATTERS):
        book.remember(0, f"m{n}", f"a{n}", 10 + n, 2)
    assert book.threshold(0, "rent", 0.1) > 0.1
    assert not book.answer(0, "a0", Verdict.CLEARED, 99)
    assert book.answer(0, f"a{3 * MATTERS - 1}", Verdict.CLEARED, 99)
