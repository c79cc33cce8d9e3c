"""The transaction of a pacs.004.001.10: money goes back along the way it came.

Its UETR is that of the original payment; the canonical payment's own is made from it and
the message's id.
"""

from __future__ import annotations

from pipeline.iso20022.document import Branch
from pipeline.iso20022.elements import element_of
from pipeline.iso20022.group import REQUIRED, read_fixed, read_plain, write_amount
from pipeline.iso20022.original import read_original, write_original
from pipeline.iso20022.parties import (
    read_agent,
    read_bank,
    read_customer,
    read_participant,
    write_account,
    write_agent,
    write_participant,
    write_party,
)
from pipeline.iso20022.rules import LOCAL_INSTRUMENTS
from pipeline.iso20022.tree import Node
from pipeline.refusal import hint_for
from schemas.ids import return_uetr
from schemas.payment import MessageType, Party, Payment, Return

_INSTRUMENT = "OrgnlTxRef/PmtTpInf/LclInstrm/Prtry"


def read_return(body: Node, message_id: str) -> dict[str, object]:
    """Read the fields of a return below its group header.

    Raises:
        Refusal: an element is missing or wrong.
    """
    transaction = body.need("TxInf", "put one return into the message")
    original = read_original(transaction)
    codes = LOCAL_INSTRUMENTS[MessageType(str(original["message_type"]))]
    read_fixed(transaction, _INSTRUMENT, *codes)
    fields: dict[str, object] = {
        field: read_plain(body, element_of(MessageType.RETURN, field), field)
        for field in ("end_to_end_id", "local_instrument", "amount", "settlement_date")
    }
    settled = transaction.need("RtrdIntrBkSttlmAmt", hint_for("amount"))
    fields["currency"] = settled.attribute("Ccy")
    transaction.need("RtrdInstdAmt", REQUIRED)
    reason = transaction.need("RtrRsnInf", REQUIRED)
    fields["returns"] = {
        "reason": read_plain(reason, "Rsn/Cd", "reason"),
        "remark": reason.first("AddtlInf"),
        "original": original,
    }
    fields["uetr"] = return_uetr(str(original["uetr"]), message_id)
    chain = transaction.need("RtrChain", REQUIRED)
    for side, element, instructed in (
        ("debtor", "Dbtr", "InstgAgt"),
        ("creditor", "Cdtr", "InstdAgt"),
    ):
        participant = read_participant(transaction.need(instructed, REQUIRED))
        fields[side] = _read_side(chain, element)
        fields[f"{side}_agent"] = read_agent(chain.find(f"{element}Agt"), participant)
    return fields


def write_return(transaction: Branch, payment: Payment, returns: Return) -> None:
    """Write the transaction of a return."""
    write_original(transaction, returns.original)
    write_amount(transaction, "RtrdIntrBkSttlmAmt", payment.amount)
    transaction.leaf("IntrBkSttlmDt", payment.settlement_date.isoformat())
    write_amount(transaction, "RtrdInstdAmt", payment.amount)
    for element, participant in (
        ("InstgAgt", payment.debtor_agent),
        ("InstdAgt", payment.creditor_agent),
    ):
        write_participant(transaction.branch(f"{element}/FinInstnId"), participant.routing_number)
    message = payment.transfer_type
    chain = transaction.branch("RtrChain")
    _write_side(chain, "Dbtr", payment.debtor, message)
    write_agent(chain.branch("DbtrAgt"), payment.debtor_agent)
    write_agent(chain.branch("CdtrAgt"), payment.creditor_agent)
    _write_side(chain, "Cdtr", payment.creditor, message)
    reason = transaction.branch("RtrRsnInf")
    reason.leaf("Rsn/Cd", returns.reason)
    reason.leaf("AddtlInf", returns.remark)
    transaction.leaf(_INSTRUMENT, payment.local_instrument)


def _read_side(chain: Node, element: str) -> dict[str, object]:
    side = chain.need(element, REQUIRED)
    account = chain.find(f"{element}Acct")
    bank = side.find("Agt/FinInstnId")
    if bank is not None:
        return read_bank(bank, account)
    return read_customer(side.need("Pty", REQUIRED), account)


def _write_side(chain: Branch, element: str, party: Party, message: MessageType) -> None:
    customer = message is MessageType.CUSTOMER
    write_party(chain.branch(f"{element}/Pty" if customer else f"{element}/Agt/FinInstnId"), party)
    write_account(chain, f"{element}Acct", party)
