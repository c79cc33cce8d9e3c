"""A simulated world as labelled observations: the bridge from simulators to training."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.encoding.codes import (
    country_index,
    instrument_index,
    message_index,
    purpose_index,
)
from pipeline.encoding.columns import CREDITOR, DEBTOR, ObservationColumns
from pipeline.encoding.standing import N_TOLD
from pipeline.encoding.standing_book import StandingBook
from pipeline.model.sequences import LabelledColumns
from simulators import codes
from simulators.behaviours import FAMILIES
from simulators.entries import NO_SCHEME, DayLedger
from simulators.world import World

_MESSAGES = np.array([message_index(m.value) for m in codes.MESSAGE_TYPES], np.int8)
_INSTRUMENTS = np.array([instrument_index(i) for i in codes.LOCAL_INSTRUMENTS], np.int8)
_PURPOSES = np.array([purpose_index(p or None) for p in codes.PURPOSES], np.int8)
_COUNTRIES = np.array([country_index(c) for c, _ in codes.COUNTRIES], np.int16)
_HOME = country_index("US")


def labelled_days(world: World) -> Iterator[LabelledColumns]:
    """Both sides of every payment of a world, a day at a time, in time order.

    Keys are the world's own indices: they are only compared, so they need no hashing.
    """
    typology = {scheme.ident: scheme.typology for scheme in world.truth.schemes}
    book = StandingBook()
    for ledger in world.days():
        columns = book.told(both_sides(world, ledger))
        yield _labelled(columns, ledger, typology)


def both_sides(world: World, ledger: DayLedger) -> ObservationColumns:
    """Both sides of a day's payments, the debtor's first; nothing told of the other side."""
    n = len(ledger)
    debtor = _entity(world, ledger.debtor, ledger.debtor_agent)
    creditor = _entity(world, ledger.creditor, ledger.creditor_agent)
    debtor_country = _country(world, ledger.debtor)
    creditor_country = _country(world, ledger.creditor)
    payment = (np.uint64(ledger.day) << np.uint64(40)) + np.arange(n, dtype=np.uint64)
    return ObservationColumns(
        entity=_interleave(debtor, creditor),
        counterparty=_interleave(creditor, debtor),
        entity_agent=_agents(ledger.debtor_agent, ledger.creditor_agent),
        counterparty_agent=_agents(ledger.creditor_agent, ledger.debtor_agent),
        amount=np.repeat(ledger.amount_cents / 100.0, 2),
        event_ms=np.repeat(ledger.event_ms, 2),
        role=np.tile(np.array([DEBTOR, CREDITOR], np.int8), n),
        message_type=np.repeat(_MESSAGES[ledger.message_type], 2),
        local_instrument=np.repeat(_INSTRUMENTS[ledger.local_instrument], 2),
        purpose=np.repeat(_PURPOSES[ledger.purpose], 2),
        own_country=_interleave(debtor_country, creditor_country),
        other_country=_interleave(creditor_country, debtor_country),
        uetr=np.repeat(payment, 2) * np.uint64(2) + np.tile(np.array([0, 1], np.uint64), n),
        standing=np.zeros((2 * n, N_TOLD)),
    )


def _labelled(
    columns: ObservationColumns, ledger: DayLedger, typology_of: dict[int, int]
) -> LabelledColumns:
    typology = np.array([typology_of.get(int(s), -1) for s in ledger.scheme], np.int8)
    family = np.where(ledger.family < len(FAMILIES), ledger.family, -1).astype(np.int16)
    risky = _interleave(ledger.debtor_risky, ledger.creditor_risky).astype(np.int8)
    return LabelledColumns(
        columns,
        risky=risky,
        family=np.repeat(family, 2),
        typology=np.where(risky == 1, np.repeat(typology, 2), -1).astype(np.int8),
        staged=np.repeat(ledger.scheme != NO_SCHEME, 2),
    )


def _interleave(first: npt.NDArray[Any], second: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return np.stack([first, second], axis=1).reshape(-1)


def _agents(own: npt.NDArray[np.int32], other: npt.NDArray[np.int32]) -> npt.NDArray[np.uint64]:
    return _interleave(own, other).astype(np.uint64)


def _entity(
    world: World, party: npt.NDArray[np.int32], agent: npt.NDArray[np.int32]
) -> npt.NDArray[np.uint64]:
    """The party, or the bank itself behind all parties' indices."""
    return np.where(party >= 0, party, len(world.parties) + agent).astype(np.uint64)


def _country(world: World, party: npt.NDArray[np.int32]) -> npt.NDArray[np.int16]:
    country = _COUNTRIES[world.parties.country[np.maximum(party, 0)]]
    return np.where(party >= 0, country, _HOME).astype(np.int16)
