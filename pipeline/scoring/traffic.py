"""Made-up payments for measuring speed."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np

from pipeline.scoring.effects import LogRecord
from schemas.payment import MessageType
from schemas.records import Observation, Role

_START: Final = datetime(2026, 1, 5, 14, tzinfo=UTC)
_KNOWN_COUNTERPARTIES: Final = 6


class Traffic:
    """Made-up payments of counterparties with a handful of partners each."""

    def __init__(self, counterparties: int, seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        self._counterparties = counterparties
        self._events = 0

    def next_event(self) -> list[LogRecord]:
        """The next payment of every counterparty, some hours after the one before."""
        self._events += 1
        n = self._counterparties
        amounts = self._rng.lognormal(9, 1.2, n).round(2) + 0.01
        minutes = self._rng.integers(0, 180, n)
        partners = self._rng.integers(0, _KNOWN_COUNTERPARTIES, n)
        return [
            self._payment(i, *values)
            for i, values in enumerate(
                zip(amounts.tolist(), minutes.tolist(), partners.tolist(), strict=True)
            )
        ]

    def _payment(self, entity: int, amount: float, minute: int, partner: int) -> LogRecord:
        at = _START + timedelta(hours=5 * self._events, minutes=minute)
        uetr = str(uuid.UUID(bytes=self._rng.bytes(16), version=4))
        observation = Observation(
            uetr=uetr,
            entity=f"party:{entity:032x}",
            role=Role.DEBTOR if partner % 2 else Role.CREDITOR,
            counterparty=f"party:{10**9 + _KNOWN_COUNTERPARTIES * entity + partner:032x}",
            event_at=at,
            arrived_at=at,
            amount=amount,
            message_type=MessageType.CUSTOMER,
            local_instrument="CTRC",
            entity_agent="021000021",
            counterparty_agent="011000015",
            entity_country="US",
            counterparty_country="US",
        )
        return LogRecord(0, entity + self._events * self._counterparties, observation)
