from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.encoding import CARDINALITIES, FEATURES, FIELDS, WINDOW, Histories, append, encode
from pipeline.encoding.columns import ObservationColumns
from pipeline.encoding.fields import N_FIELDS
from tests.encoding.observations import filled_histories, random_columns

_DAY_MS = 86_400_000


def _one(
    counterparty: int = 5, amount: float = 1000.0, at_ms: int = 0, role: int = 0
) -> ObservationColumns:
    template = random_columns(np.random.default_rng(0), 1)
    changed = {
        "counterparty": np.array([counterparty], np.uint64),
        "amount": np.array([amount]),
        "event_ms": template.event_ms + at_ms,
        "role": np.array([role], np.int8),
    }
    return ObservationColumns(
        **{name: changed.get(name, getattr(template, name)) for name in template.__slots__}
    )


def _replay(events: list[ObservationColumns]) -> Histories:
    histories = Histories.allocate(1)
    slot = np.array([0])
    for event in events:
        append(event, encode(event, histories, slot), histories, slot)
    return histories


def _features(event: ObservationColumns, histories: Histories) -> dict[str, float]:
    row = encode(event, histories, np.array([0])).features[0]
    return dict(zip(FEATURES, row.tolist(), strict=True))


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**31))
def test_every_code_is_within_its_field(seed: int) -> None:
    rng = np.random.default_rng(seed)
    histories = filled_histories(rng, slots=40, rounds=20)
    codes = encode(random_columns(rng, 40), histories, np.arange(40)).codes
    assert codes.min() >= 0
    assert (codes < np.array(CARDINALITIES)).all()


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**31), st.integers(1, 64))
def test_a_row_has_the_same_bits_whatever_else_is_in_the_batch(seed: int, size: int) -> None:
    rng = np.random.default_rng(seed)
    together = filled_histories(rng, slots=64, rounds=20)
    apart = together.grown(64)
    columns = random_columns(rng, 64)
    rows = np.arange(64)
    whole = encode(columns, together, rows)
    append(columns, whole, together, rows)
    for start in range(0, 64, size):
        part = rows[start : start + size]
        encoded = encode(columns.take(part), apart, part)
        assert encoded.codes.tobytes() == whole.codes[part].tobytes()
        assert encoded.features.tobytes() == whole.features[part].tobytes()
        append(columns.take(part), encoded, apart, part)
    for name, array in together.arrays().items():
        assert array.tobytes() == apart.arrays()[name].tobytes(), name


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**31), st.integers(1, 2**40))
def test_ids_matter_only_by_equality(seed: int, shift: int) -> None:
    def codes(offset: int) -> bytes:
        rng = np.random.default_rng(seed)
        histories = Histories.allocate(1)
        slot = np.array([0])
        seen = []
        for _ in range(12):
            event = random_columns(rng, 1)
            for keys in (event.counterparty, event.counterparty_agent, event.entity):
                keys += np.uint64(offset)
            encoded = encode(event, histories, slot)
            append(event, encoded, histories, slot)
            seen.append(encoded.codes)
        return np.concatenate(seen).tobytes()

    assert codes(0) == codes(shift)


def test_the_first_event_has_no_relation() -> None:
    encoded = encode(_one(), Histories.allocate(1), np.array([0]))
    relational = [i for i, field in enumerate(FIELDS) if field.kind == "relational"]
    assert (encoded.codes[0, relational] == 0).all()
    assert np.isnan(encoded.features[0, FEATURES.index("amount_vs_max")])


def test_the_window_holds_the_last_events_in_order() -> None:
    events = [_one(counterparty=i, at_ms=i * 1000) for i in range(WINDOW + 5)]
    histories = _replay(events)
    assert list(histories.counterparty[0]) == list(range(5, WINDOW + 5))
    assert histories.count[0] == WINDOW + 5
    assert histories.codes.shape == (1, WINDOW, N_FIELDS)


def test_amount_relations_compare_with_the_same_direction() -> None:
    histories = _replay([_one(amount=100.0), _one(amount=400.0), _one(amount=9e6, role=1)])
    values = _features(_one(amount=800.0), histories)
    assert values["amount_vs_max"] == pytest.approx(np.log(2), abs=1e-5)
    assert values["amount_vs_mean"] == pytest.approx(np.log(4), abs=1e-5)
    assert values["amount_vs_all_max"] == pytest.approx(np.log(2), abs=1e-5)


def test_a_mirrored_amount_is_found_with_its_age() -> None:
    hour = 3_600_000
    histories = _replay([_one(amount=5000.0, role=1), _one(amount=70.0, role=1, at_ms=hour)])
    values = _features(_one(amount=4900.0, at_ms=2 * hour), histories)
    assert values["mirror_best"] == pytest.approx(np.log(5000 / 4900), abs=1e-5)
    assert values["mirror_age"] == pytest.approx(np.log1p(7200), abs=1e-4)
    assert values["passed_through"] == pytest.approx(2 * 4900 / (4900 + 5069), rel=0.01)


def test_a_new_counterparty_is_new_until_it_paid() -> None:
    histories = _replay([_one(counterparty=1), _one(counterparty=1)])
    assert _features(_one(counterparty=1), histories)["counterparty_count"] == 2
    assert _features(_one(counterparty=2), histories)["counterparty_count"] == 0
    assert _features(_one(counterparty=2), histories)["counterparty_share"] == 0


def test_long_memory_outlives_the_window_and_fades() -> None:
    old = [_one(counterparty=1, at_ms=i) for i in range(4)]
    later = [_one(counterparty=2, at_ms=_DAY_MS + i) for i in range(WINDOW)]
    histories = _replay(old + later)
    soon = _features(_one(counterparty=1, at_ms=2 * _DAY_MS), histories)
    assert soon["counterparty_count"] == 0
    assert 0.1 < soon["counterparty_share"] < 0.25
    assert soon["events_seen"] == WINDOW + 4
    week, much_later = (
        _features(_one(at_ms=days * _DAY_MS), histories)["n_same_7d"] for days in (8, 15)
    )
    assert np.expm1(much_later) == pytest.approx(np.expm1(week) / 2, rel=1e-3)


def test_exact_moments_equal_those_of_the_whole_past() -> None:
    rng = np.random.default_rng(3)
    amounts = np.exp(rng.normal(8, 2, 50))
    histories = _replay([_one(amount=float(a), at_ms=i) for i, a in enumerate(amounts)])
    values = _features(_one(amount=1e5), histories)
    logs = np.log(amounts)
    expected = (np.log(1e5) - logs.mean()) / (logs.std() + 0.3)
    assert values["amount_z"] == pytest.approx(expected, rel=1e-4)


def test_a_late_event_keeps_ages_and_decay_sane() -> None:
    histories = _replay([_one(at_ms=_DAY_MS), _one(at_ms=0)])
    assert histories.times[0, 1] == _one(at_ms=_DAY_MS).event_ms[0]
    values = _features(_one(at_ms=1000), histories)
    assert values["gap"] == pytest.approx(np.log1p(1.0), abs=1e-4)
    assert np.isfinite(values["days_known"])


def test_growing_keeps_what_was_seen() -> None:
    histories = filled_histories(np.random.default_rng(1), slots=6, rounds=18)
    grown = histories.grown(12)
    for name, array in histories.arrays().items():
        assert (grown.arrays()[name][:6] == array).all()
        assert not grown.arrays()[name][6:].any()
