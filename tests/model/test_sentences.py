from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.encoding import CARDINALITIES, FIELDS
from pipeline.model.sentences import TOLD, sentence

_EVENTS = st.tuples(*(st.integers(0, c - 1) for c in CARDINALITIES))
_TOLD = [i for i, f in enumerate(FIELDS) if f.name in TOLD]


@given(event=_EVENTS, other=_EVENTS, mixed=st.lists(st.booleans(), min_size=len(FIELDS)))
def test_sentences_are_equal_exactly_where_the_told_fields_are(
    event: tuple[int, ...], other: tuple[int, ...], mixed: list[bool]
) -> None:
    second = tuple(
        b if take else a for a, b, take in zip(event, other, mixed[: len(event)], strict=True)
    )
    told = [event[i] for i in _TOLD] == [second[i] for i in _TOLD]
    assert (sentence(event) == sentence(second)) == told


@pytest.mark.parametrize("field", _TOLD)
def test_every_code_of_a_told_field_is_told_apart(field: int) -> None:
    event = np.zeros(len(FIELDS), np.int64)
    said = set()
    for code in range(CARDINALITIES[field]):
        event[field] = code
        said.add(sentence(event.tolist()))
    assert len(said) == CARDINALITIES[field]


def test_a_first_payment_says_nothing_of_a_history() -> None:
    names = {f.name: i for i, f in enumerate(FIELDS)}
    event = [0] * len(FIELDS)
    event[names["weekday"]], event[names["hour"]] = 4, 14
    event[names["log_amount"]], event[names["role"]] = 15, 1
    event[names["below_threshold"]] = CARDINALITIES[names["below_threshold"]] - 1
    assert sentence(event) == " Friday 13h receives $18k unknown."
