"""Makes the first real score as fast as the later ones.

``python -m pipeline.scoring.warm_up`` compiles every kernel once and keeps the result on disk.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from pipeline.model.checkpoint import SHIPPED, Checkpoint
from pipeline.scoring.budget import Budget
from pipeline.scoring.effects import LogRecord
from pipeline.scoring.engine import ProfileEngine
from schemas.payment import MessageType
from schemas.records import Observation, Role

_ENTITIES, _EVENTS = 40, 4
_START = datetime(2026, 1, 5, 14, tzinfo=UTC)


def warm_up(engine: ProfileEngine) -> None:
    """Score and adapt made-up counterparties in an engine that is then thrown away.

    The libraries allocate and choose their kernels at the first calls, which takes longer
    than a payment may.
    """
    budget = Budget(_START.timestamp, enforced=False)
    for event in range(_EVENTS):
        batch = [_made_up(entity, event) for entity in range(_ENTITIES)]
        for records in (batch[1:], batch[:1]):
            engine.settle(engine.process(records, budget))


def _made_up(entity: int, event: int) -> LogRecord:
    at = _START + timedelta(hours=event, minutes=entity)
    number = entity * _EVENTS + event
    observation = Observation(
        uetr=f"00000000-0000-4000-8000-{number:012x}",
        entity=f"party:{entity:032x}",
        role=Role.DEBTOR,
        counterparty=f"party:{_ENTITIES + number:032x}",
        event_at=at,
        arrived_at=at,
        amount=100.0 + number,
        message_type=MessageType.CUSTOMER,
        local_instrument="CTRC",
        entity_agent="021000021",
        counterparty_agent="011000015",
    )
    return LogRecord(0, number, observation)


if __name__ == "__main__":
    warm_up(ProfileEngine(Checkpoint.load(SHIPPED)))
