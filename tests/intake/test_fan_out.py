"""A payment's two observations and its flow tell one story."""

from __future__ import annotations

from hypothesis import given, settings

from pipeline.intake import FanOut, Pseudonyms, fan_out
from schemas.payment import Payment
from schemas.records import Role
from tests.iso20022.payments import (
    ARRIVED,
    EAST,
    WEST,
    bank_payment,
    customer_payment,
    payments,
    return_of,
)

_NAMES = Pseudonyms(b"0123456789abcdef")


def _made(payment: Payment) -> FanOut:
    return fan_out(payment, ARRIVED, _NAMES)


def test_customers_are_pseudonyms_and_banks_are_themselves() -> None:
    customers, banks = _made(customer_payment()), _made(bank_payment())
    assert customers.debtor.entity == _NAMES.party("GB82WEST12345698765432", EAST)
    assert customers.creditor.entity == _NAMES.party("000123456789", WEST)
    assert (banks.flow.debtor, banks.flow.creditor) == (f"bank:{EAST}", f"bank:{WEST}")


def test_countries_follow_their_side() -> None:
    made = _made(customer_payment())
    assert (made.debtor.entity_country, made.debtor.counterparty_country) == ("GB", "US")
    assert (made.creditor.entity_country, made.creditor.counterparty_country) == ("US", "GB")


@given(payments())
@settings(max_examples=60, deadline=None)
def test_the_sides_mirror_each_other_and_the_flow(payment: Payment) -> None:
    made = _made(payment)
    debtor, creditor, flow = made.debtor, made.creditor, made.flow
    assert (debtor.role, creditor.role) == (Role.DEBTOR, Role.CREDITOR)
    assert (debtor.entity, debtor.counterparty) == (creditor.counterparty, creditor.entity)
    assert (flow.debtor, flow.creditor) == (debtor.entity, creditor.entity)
    assert (flow.debtor_agent, flow.creditor_agent) == (debtor.entity_agent, creditor.entity_agent)
    assert debtor.uetr == creditor.uetr == flow.uetr == payment.uetr
    assert debtor.amount == creditor.amount == flow.amount == float(payment.amount)
    assert debtor.event_at == flow.event_at == payment.created_at
    assert flow.arrived_at == ARRIVED


def test_the_flow_of_a_return_names_the_flow_that_it_brings_back() -> None:
    paid, back = _made(customer_payment()).flow, _made(return_of(customer_payment())).flow
    assert paid.returns is None
    assert back.returns is not None
    assert (back.debtor, back.creditor) == (paid.creditor, paid.debtor)
    original = back.returns
    assert (original.uetr, original.amount, original.event_at) == (
        paid.uetr,
        paid.amount,
        paid.event_at,
    )


@given(payments())
@settings(max_examples=60, deadline=None)
def test_no_account_or_name_goes_downstream(payment: Payment) -> None:
    long = [
        text
        for party in (payment.debtor, payment.creditor)
        for text in (party.name, party.account)
        if text is not None and len(text) > 9
    ]
    made = _made(payment)
    sent = b"".join(part.to_bytes() for part in (made.debtor, made.creditor, made.flow))
    assert not any(text in sent.decode() for text in long)
