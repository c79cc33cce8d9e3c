"""pacs.004.001.10: money goes back."""

from __future__ import annotations

from pydantic import ValidationError

from pipeline.errors import ColdwireError
from pipeline.iso20022.document import Branch, open_document
from pipeline.iso20022.group import (
    REQUIRED,
    check_imad,
    read_fixed,
    read_header,
    read_plain,
    write_amount,
    write_header,
)
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
from pipeline.refusal import Refusal, hint_for, refusal_of
from schemas.dead_letter import Fault
from schemas.payment import MessageType, Party
from schemas.payment_return import PaymentReturn

_DEFINITION = "pacs.004.001.10"
_ROOT = "PmtRtr"
_INSTRUMENT = "OrgnlTxRef/PmtTpInf/LclInstrm/Prtry"


def read_payment_return(value: bytes) -> PaymentReturn:
    """Read a return from XML.

    Raises:
        Refusal: it is none, or breaks a rule.
    """
    _, body = open_document(value, {_DEFINITION: _ROOT})
    fields = read_header(body)
    transaction = body.need("TxInf", "put one return into the message")
    fields["original"] = original = read_original(transaction)
    settled = transaction.need("RtrdIntrBkSttlmAmt", hint_for("amount"))
    fields["amount"] = read_plain(transaction, "RtrdIntrBkSttlmAmt", "amount")
    if settled.attribute("Ccy") != "USD":
        raise Refusal(Fault.INVALID_FIELD, f"{settled.path}/@Ccy", hint_for("currency"))
    transaction.need("RtrdInstdAmt", REQUIRED)
    fields["settlement_date"] = read_plain(transaction, "IntrBkSttlmDt", "settlement_date")
    codes = LOCAL_INSTRUMENTS[MessageType(str(original["message_type"]))]
    read_fixed(transaction, _INSTRUMENT, *codes)
    fields["local_instrument"] = read_plain(transaction, _INSTRUMENT, "local_instrument")
    fields["reason"] = read_plain(transaction, "RtrRsnInf/Rsn/Cd", "reason")
    fields["remark"] = transaction.need("RtrRsnInf", REQUIRED).first("AddtlInf")
    chain = transaction.need("RtrChain", REQUIRED)
    for side, element, instructed in (
        ("debtor", "Dbtr", "InstgAgt"),
        ("creditor", "Cdtr", "InstdAgt"),
    ):
        participant = read_participant(transaction.need(instructed, REQUIRED))
        fields[side] = _read_side(chain, element)
        fields[f"{side}_agent"] = read_agent(chain.find(f"{element}Agt"), participant)
    try:
        return PaymentReturn.model_validate(fields)
    except ValidationError as error:
        raise refusal_of(error) from None


def write_payment_return(returned: PaymentReturn) -> bytes:
    """Write a return as a document in UTF-8.

    Raises:
        ColdwireError: it breaks a rule of Fedwire that its type does not.
    """
    check_imad(returned.message_id)
    message = returned.original.message_type
    codes = LOCAL_INSTRUMENTS[message]
    if returned.local_instrument not in codes:
        raise ColdwireError(
            f"return of {returned.original.uetr}: wrong local_instrument",
            f"a {message} carries one of {', '.join(codes)}",
        )
    body = Branch.of_document(_DEFINITION, _ROOT)
    write_header(body, returned.message_id, returned.created_at)
    transaction = body.branch("TxInf")
    write_original(transaction, returned.original)
    write_amount(transaction, "RtrdIntrBkSttlmAmt", returned.amount)
    transaction.leaf("IntrBkSttlmDt", returned.settlement_date.isoformat())
    write_amount(transaction, "RtrdInstdAmt", returned.amount)
    for element, participant in (
        ("InstgAgt", returned.debtor_agent),
        ("InstdAgt", returned.creditor_agent),
    ):
        write_participant(transaction.branch(f"{element}/FinInstnId"), participant.routing_number)
    chain = transaction.branch("RtrChain")
    _write_side(chain, "Dbtr", returned.debtor, message)
    write_agent(chain.branch("DbtrAgt"), returned.debtor_agent)
    write_agent(chain.branch("CdtrAgt"), returned.creditor_agent)
    _write_side(chain, "Cdtr", returned.creditor, message)
    reason = transaction.branch("RtrRsnInf")
    reason.leaf("Rsn/Cd", returned.reason)
    reason.leaf("AddtlInf", returned.remark)
    transaction.leaf(_INSTRUMENT, returned.local_instrument)
    return body.render()


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
