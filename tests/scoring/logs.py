"""Small logs of records for the tests of scoring."""

from __future__ import annotations

import random
import uuid
from datetime import UTC, datetime, timedelta

from pipeline.scoring.effects import LogRecord
from schemas import ids
from schemas.payment import MessageType
from schemas.records import Disposition, ExposureUpdate, Observation, Role, Verdict

START = datetime(2026, 1, 5, 14, 30, tzinfo=UTC)


def entity_id(number: int) -> str:
    """A party of that number."""
    return f"party:{number:032x}"


def observation(
    random_: random.Random,
    entity: int,
    minute: float,
    *,
    amount: float | None = None,
    counterparty: int | None = None,
    uetr: str | None = None,
    role: Role | None = None,
    arrived_ms: float | None = None,
) -> Observation:
    """One side of a payment; what is not given is drawn."""
    other = counterparty if counterparty is not None else 1000 + random_.randrange(6)
    event = START + timedelta(minutes=minute)
    return Observation(
        uetr=uetr or str(uuid.UUID(int=random_.getrandbits(128), version=4)),
        entity=entity_id(entity),
        role=role or random_.choice((Role.DEBTOR, Role.CREDITOR)),
        counterparty=entity_id(other),
        event_at=event,
        arrived_at=event + timedelta(milliseconds=40)
        if arrived_ms is None
        else START + timedelta(milliseconds=arrived_ms),
        amount=amount or round(random_.lognormvariate(9, 1.5), 2),
        message_type=MessageType.CUSTOMER,
        local_instrument="CTRC",
        purpose=random_.choice((None, "SUPP", "SALA")),
        entity_agent="021000021",
        counterparty_agent=random_.choice(("026009593", "121000248")),
        entity_country="US",
        counterparty_country=random_.choice(("US", "US", "DE", None)),
    )


def exposure(entity: int, minute: float, value: float) -> ExposureUpdate:
    """An exposure of an entity."""
    return ExposureUpdate(
        entity=entity_id(entity),
        exposure=value,
        residual_bound=0.0,
        event_at=START + timedelta(minutes=minute),
    )


def disposition(
    entity: int, minute: float, alert_id: str, verdict: Verdict = Verdict.CLEARED
) -> Disposition:
    """An analyst's answer."""
    return Disposition(
        alert_id=alert_id,
        entity=entity_id(entity),
        verdict=verdict,
        analyst="jane",
        decided_at=START + timedelta(minutes=minute),
    )


def mixed_log(
    seed: int, length: int, entities: int = 5, model_version: str = ""
) -> list[LogRecord]:
    """A log of payments, some repeated, with exposures and dispositions among them.

    Dispositions answer alerts that the model of that version may have raised. Payments
    arrive every two milliseconds, whatever their event times.
    """
    random_ = random.Random(seed)
    records: list[LogRecord] = []
    payments: list[Observation] = []
    for i in range(length):
        entity = min(int(random_.expovariate(0.7)), entities - 1)
        draw = random_.random()
        if draw < 0.06:
            record: Observation | ExposureUpdate | Disposition = exposure(
                entity, i, round(random_.random(), 3)
            )
        elif draw < 0.14 and payments:
            answered = random_.choice(payments[-8:])
            side = (answered.uetr, answered.entity, answered.role)
            alert = ids.alert_id("direct", *side, model_version)
            entity = int(answered.entity.removeprefix("party:"), 16)
            record = disposition(entity, i, alert, random_.choice(list(Verdict)))
        elif draw < 0.2 and records:
            record = random_.choice(records[-20:]).record
        else:
            minute = i * random_.choice((0.1, 1, 1))
            record = observation(random_, entity, minute, arrived_ms=2 * i)
            payments.append(record)
        # One partition an entity, as the key of the topic has it.
        partition = int(record.entity[-1], 16) % 2
        records.append(LogRecord(partition, i, record))
    return records
