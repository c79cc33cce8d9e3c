"""Participants, agents, parties and accounts, as they stand in every message."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.iso20022.document import Branch
from pipeline.iso20022.group import REQUIRED, read_fixed
from pipeline.iso20022.rules import is_iban
from pipeline.iso20022.tree import Node
from pipeline.refusal import Refusal, hint_for
from schemas.dead_letter import Fault
from schemas.payment import Participant, Party

_CLEARING = "USABA"
_CUSTOMER_NAMES = ("Nm", "Id/OrgId/AnyBIC", "Id/OrgId/LEI")
_BANK_NAMES = ("Nm", "BICFI", "LEI", "ClrSysMmbId/MmbId")


def read_participant(agent: Node) -> str:
    """Read the routing number, which is all that names a participant.

    Raises:
        Refusal: it is missing, or of another clearing system.
    """
    member = agent.need("FinInstnId/ClrSysMmbId", REQUIRED)
    read_fixed(member, "ClrSysId/Cd", _CLEARING)
    return member.need("MmbId", hint_for("routing_number")).text().strip()


def read_agent(agent: Node | None, participant: str) -> dict[str, object]:
    """Read a side's bank: its own routing number, else that of the participant it uses."""
    institution = None if agent is None else agent.find("FinInstnId")
    if agent is None or institution is None:
        return {"routing_number": participant}
    own = trimmed(institution.value("ClrSysMmbId/ClrSysId/Cd")) == _CLEARING
    return {
        "routing_number": read_participant(agent) if own else participant,
        "name": institution.value("Nm"),
        "lei": trimmed(institution.value("LEI")),
    }


def read_customer(party: Node, account: Node | None) -> dict[str, object]:
    """Read a customer: name (or, for want of one, BIC or LEI), account, country."""
    residence = party.value("CtryOfRes")
    return _read_party(party, _CUSTOMER_NAMES, account, residence)


def read_bank(institution: Node, account: Node | None) -> dict[str, object]:
    """Read a bank that is itself debtor or creditor, from its ``FinInstnId``."""
    return _read_party(institution, _BANK_NAMES, account, None)


def write_participant(institution: Branch, routing_number: str) -> None:
    """Write a routing number into ``FinInstnId``."""
    member = institution.branch("ClrSysMmbId")
    member.leaf("ClrSysId/Cd", _CLEARING)
    member.leaf("MmbId", routing_number)


def write_agent(agent: Branch, participant: Participant) -> None:
    """Write a side's bank."""
    institution = agent.branch("FinInstnId")
    write_participant(institution, participant.routing_number)
    institution.leaf("LEI", participant.lei)
    institution.leaf("Nm", participant.name)


def write_party(holder: Branch, party: Party) -> None:
    """Write name and country of a customer, or of a bank into its ``FinInstnId``."""
    holder.leaf("Nm", party.name)
    holder.leaf("PstlAdr/Ctry", party.country)


def write_account(parent: Branch, element: str, party: Party) -> None:
    """Write an account, if there is one, as IBAN where it is one."""
    if party.account is not None:
        form = "IBAN" if is_iban(party.account) else "Othr/Id"
        parent.leaf(f"{element}/Id/{form}", party.account)


def trimmed(text: str | None) -> str | None:
    """Cut blanks off the ends of a code."""
    return None if text is None else text.strip()


def _read_party(
    party: Node, names: Sequence[str], account: Node | None, residence: str | None
) -> dict[str, object]:
    name = next((text for steps in names if (text := party.value(steps))), None)
    if name is None:
        raise Refusal(Fault.MISSING_FIELD, f"{party.path}/Nm", "name the party")
    number = None
    if account is not None:
        number = account.value("Id/IBAN") or account.value("Id/Othr/Id")
    country = trimmed(party.value("PstlAdr/Ctry") or residence)
    return {"name": name, "account": number, "country": country}
