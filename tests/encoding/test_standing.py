from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.encoding import ObservationColumns, StandingBook
from pipeline.encoding.columns import CREDITOR, DEBTOR
from pipeline.encoding.standing import (
    STANDING_RELATIONS,
    TOLD,
    StandingMemory,
    advance,
    compare,
    standing_of,
    standing_row,
    told,
)
from schemas.standing import Standing
from tests.encoding.observations import MONDAY_NOON_MS, random_columns, random_standing

_DAY_MS = 86_400_000


def _payments(rng: np.random.Generator, n: int, entities: int = 9) -> ObservationColumns:
    """Both sides of N payments between a few entities, one after the other."""
    columns = random_columns(rng, 2 * n)
    payer = rng.integers(0, entities, n)
    payee = (payer + rng.integers(1, entities, n)) % entities
    return replace(
        columns,
        entity=np.stack([payer, payee], 1).reshape(-1).astype(np.uint64),
        counterparty=np.stack([payee, payer], 1).reshape(-1).astype(np.uint64),
        amount=np.repeat(columns.amount[::2], 2),
        event_ms=np.repeat(columns.event_ms[::2], 2),
        role=np.tile(np.array([DEBTOR, CREDITOR], np.int8), n),
    )


def _after(columns: ObservationColumns) -> dict[str, float]:
    """Standing of one entity that made all of these payments."""
    memory = StandingMemory.allocate(1)
    advance(memory, np.zeros(len(columns), np.intp), columns.for_standing())
    return dict(zip(TOLD, told(memory, np.array([0]))[0].tolist(), strict=True))


def _relations(row: list[float], at_ms: int, role: int) -> dict[str, float]:
    values = compare(np.array([row]), np.array([at_ms]), np.array([role], np.int8))[0]
    return dict(zip(STANDING_RELATIONS, values.tolist(), strict=True))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**31), st.integers(1, 60))
def test_nobody_is_told_of_the_payment_itself_or_of_later_ones(seed: int, cut: int) -> None:
    columns = _payments(np.random.default_rng(seed), 60)
    whole = StandingBook().told(columns).standing
    until = np.arange(2 * cut)
    assert (StandingBook().told(columns.take(until)).standing == whole[until]).all()


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**31), st.integers(1, 59))
def test_a_book_goes_on_where_it_ended(seed: int, cut: int) -> None:
    columns = _payments(np.random.default_rng(seed), 60)
    book = StandingBook()
    rows = np.arange(len(columns))
    parts = [book.told(columns.take(part)).standing for part in (rows[: 2 * cut], rows[2 * cut :])]
    assert (np.concatenate(parts) == StandingBook().told(columns).standing).all()


def test_the_number_of_payments_told_is_that_of_the_counterparty_so_far() -> None:
    columns = _payments(np.random.default_rng(3), 200)
    standing = StandingBook().told(columns).standing
    made: dict[int, int] = {}
    for row in range(0, len(columns), 2):
        for side in (row, row + 1):
            assert standing[side, 0] == made.get(int(columns.counterparty[side]), 0)
        for side in (row, row + 1):
            entity = int(columns.entity[side])
            made[entity] = made.get(entity, 0) + 1


def test_a_book_grows_beyond_its_first_room() -> None:
    n = 3000
    columns = _payments(np.random.default_rng(4), n, entities=5)
    distinct = replace(columns, entity=np.arange(2 * n, dtype=np.uint64))
    assert not StandingBook().told(distinct).standing.any()


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**31))
def test_a_standing_survives_the_wire_to_the_last_bit(seed: int) -> None:
    for row in random_standing(np.random.default_rng(seed), 5).tolist():
        standing = standing_of(row)
        if standing is None:
            assert not any(row)
            continue
        assert standing_row(Standing.from_bytes(standing.to_bytes())) == row


def test_decayed_numbers_halve_in_the_stated_time() -> None:
    columns = random_columns(np.random.default_rng(0), 2)
    columns = replace(
        columns,
        event_ms=np.array([MONDAY_NOON_MS, MONDAY_NOON_MS + 7 * _DAY_MS]),
        role=np.array([DEBTOR, CREDITOR], np.int8),
        amount=np.array([128.0, 10.0]),
    )
    after = _after(columns)
    assert (after["out_7d"], after["in_7d"]) == (0.5, 1.0)
    assert (after["out_1d"], after["usd_out_1d"]) == (pytest.approx(1 / 128, abs=1e-3), 1.0)


def test_a_late_event_counts_whole_and_does_not_turn_the_clock_back() -> None:
    columns = random_columns(np.random.default_rng(0), 2)
    late = replace(columns, event_ms=np.array([MONDAY_NOON_MS, MONDAY_NOON_MS - _DAY_MS]))
    after = _after(replace(late, role=np.zeros(2, np.int8)))
    assert after["out_1d"] == 2.0
    assert after["last_ms"] == MONDAY_NOON_MS


def test_roles_are_named_from_the_other_sides_view() -> None:
    """To a debtor the other side is a creditor: what it got is of the same kind as now."""
    row = dict.fromkeys(TOLD, 0.0) | {"events": 5.0, "in_1d": 4.0, "out_1d": 1.0}
    row |= {"first_ms": MONDAY_NOON_MS - 2 * _DAY_MS, "last_ms": MONDAY_NOON_MS}
    paying = _relations(list(row.values()), MONDAY_NOON_MS, DEBTOR)
    assert np.expm1(paying["standing_n_same_1d"]) == pytest.approx(4)
    assert np.expm1(paying["standing_n_other_1d"]) == pytest.approx(1)
    paid = _relations(list(row.values()), MONDAY_NOON_MS, CREDITOR)
    assert np.expm1(paid["standing_n_same_1d"]) == pytest.approx(1)
    assert paid["standing_days_known"] == 2


def test_of_a_newcomer_only_that_it_is_one_is_known() -> None:
    relations = _relations([0.0] * len(TOLD), MONDAY_NOON_MS, DEBTOR)
    assert relations.pop("standing_events") == 0
    assert np.isnan(list(relations.values())).all()
