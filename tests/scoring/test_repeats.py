from __future__ import annotations

import random
from dataclasses import dataclass, field

import numpy as np

from pipeline.scoring.arena import MARKS, Arena
from pipeline.scoring.repeats import is_repeat, mark, record_key
from schemas.records import Role
from tests.scoring.logs import exposure, observation

SLOT = np.array([0])


@dataclass
class Memory:
    """One profile's memory of records."""

    arena: Arena = field(default_factory=lambda: Arena(np.zeros((1, 2), np.float16)))

    def __post_init__(self) -> None:
        self.arena.slot("party:a")

    def _at(self, key: int, offset: int, arrived: int, partition: int) -> tuple[np.ndarray, ...]:
        columns = ((key, np.uint64), (partition, np.int32), (offset, np.int64), (arrived, np.int64))
        return tuple(np.array([value], dtype) for value, dtype in columns)

    def mark(self, key: int, offset: int, arrived: int, partition: int = 0) -> None:
        mark(self.arena, SLOT, *self._at(key, offset, arrived, partition))

    def knows(self, key: int, offset: int, arrived: int, partition: int = 0) -> bool:
        return bool(is_repeat(self.arena, SLOT, *self._at(key, offset, arrived, partition))[0])


def _filled(records: int = 2 * MARKS) -> Memory:
    memory = Memory()
    for n in range(records):
        memory.mark(1000 + n, offset=10 * n, arrived=100 * n)
    return memory


def test_a_known_key_is_a_repeat_at_whatever_offset_it_comes_again() -> None:
    memory = _filled()
    newest = 1000 + 2 * MARKS - 1
    assert memory.knows(newest, offset=99_999, arrived=99_999)
    assert memory.knows(newest, offset=0, arrived=0, partition=3)


def test_an_unknown_key_further_on_is_new() -> None:
    assert not _filled().knows(5, offset=100_000, arrived=100_000)


def test_a_forgotten_record_delivered_again_is_told_by_its_offset() -> None:
    memory = _filled()
    assert memory.knows(1000, offset=0, arrived=0)


def test_a_new_record_under_a_reused_offset_is_not_taken_for_an_old_one() -> None:
    memory = _filled()
    assert not memory.knows(5, offset=3, arrived=100_000)
    assert not memory.knows(5, offset=10 * (2 * MARKS - 3), arrived=0)


def test_offsets_of_another_partition_say_nothing() -> None:
    memory = _filled()
    assert not memory.knows(5, offset=0, arrived=0, partition=1)
    memory.mark(77, offset=1, arrived=5, partition=1)
    assert not memory.knows(5, offset=0, arrived=0, partition=1)


def test_a_young_profile_knows_everything_it_has_seen() -> None:
    memory = _filled(MARKS - 1)
    assert memory.knows(1000, offset=0, arrived=0)
    assert not memory.knows(5, offset=0, arrived=0)


def test_the_two_sides_of_a_payment_are_different_records() -> None:
    random_ = random.Random(0)
    one = observation(random_, 1, 0, role=Role.DEBTOR)
    other = one.model_copy(update={"role": Role.CREDITOR})
    assert record_key(one) == record_key(one.model_copy(update={"amount": 5.0}))
    assert record_key(one) != record_key(other)
    assert record_key(exposure(1, 0, 0.5)) != record_key(exposure(1, 0, 0.6))
