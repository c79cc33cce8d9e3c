"""Whatever comes in, the answer is a payment or a refusal."""

from __future__ import annotations

import contextlib
import json
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.intake import Intake, Pseudonyms, Refusal
from pipeline.iso20022 import write_document
from schemas.dead_letter import DeadLetter
from schemas.payment import Payment
from tests.iso20022.payments import (
    ARRIVED,
    bank_payment,
    customer_payment,
    payments,
    return_of,
)

_INTAKE = Intake(Pseudonyms(b"0123456789abcdef"))
_SAMPLES = [
    form
    for payment in (customer_payment(), bank_payment(), return_of(customer_payment()))
    for form in (payment.to_bytes(), write_document(payment))
]
_TYPES = st.sampled_from([None, "application/json", "application/xml", "text/xml", "\x00", ""])

_scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["pacs.008", "1e400", "-0", "sNaN", "Infinity", "2026-01-05T14:30:00Z"])
)
_values = st.recursive(
    _scalars,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
_names = st.sampled_from(sorted(Payment.model_fields))


def _try(value: bytes, content_type: str | None = None) -> None:
    """Read, and see that a refusal can be stored."""
    refusal = _refusal(value, content_type)
    if refusal is None:
        return
    letter = DeadLetter(
        dead_letter_id="0",
        topic="payments",
        partition=0,
        offset=0,
        fault=refusal.fault,
        field=refusal.field,
        hint=refusal.hint,
        arrived_at=ARRIVED,
        original=value[:1000],
        original_size=len(value),
    )
    assert "\x00" not in refusal.field + refusal.hint
    assert DeadLetter.from_bytes(letter.to_bytes()) == letter


def _refusal(value: bytes, content_type: str | None) -> Refusal | None:
    try:
        _INTAKE.payment(value, content_type, ARRIVED)
    except Refusal as refusal:
        return refusal
    return None


@given(st.binary(max_size=200), _TYPES)
@example(b"<", None)
@example(b"\xef\xbb\xbf", "application/xml")
@settings(max_examples=150, deadline=None)
def test_arbitrary_bytes(value: bytes, content_type: str | None) -> None:
    _try(value, content_type)


@given(st.dictionaries(_names | st.text(max_size=8), _values, max_size=14))
@settings(max_examples=150, deadline=None)
def test_arbitrary_objects(fields: dict[str, Any]) -> None:
    _try(json.dumps(fields).encode("utf-8", "surrogatepass"))


@given(_names, _values)
@settings(max_examples=150, deadline=None)
def test_one_field_of_a_good_payment_replaced(name: str, value: Any) -> None:
    fields = json.loads(customer_payment().to_bytes())
    fields[name] = value
    _try(json.dumps(fields).encode("utf-8", "surrogatepass"))


@given(
    st.sampled_from(_SAMPLES),
    st.lists(
        st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 6), st.binary(max_size=6)),
        min_size=1,
        max_size=4,
    ),
)
@settings(max_examples=250, deadline=None)
def test_good_payments_with_bytes_cut_out_and_put_in(
    sample: bytes, cuts: list[tuple[float, int, bytes]]
) -> None:
    value = sample
    for place, length, new in cuts:
        at = int(place * len(value))
        value = value[:at] + new + value[at + length :]
    _try(value)


@given(st.sampled_from(_SAMPLES[1::2]), st.data())
@settings(max_examples=150, deadline=None)
def test_good_messages_with_tags_shuffled(sample: bytes, data: st.DataObject) -> None:
    pieces = sample.split(b"<")
    moved = data.draw(st.integers(2, len(pieces) - 1))
    to = data.draw(st.integers(2, len(pieces) - 1))
    pieces.insert(to, pieces.pop(moved))
    _try(b"<".join(pieces))


@given(payments())
@settings(max_examples=60, deadline=None)
def test_good_payments_are_taken_in_both_forms(payment: Payment) -> None:
    for value in (payment.to_bytes(), write_document(payment)):
        assert _INTAKE.read_payment(value, None, payment.created_at) == payment


@given(
    st.binary(max_size=120)
    | st.dictionaries(st.text(max_size=8), _values).map(lambda fields: json.dumps(fields).encode())
)
@settings(max_examples=150, deadline=None)
def test_arbitrary_dispositions(value: bytes) -> None:
    with contextlib.suppress(Refusal):
        assert _INTAKE.disposition(value, ARRIVED).analyst
