"""The benchmark's events as observations of the stream, and as its aggregates."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from pipeline.encoding import FEATURES
from pipeline.evaluation.benchmark.tables import STANDING_COLUMNS
from pipeline.evaluation.splits import encode_observations
from schemas.payment import MessageType
from schemas.records import Observation, Role
from schemas.standing import Standing

_OWN_AGENT: Final = "000000000"
"""The own bank is not told: a counterparty has one, so its pseudonym would say nothing."""
_KEYS_AT_ONCE: Final = 8192


def observations_of(events: pl.DataFrame, key: str) -> list[Observation]:
    """One observation a row, in the table's order.

    Args:
        events: key and :data:`~pipeline.evaluation.benchmark.tables.EVENT_COLUMNS`.
        key: name of the column that groups them; each group becomes an entity.
    """
    return [
        Observation(
            uetr=str(uuid.UUID(int=row, version=4)),
            entity=_party(event[key]),
            role=Role(event["role"]),
            counterparty=_party(event["other_party"]),
            event_at=event["time"],
            arrived_at=event["time"],
            amount=event["amount"],
            message_type=MessageType(event["message_type"]),
            local_instrument=event["local_instrument"] or "",
            purpose=event["purpose"],
            entity_agent=_OWN_AGENT,
            counterparty_agent=event["other_agent"],
            entity_country=event["own_country"],
            counterparty_country=event["other_country"],
            counterparty_standing=_standing(event),
        )
        for row, event in enumerate(events.iter_rows(named=True))
    ]


def _standing(event: dict[str, Any]) -> Standing | None:
    if event[STANDING_COLUMNS["events"]] is None:
        return None
    return Standing.model_validate({n: event[column] for n, column in STANDING_COLUMNS.items()})


def _party(ident: str) -> str:
    return f"party:{ident:0>32}"


def portions(events: pl.DataFrame, key: str) -> Iterator[pl.DataFrame]:
    """The table in order, some thousand whole keys at a time: observations take much memory."""
    portion = (pl.col(key).rle_id() // _KEYS_AT_ONCE).alias("portion")
    for part in events.with_columns(portion).partition_by("portion", maintain_order=True):
        yield part.drop("portion")


def aggregates_of(events: pl.DataFrame, key: str) -> pl.DataFrame:
    """Streaming aggregates of every event, as they stood before it: key, position, A columns."""
    parts = [encode_observations(observations_of(p, key))[1] for p in portions(events, key)]
    features = np.concatenate(parts)
    columns = {name: features[:, i] for i, name in enumerate(FEATURES)}
    return events.select(key, "position").with_columns(**columns)


def is_last(events: pl.DataFrame, key: str) -> npt.NDArray[np.bool_]:
    """Rows that a task asks about: the last of each key, [N]; the table must be sorted."""
    return (events[key] != events[key].shift(-1)).fill_null(value=True).to_numpy()
