"""A held-out world as the stream would read it: observations with the truth about each."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pipeline.cli.labelled import both_sides
from pipeline.encoding import ObservationColumns, StandingBook, entity_key, state_told
from pipeline.encoding.standing import standing_of
from pipeline.evaluation.splits import Trial, encode_columns, rank_of, served_weight
from pipeline.intake.fan_out import fan_out
from pipeline.intake.pseudonyms import Pseudonyms
from pipeline.model.other_states import read_others
from pipeline.model.served_model import ServedModel
from pipeline.moments import moment
from schemas.records import Observation
from simulators.behaviours import FAMILIES
from simulators.entries import NO_SCHEME, DayLedger
from simulators.world import World, WorldConfig, payment_at

_KEY = b"evaluation: not a secret"


class _Truth(NamedTuple):
    """What is true of one side of a payment."""

    risky: bool
    staged: bool
    day: int
    family: int
    typology: int


def held_out_trial(
    world: World, first_events: int, served_share: float, model: ServedModel
) -> Trial:
    """The first payments of every counterparty of a world, through the stream's own fan-out.

    Args:
        world: of a seed that nothing was fitted to.
        first_events: observations kept of each counterparty.
        served_share: share of risky parties that the calibration expects in service.
        model: whose language model tells of the other sides, as profiles would in service.
    """
    pseudonyms = Pseudonyms(_KEY)
    seen = np.zeros(len(world.parties) + world.config.participants, np.int64)
    typology_of = {scheme.ident: scheme.typology for scheme in world.truth.schemes}
    observations: list[Observation] = []
    truths: list[_Truth] = []
    places: list[int] = []
    book = StandingBook()
    parts: list[ObservationColumns] = []
    before = 0
    for ledger in world.days():
        parts.append(book.told(both_sides(world, ledger)))
        sides = _kept_sides(world, ledger, seen, first_events)
        risky = np.stack([ledger.debtor_risky, ledger.creditor_risky], axis=1)
        for row in np.flatnonzero(sides.any(1)).tolist():
            arrived = moment(int(ledger.event_ms[row]))
            records = fan_out(payment_at(world, ledger, row), arrived, pseudonyms)
            scheme, family = int(ledger.scheme[row]), int(ledger.family[row])
            for side, record in enumerate((records.debtor, records.creditor)):
                if sides[row, side]:
                    observations.append(record)
                    places.append(before + 2 * row + side)
                    guilty = bool(risky[row, side])
                    truths.append(
                        _Truth(
                            risky=guilty,
                            staged=scheme != NO_SCHEME,
                            day=ledger.day,
                            family=family if family < len(FAMILIES) else -1,
                            typology=typology_of.get(scheme, -1) if guilty else -1,
                        )
                    )
        before += 2 * len(ledger)
    told = _told(observations, ObservationColumns.concatenate(parts), np.array(places), model)
    return _trial(told, truths, world.config, served_share)


def _told(
    observations: list[Observation],
    everything: ObservationColumns,
    places: npt.NDArray[np.int64],
    model: ServedModel,
) -> list[Observation]:
    """The observations with the standings of their other sides.

    Args:
        everything: all of the world, which the language model reads.
        places: of the observations in it.
    """
    encoded = encode_columns(everything)
    rows = encoded.place[places]
    states = read_others(encoded.sequences, model).told[rows]
    told = []
    for observation, row, state in zip(
        observations, everything.standing[places].tolist(), states, strict=True
    ):
        known = standing_of(row, state_told(state, model.language_model))
        told.append(observation.model_copy(update={"counterparty_standing": known}))
    return told


def _kept_sides(
    world: World, ledger: DayLedger, seen: npt.NDArray[np.int64], first_events: int
) -> npt.NDArray[np.bool_]:
    """Which sides are among the first of their counterparty, [rows, 2]; counts them in."""
    banks = len(world.parties)
    entities = np.stack(
        [
            np.where(ledger.debtor >= 0, ledger.debtor, banks + ledger.debtor_agent),
            np.where(ledger.creditor >= 0, ledger.creditor, banks + ledger.creditor_agent),
        ],
        axis=1,
    )
    flat = entities.reshape(-1)
    kept: npt.NDArray[np.bool_] = seen[flat] + rank_of(flat.astype(np.uint64)) < first_events
    np.add.at(seen, flat, 1)
    return kept.reshape(-1, 2)


def _trial(
    observations: list[Observation], truths: list[_Truth], config: WorldConfig, served_share: float
) -> Trial:
    counterparty = np.array([entity_key(o.entity) for o in observations], np.uint64)
    staged = np.array([t.staged for t in truths], np.bool_)
    return Trial(
        observations=observations,
        counterparty=counterparty,
        seen=rank_of(counterparty),
        risky=np.array([t.risky for t in truths], np.bool_),
        amount=np.array([o.amount for o in observations]),
        day=np.array([t.day for t in truths], np.int64),
        family=np.array([t.family for t in truths], np.int16),
        typology=np.array([t.typology for t in truths], np.int8),
        served_weight=served_weight(counterparty, staged, served_share / config.risky_share),
        parties=config.parties,
    )
