"""Check digits, ids and codes."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.iso20022.rules import first_violation, has_valid_lei_digits, is_iban, is_imad
from schemas.payment import has_valid_check_digit
from tests.iso20022.payments import LEI, bank_payment, customer_payment, routing_numbers


@pytest.mark.parametrize(
    "lei",
    [LEI, "7H6GLXDRUGQFU57RNE97", "HWUPKR0MPOU8FGXBT394", "969500KSV493XWY0PS33"],
)
def test_leis_in_use_pass(lei: str) -> None:
    assert has_valid_lei_digits(lei)


@given(st.integers(0, 19), st.integers(1, 9))
def test_one_wrong_character_of_its_kind_makes_an_lei_fail(place: int, step: int) -> None:
    kind = string.digits if LEI[place].isdigit() else string.ascii_uppercase
    wrong = kind[(kind.index(LEI[place]) + step) % len(kind)]
    assert not has_valid_lei_digits(LEI[:place] + wrong + LEI[place + 1 :])


@given(routing_numbers, st.integers(0, 8), st.integers(1, 9))
def test_one_wrong_digit_makes_a_routing_number_fail(number: str, place: int, step: int) -> None:
    digit = (int(number[place]) + step) % 10
    assert has_valid_check_digit(number)
    assert not has_valid_check_digit(f"{number[:place]}{digit}{number[place + 1 :]}")


@pytest.mark.parametrize(
    ("message_id", "valid"),
    [
        ("20260105ABCD1234000001", True),
        ("20260105ABCD1234000000", False),
        ("20261305ABCD1234000001", False),
        ("20260105abcd1234000001", False),
        ("20260105ABCD123400001", False),
        ("20260105ABCD1234000001\n", False),
    ],
)
def test_an_imad_is_a_date_an_endpoint_and_a_number(message_id: str, valid: bool) -> None:
    assert is_imad(message_id) is valid


@pytest.mark.parametrize(
    ("account", "valid"),
    [
        ("GB82WEST12345698765432", True),
        ("GB82WEST12345698765433", False),
        ("gb82west12345698765432", False),
        ("000123456789", False),
    ],
)
def test_an_iban_is_told_by_form_and_check_digits(account: str, valid: bool) -> None:
    assert is_iban(account) is valid


def test_codes_of_the_other_message_are_violations() -> None:
    customer, bank = customer_payment(), bank_payment()
    assert first_violation(customer) is None
    assert first_violation(bank) is None
    swapped = first_violation(bank.model_copy(update={"local_instrument": "CTRC"}))
    assert swapped is not None
    assert (swapped.field, "BTRC" in swapped.hint) == ("local_instrument", True)


def test_a_wrong_lei_is_a_violation_on_its_side() -> None:
    payment = customer_payment()
    agent = payment.creditor_agent.model_copy(update={"lei": "5493001KJTIIGC8Y1R13"})
    violation = first_violation(payment.model_copy(update={"creditor_agent": agent}))
    assert violation is not None
    assert violation.field == "creditor_agent.lei"
