"""From a row of the ledger to the canonical payment; nothing of the truth goes along."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from schemas.ids import return_uetr
from schemas.payment import OriginalPayment, Participant, Party, Payment, Return
from simulators import flows, names
from simulators.codes import COUNTRIES, LOCAL_INSTRUMENTS, MESSAGE_TYPES, PURPOSES, REASONS, Kind
from simulators.entries import DayLedger
from simulators.ground import Ground
from simulators.seeds import U64, counter_hash

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def moment(ms: int) -> datetime:
    """Time of UTC epoch milliseconds."""
    return _EPOCH + timedelta(milliseconds=ms)


def uetr_words(seed: int, day: int, rows: npt.NDArray[np.int64]) -> tuple[U64, U64]:
    """High and low 64 bits of the UETRs of rows of a day."""
    return counter_hash(seed, "uetr-high", day, rows), counter_hash(seed, "uetr-low", day, rows)


def uetr(high: int, low: int) -> str:
    """Write 128 bits as a version 4 UUID in lower case."""
    bits = (high << 64 | low) & ~(0xF << 76) & ~(0x3 << 62) | 0x4 << 76 | 0x2 << 62
    text = f"{bits:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def account_of(seed: int, party: int) -> str:
    """Account number of a party."""
    return names.account(party, seed * 7919)


@lru_cache(maxsize=16_384)
def participant(index: int) -> Participant:
    """The participant with that index."""
    return Participant(
        routing_number=names.routing_number(index),
        name=names.bank_name(index),
        lei=names.lei(index),
    )


def party(seed: int, ground: Ground, index: int, agent: int) -> Party:
    """The party with that index, or the bank itself for -1."""
    if index < 0:
        return Party(name=names.bank_name(agent), country="US")
    return Party(
        name=names.party_name(Kind(int(ground.parties.kind[index])), index),
        account=account_of(seed, index),
        country=COUNTRIES[int(ground.parties.country[index])][0],
    )


def write(seed: int, ground: Ground, ledger: DayLedger, row: int) -> Payment:
    """Write one row as a payment.

    Args:
        seed: the world's seed, from which ids and accounts derive.
        ground: the world's parties and calendar.
        ledger: a day of the same world.
        row: position in the ledger.
    """
    settled = ground.calendar.dates[ledger.day]
    high, low = uetr_words(seed, ledger.day, np.array([row], dtype=np.int64))
    payer, payee = int(ledger.debtor_agent[row]), int(ledger.creditor_agent[row])
    message_id = f"{settled:%Y%m%d}{names.endpoint(payer)}{int(ledger.sequence[row]):06d}"
    own = uetr(int(high[0]), int(low[0]))
    returns = None
    if ledger.original[row] >= 0:
        paid = OriginalPayment.of(write(seed, ground, ledger, int(ledger.original[row])))
        returns = Return(reason=REASONS[ledger.reason[row]], original=paid)
        own = return_uetr(paid.uetr, message_id)
    return Payment(
        message_type=MESSAGE_TYPES[ledger.message_type[row]],
        message_id=message_id,
        end_to_end_id=flows.end_to_end_ids(seed, ledger.flow[row : row + 1])[0],
        uetr=own,
        created_at=moment(int(ledger.event_ms[row])),
        settlement_date=settled,
        amount=Decimal(int(ledger.amount_cents[row])).scaleb(-2),
        local_instrument=LOCAL_INSTRUMENTS[ledger.local_instrument[row]],
        purpose=PURPOSES[ledger.purpose[row]] or None,
        debtor=party(seed, ground, int(ledger.debtor[row]), payer),
        debtor_agent=participant(payer),
        creditor=party(seed, ground, int(ledger.creditor[row]), payee),
        creditor_agent=participant(payee),
        returns=returns,
    )
