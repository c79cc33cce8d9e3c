from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from pipeline.encoding import ObservationColumns, entity_key, repeat_key
from pipeline.encoding.codes import COUNTRIES, PURPOSES, REGION_OF_COUNTRY, REGIONS
from schemas.payment import MessageType
from schemas.records import Observation, Role

_UETR = "6b0f3f9e-3d6d-4c39-9f0e-7c1f3a2b4c5d"


def _observation(role: Role = Role.DEBTOR, purpose: str | None = "SALA") -> Observation:
    when = datetime(2026, 1, 5, 17, 0, 0, 123000, tzinfo=UTC)
    return Observation(
        uetr=_UETR,
        entity="bank:021000021",
        role=role,
        counterparty="party:" + "a" * 32,
        event_at=when,
        arrived_at=when,
        amount=1234.56,
        message_type=MessageType.CUSTOMER,
        local_instrument="CTRC",
        purpose=purpose,
        entity_agent="021000021",
        counterparty_agent="026009593",
        entity_country="US",
        counterparty_country="KY",
    )


def test_an_observation_becomes_one_row() -> None:
    columns = ObservationColumns.from_observations([_observation()])
    assert len(columns) == 1
    assert columns.amount[0] == 1234.56
    assert columns.event_ms[0] == 1_767_632_400_123
    assert COUNTRIES[columns.other_country[0]] == "KY"
    assert REGIONS[REGION_OF_COUNTRY[columns.other_country[0]]] == "offshore"
    assert PURPOSES[columns.purpose[0]] == "SALA"


def test_an_unknown_purpose_counts_as_other_and_a_missing_one_as_absent() -> None:
    columns = ObservationColumns.from_observations(
        [_observation(purpose="ZZZZ"), _observation(purpose=None)]
    )
    assert [PURPOSES[p] for p in columns.purpose] == ["OTHR", ""]


def test_both_sides_of_a_payment_have_different_repeat_keys() -> None:
    assert repeat_key(_UETR, Role.DEBTOR) != repeat_key(_UETR, Role.CREDITOR)


def test_keys_are_the_same_on_every_machine() -> None:
    assert entity_key("bank:021000021") == 13630880602682377480


def test_take_reorders_every_column() -> None:
    columns = ObservationColumns.from_observations(
        [_observation(Role.DEBTOR), _observation(Role.CREDITOR)]
    )
    turned = columns.take(np.array([1, 0]))
    assert list(turned.role) == [1, 0]
    assert list(turned.uetr) == list(columns.uetr[::-1])
