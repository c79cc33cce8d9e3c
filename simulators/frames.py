"""A world as tables: its payments, and apart from them what is true of them."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import polars as pl

from schemas.ids import return_uetr
from schemas.payment import OriginalPayment
from simulators import flows, names, statements
from simulators.behaviours import FAMILIES
from simulators.codes import COUNTRIES, LOCAL_INSTRUMENTS, MESSAGE_TYPES, PURPOSES, REASONS, Kind
from simulators.entries import DayLedger
from simulators.roles import ROLES, STAGES
from simulators.typologies import TYPOLOGIES
from simulators.world import World

FAMILY_NAMES: Final = (*(family.name for family in FAMILIES), "scheme", "return")
"""Words of the ledger's ``family`` column."""

_LISTED: Final = 8_062 / 6_600
"""Routing numbers in a directory of 2019 for each participant that pays on a day."""

_OF_THE_ORIGINAL: Final = tuple(OriginalPayment.model_fields)


def payments_frame(world: World, ledger: DayLedger) -> pl.DataFrame:
    """The payments of a day as columns; what ``simulators.files.read_payments`` reads back."""
    high, low = world.uetr_words(ledger)
    pairs = zip(high.tolist(), low.tolist(), strict=True)
    sent = pl.Series("sent", ledger.sequence)
    on = world.calendar.dates[ledger.day]
    banks = participants_frame(world)
    columns: dict[str, pl.Series] = {
        "uetr": pl.Series([statements.uetr(a, b) for a, b in pairs], dtype=pl.String),
        "message_type": _named([str(m) for m in MESSAGE_TYPES], ledger.message_type),
        "created_at": pl.Series(ledger.event_ms).cast(pl.Datetime("ms", "UTC")),
        "settlement_date": pl.Series([on]).new_from_index(0, len(ledger)),
        "amount": _dollars(ledger),
        "local_instrument": _named(list(LOCAL_INSTRUMENTS), ledger.local_instrument),
        "purpose": _named([p or None for p in PURPOSES], ledger.purpose),
    }
    people = _people(world)
    for side in ("debtor", "creditor"):
        agent = getattr(ledger, f"{side}_agent")
        party = getattr(ledger, side)
        bank = party < 0
        who = people[np.where(bank, 0, party)]
        absent = pl.Series(bank)
        own = banks["name"].gather(agent)
        columns[f"{side}_name"] = own.zip_with(absent, who["name"])
        nothing = pl.Series([None], dtype=pl.String).new_from_index(0, len(ledger))
        columns[f"{side}_account"] = nothing.zip_with(absent, who["account"])
        home = pl.Series(["US"]).new_from_index(0, len(ledger))
        columns[f"{side}_country"] = home.zip_with(absent, who["country"])
        columns[f"{side}_agent"] = banks["routing_number"].gather(agent)
        columns[f"{side}_agent_name"] = own
        columns[f"{side}_agent_lei"] = banks["lei"].gather(agent)
    frame = pl.DataFrame(columns)
    endpoint = banks["endpoint"].gather(ledger.debtor_agent)
    frame = frame.with_columns(
        message_id=f"{on:%Y%m%d}" + endpoint + sent.cast(pl.String).str.zfill(6),
        end_to_end_id=pl.Series(flows.end_to_end_ids(world.config.seed, ledger.flow)),
        return_reason=_named([reason or None for reason in REASONS], ledger.reason),
    )
    return _with_originals(frame, ledger)


def _with_originals(frame: pl.DataFrame, ledger: DayLedger) -> pl.DataFrame:
    """Point returns to what they give back; the other rows have nulls there."""
    back = np.flatnonzero(ledger.original >= 0)
    paid = frame[ledger.original[back]]
    own = map(return_uetr, paid["uetr"], frame["message_id"].gather(back))
    returns = paid.select(pl.col(name).alias(f"original_{name}") for name in _OF_THE_ORIGINAL)
    returns = returns.with_columns(
        row=pl.Series(back, dtype=pl.UInt32), own=pl.Series(list(own), dtype=pl.String)
    )
    joined = frame.with_row_index("row").join(
        returns, on="row", how="left", maintain_order="left", validate="1:1"
    )
    return joined.with_columns(uetr=pl.coalesce("own", "uetr")).drop("row", "own")


def sides_frame(uetr: pl.Series, ledger: DayLedger) -> pl.DataFrame:
    """The truth about the payments of a day, by UETR."""
    return pl.DataFrame(
        {
            "uetr": uetr,
            "flow": ledger.flow,
            "leg": ledger.leg,
            "family": _named(list(FAMILY_NAMES), ledger.family),
            "scheme": pl.Series(ledger.scheme).replace({-1: None}),
            "debtor_role": _named(list(ROLES), ledger.debtor_role),
            "creditor_role": _named(list(ROLES), ledger.creditor_role),
            "stage": _named(list(STAGES), ledger.stage),
            "debtor_risky": ledger.debtor_risky,
            "creditor_risky": ledger.creditor_risky,
        }
    )


def directory_frame(world: World) -> pl.DataFrame:
    """The directory: participants of the world, and as many that never pay as Fedwire's has."""
    active = world.config.participants
    listed = min(round(active * _LISTED), names.MOST_PARTICIPANTS)
    return _banks(range(listed)).with_columns(active=pl.Series(range(listed)) < active)


def participants_frame(world: World) -> pl.DataFrame:
    """The participants of the world."""
    return _banks(range(world.config.participants))


def _banks(index: range) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "routing_number": [names.routing_number(i) for i in index],
            "name": [names.bank_name(i) for i in index],
            "lei": [names.lei(i) for i in index],
            "endpoint": [names.endpoint(i) for i in index],
        }
    )


def parties_frame(world: World) -> pl.DataFrame:
    """All customers with what only the world knows of them."""
    parties = world.parties
    return _people(world).with_columns(
        agent=pl.Series(world.routing_numbers()).gather(parties.agent),
        kind=_named([kind.name.lower() for kind in Kind], parties.kind),
        birth_day=pl.Series(parties.birth),
        death_day=pl.Series(parties.death),
    )


def schemes_frame(world: World) -> pl.DataFrame:
    """Schemes and look-alikes."""
    rows = [
        {
            "scheme": s.ident,
            "typology": TYPOLOGIES[s.typology].name,
            "benign": s.benign,
            "habit": s.habit,
            "difficulty": s.difficulty,
            "first_day": s.day,
            "onset_ms": s.onset_ms if s.onset_ms >= 0 else None,
        }
        for s in world.truth.schemes
    ]
    types: dict[str, Any] = {
        "scheme": pl.Int64,
        "typology": pl.String,
        "benign": pl.Boolean,
        "habit": pl.Boolean,
        "difficulty": pl.Float64,
        "first_day": pl.Int64,
        "onset_ms": pl.Int64,
    }
    return pl.DataFrame(rows, schema=types)


def members_frame(world: World) -> pl.DataFrame:
    """Who is in each scheme, and whether the role is a risky one."""
    accounts, numbers = world.accounts(), world.routing_numbers()
    rows = [
        {
            "scheme": s.ident,
            "account": accounts[party] if party >= 0 else None,
            "agent": numbers[int(world.parties.agent[party]) if party >= 0 else -1 - party],
            "role": role,
            "risky": not s.benign and role in TYPOLOGIES[s.typology].risky_roles,
        }
        for s in world.truth.schemes
        for party, role in s.members
    ]
    types: dict[str, Any] = {
        "scheme": pl.Int64,
        "account": pl.String,
        "agent": pl.String,
        "role": pl.String,
        "risky": pl.Boolean,
    }
    return pl.DataFrame(rows, schema=types)


def _people(world: World) -> pl.DataFrame:
    parties = world.parties
    kinds = [Kind(k) for k in parties.kind.tolist()]
    return pl.DataFrame(
        {
            "name": [names.party_name(kind, i) for i, kind in enumerate(kinds)],
            "account": world.accounts(),
            "country": _named([code for code, _ in COUNTRIES], parties.country),
        }
    )


def _dollars(ledger: DayLedger) -> pl.Series:
    return (pl.Series(ledger.amount_cents).cast(pl.Decimal(20, 2)) / 100).cast(pl.Decimal(16, 2))


def _named(table: list[Any], index: np.ndarray[Any, Any]) -> pl.Series:
    return pl.Series(table, dtype=pl.String).gather(index.astype(np.int64))
