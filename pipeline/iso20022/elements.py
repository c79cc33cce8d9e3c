"""Where each canonical field stands in a message."""

from __future__ import annotations

from schemas.payment import MessageType

_HEADER = {"message_id": "GrpHdr/MsgId", "created_at": "GrpHdr/CreDtTm"}

_TRANSFER = _HEADER | {
    "end_to_end_id": "CdtTrfTxInf/PmtId/EndToEndId",
    "uetr": "CdtTrfTxInf/PmtId/UETR",
    "local_instrument": "CdtTrfTxInf/PmtTpInf/LclInstrm/Prtry",
    "amount": "CdtTrfTxInf/IntrBkSttlmAmt",
    "currency": "CdtTrfTxInf/IntrBkSttlmAmt/@Ccy",
    "settlement_date": "CdtTrfTxInf/IntrBkSttlmDt",
    "purpose": "CdtTrfTxInf/Purp/Cd",
    "remittance": "CdtTrfTxInf/RmtInf/Ustrd",
}


_RETURN = _HEADER | {
    "uetr": "TxInf/OrgnlUETR",
    "end_to_end_id": "TxInf/OrgnlEndToEndId",
    "local_instrument": "TxInf/OrgnlTxRef/PmtTpInf/LclInstrm/Prtry",
    "amount": "TxInf/RtrdIntrBkSttlmAmt",
    "currency": "TxInf/RtrdIntrBkSttlmAmt/@Ccy",
    "settlement_date": "TxInf/IntrBkSttlmDt",
    "returns.reason": "TxInf/RtrRsnInf/Rsn/Cd",
    "returns.remark": "TxInf/RtrRsnInf/AddtlInf",
    "returns.original": "TxInf/OrgnlGrpInf",
    "returns.original.message_id": "TxInf/OrgnlGrpInf/OrgnlMsgId",
    "returns.original.message_type": "TxInf/OrgnlGrpInf/OrgnlMsgNmId",
    "returns.original.created_at": "TxInf/OrgnlGrpInf/OrgnlCreDtTm",
    "returns.original.end_to_end_id": "TxInf/OrgnlEndToEndId",
    "returns.original.uetr": "TxInf/OrgnlUETR",
    "returns.original.amount": "TxInf/OrgnlIntrBkSttlmAmt",
    "returns.original.settlement_date": "TxInf/OrgnlIntrBkSttlmDt",
}


def _side(side: str, place: str, party: str) -> dict[str, str]:
    agent = f"{place}Agt/FinInstnId"
    return {
        side: place,
        f"{side}.name": f"{place}{party}/Nm",
        f"{side}.country": f"{place}{party}/PstlAdr/Ctry",
        f"{side}.account": f"{place}Acct/Id",
        f"{side}_agent": f"{place}Agt",
        f"{side}_agent.routing_number": f"{agent}/ClrSysMmbId/MmbId",
        f"{side}_agent.name": f"{agent}/Nm",
        f"{side}_agent.lei": f"{agent}/LEI",
    }


_ELEMENTS = {
    message: fields
    | _side("debtor", f"{place}/Dbtr", party)
    | _side("creditor", f"{place}/Cdtr", party)
    for message, fields, place, party in (
        (MessageType.CUSTOMER, _TRANSFER, "CdtTrfTxInf", ""),
        (MessageType.BANK, _TRANSFER, "CdtTrfTxInf", "/FinInstnId"),
        (MessageType.RETURN, _RETURN, "TxInf/RtrChain", "/Pty"),
    )
}


def element_of(message: MessageType, field: str) -> str:
    """Path below the message's root element of a canonical field (itself if it has none)."""
    return _ELEMENTS[message].get(field, field)
