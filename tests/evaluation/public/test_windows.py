"""Sums over the past of each key, against the plain definition."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipeline.evaluation.public.windows import KeyedPast

_EVENTS = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 40), st.integers(0, 5)), min_size=1, max_size=30
)


@given(_EVENTS, st.integers(0, 30), st.integers(1, 40))
def test_a_total_is_the_sum_over_the_own_keys_past(
    events: list[tuple[int, int, int]], young: int, width: int
) -> None:
    events = sorted(events, key=lambda event: event[1])
    key, time, value = (np.array(column) for column in zip(*events, strict=True))
    past = KeyedPast(key, time)
    total = past.total(value.astype(float), young, young + width)
    for row in range(len(events)):
        own = (key == key[row]) & (time > time[row] - young - width)
        own &= (time <= time[row] - young) & (np.arange(len(events)) <= row)
        assert total[row] == value[own].sum()


def test_without_values_events_are_counted() -> None:
    past = KeyedPast(np.array([1, 2, 1]), np.array([0, 0, 5]))
    assert past.total(None, 0, 10).tolist() == [1, 1, 2]
    assert past.total(None, 0, 5).tolist() == [1, 1, 1]
