"""Only the contiguous prefix of finished batches may be committed."""

from __future__ import annotations

from dataclasses import dataclass

from aiokafka import TopicPartition
from hypothesis import given
from hypothesis import strategies as st

from agents.batch import Batch, Ledger


@dataclass
class Fetched:
    """A record as the consumer gives it."""

    offset: int
    partition: int = 0
    topic: str = "payments"
    timestamp: int = 0
    key: bytes | None = None
    value: bytes | None = None
    headers: tuple[tuple[str, bytes], ...] = ()


@given(st.data(), st.lists(st.integers(1, 5), min_size=1, max_size=12))
def test_whatever_the_order_no_offset_passes_a_batch_that_is_not_done(
    data: st.DataObject, sizes: list[int]
) -> None:
    ledger, batches, offset = Ledger(), [], 0
    for size in sizes:
        batches.append(Batch([Fetched(offset + number) for number in range(size)]))
        offset += size
        ledger.hand_out(batches[-1])
    committed = 0
    for index in data.draw(st.permutations(range(len(batches)))):
        batches[index].is_done = True
        ledger.settle()
        committed = max([committed, *ledger.take().values()])
        first_open = next((batch for batch in batches if not batch.is_done), None)
        expected = offset if first_open is None else first_open.records[0].offset
        assert committed == expected
    assert len(ledger) == 0


def test_each_partition_has_its_own_offset() -> None:
    ledger = Ledger()
    batch = Batch([Fetched(4), Fetched(9, partition=1), Fetched(5)], is_done=True)
    ledger.hand_out(batch)
    ledger.settle()
    assert ledger.take() == {
        TopicPartition("payments", 0): 6,
        TopicPartition("payments", 1): 10,
    }
    assert ledger.take() == {}
