"""One payment becomes two observations and one flow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from pipeline.intake.pseudonyms import Pseudonyms, bank_entity
from schemas.payment import Participant, Party, Payment, Return
from schemas.records import Flow, Observation, ReturnedFlow, Role
from schemas.standing import Standing

StandingOf = Callable[[str], Standing | None]
"""Tells what is known of an entity's payments."""


def nobody_known(entity: str) -> None:
    """Tell nothing, where no profiles are at hand."""


@dataclass(frozen=True, slots=True)
class FanOut:
    """What a payment tells the two logs."""

    debtor: Observation
    creditor: Observation
    flow: Flow


def entity_of(party: Party, agent: Participant, pseudonyms: Pseudonyms) -> str:
    """Who stands on a side: the customer if an account names one, else the bank itself."""
    if party.account is None:
        return bank_entity(agent.routing_number)
    return pseudonyms.party(party.account, agent.routing_number)


def fan_out(
    payment: Payment,
    arrived_at: datetime,
    pseudonyms: Pseudonyms,
    standing_of: StandingOf = nobody_known,
) -> FanOut:
    """Make the records of a payment.

    Args:
        payment: as read by :class:`pipeline.intake.reader.Intake`.
        arrived_at: the broker's time of the payment.
        pseudonyms: names of the parties.
        standing_of: what is known of an entity before this payment.
    """
    debtor = entity_of(payment.debtor, payment.debtor_agent, pseudonyms)
    creditor = entity_of(payment.creditor, payment.creditor_agent, pseudonyms)
    debtor_agent = payment.debtor_agent.routing_number
    creditor_agent = payment.creditor_agent.routing_number
    event_at = payment.created_at.astimezone(UTC)
    amount = float(payment.amount)
    seen = {
        "uetr": payment.uetr,
        "event_at": event_at,
        "arrived_at": arrived_at,
        "amount": amount,
        "message_type": payment.message_type,
        "local_instrument": payment.local_instrument,
        "purpose": payment.purpose,
    }
    return FanOut(
        debtor=Observation.model_validate(
            seen
            | {
                "entity": debtor,
                "role": Role.DEBTOR,
                "counterparty": creditor,
                "entity_agent": debtor_agent,
                "counterparty_agent": creditor_agent,
                "entity_country": payment.debtor.country,
                "counterparty_country": payment.creditor.country,
                "counterparty_standing": standing_of(creditor),
            }
        ),
        creditor=Observation.model_validate(
            seen
            | {
                "entity": creditor,
                "role": Role.CREDITOR,
                "counterparty": debtor,
                "entity_agent": creditor_agent,
                "counterparty_agent": debtor_agent,
                "entity_country": payment.creditor.country,
                "counterparty_country": payment.debtor.country,
                "counterparty_standing": standing_of(debtor),
            }
        ),
        flow=Flow(
            uetr=payment.uetr,
            debtor=debtor,
            creditor=creditor,
            debtor_agent=debtor_agent,
            creditor_agent=creditor_agent,
            amount=amount,
            event_at=event_at,
            arrived_at=arrived_at,
            returns=_returned(payment.returns),
        ),
    )


def _returned(returns: Return | None) -> ReturnedFlow | None:
    if returns is None:
        return None
    paid = returns.original
    at = paid.created_at.astimezone(UTC)
    return ReturnedFlow(uetr=paid.uetr, amount=float(paid.amount), event_at=at)
