"""The world keeps its laws: one seed, living parties, time order, births, truth apart."""

from __future__ import annotations

import hashlib
from dataclasses import fields, replace

import numpy as np
import pytest

from schemas.payment import has_valid_check_digit
from simulators import names
from simulators.codes import Kind
from simulators.entries import DayLedger
from simulators.typologies import TYPOLOGIES
from simulators.world import World, WorldConfig, payment_at

SMALL = WorldConfig(participants=60, parties=600, days=6, seed=11, risky_share=0.2)


@pytest.fixture(scope="module")
def world() -> World:
    return World(SMALL)


@pytest.fixture(scope="module")
def ledgers(world: World) -> list[DayLedger]:
    return list(world.days())


def digest(ledger: DayLedger) -> str:
    made = hashlib.blake2b()
    for column in fields(ledger)[1:]:
        made.update(getattr(ledger, column.name).tobytes())
    return made.hexdigest()


def test_one_seed_gives_the_same_bytes(ledgers: list[DayLedger]) -> None:
    assert [digest(x) for x in World(SMALL).days()] == [digest(x) for x in ledgers]


def test_another_seed_gives_other_bytes(ledgers: list[DayLedger]) -> None:
    other = World(replace(SMALL, seed=12))
    assert digest(other.day(0)) != digest(ledgers[0])


def test_a_day_does_not_depend_on_the_days_made_before_it(ledgers: list[DayLedger]) -> None:
    assert digest(World(SMALL).day(4)) == digest(ledgers[4])


def test_payments_are_in_time_order_within_the_day(world: World, ledgers: list[DayLedger]) -> None:
    for ledger in ledgers:
        opened = world.calendar.open_ms[ledger.day]
        assert (np.diff(ledger.event_ms) >= 0).all()
        assert ledger.event_ms[0] >= opened
        assert ledger.event_ms[-1] < opened + 22 * 3_600_000


def test_new_counterparties_appear_on_every_day(ledgers: list[DayLedger]) -> None:
    seen: set[int] = set()
    for ledger in ledgers:
        today = set(ledger.debtor.tolist()) | set(ledger.creditor.tolist())
        assert len(today - seen) >= 3
        seen |= today


def test_somebody_is_born_on_every_day(world: World) -> None:
    births = np.bincount(world.parties.birth[world.parties.birth >= 0], minlength=SMALL.days)
    assert (births >= 1).all()


def test_only_the_living_pay_and_never_within_one_bank(
    world: World, ledgers: list[DayLedger]
) -> None:
    for ledger in ledgers:
        for side in (ledger.debtor, ledger.creditor):
            assert world.parties.alive(side, ledger.day).all()
        assert (ledger.debtor_agent != ledger.creditor_agent).all()
        customers = ledger.message_type == 0
        assert ((ledger.debtor >= 0) & (ledger.creditor >= 0))[customers].all()


def test_lookalikes_are_at_least_as_frequent_as_schemes(world: World) -> None:
    for index in range(len(TYPOLOGIES)):
        cases = [s.benign for s in world.truth.schemes if s.typology == index]
        assert sum(cases) >= len(cases) - sum(cases)


def test_lookalikes_are_never_risky(world: World, ledgers: list[DayLedger]) -> None:
    benign = {s.ident for s in world.truth.schemes if s.benign}
    for ledger in ledgers:
        risky = ledger.scheme[ledger.debtor_risky | ledger.creditor_risky]
        assert (risky >= 0).all()
        assert not benign & set(risky.tolist())


def test_onset_is_never_later_than_the_first_risky_payment(
    world: World, ledgers: list[DayLedger]
) -> None:
    first: dict[int, int] = {}
    for ledger in ledgers:
        for row in np.flatnonzero(ledger.debtor_risky | ledger.creditor_risky).tolist():
            first.setdefault(int(ledger.scheme[row]), int(ledger.event_ms[row]))
    told = {s.ident: s.onset_ms for s in world.truth.schemes if not s.benign}
    assert first
    assert all(0 <= told[ident] <= at for ident, at in first.items())


def test_a_payment_carries_no_truth(world: World, ledgers: list[DayLedger]) -> None:
    ledger = ledgers[2]
    row = int(np.flatnonzero(ledger.creditor_risky | ledger.debtor_risky)[0])
    text = payment_at(world, ledger, row).to_bytes().decode()
    for word in ("scheme", "risky", "role", "stage", "family", "mule"):
        assert word not in text


def test_truth_does_not_change_the_payment(world: World, ledgers: list[DayLedger]) -> None:
    ledger = ledgers[2]
    row = int(np.flatnonzero(ledger.creditor_risky | ledger.debtor_risky)[0])
    blank = {
        name: np.zeros_like(getattr(ledger, name))
        for name in (
            "family",
            "scheme",
            "leg",
            "debtor_role",
            "creditor_role",
            "stage",
            "debtor_risky",
            "creditor_risky",
        )
    }
    kept = {f.name: getattr(ledger, f.name) for f in fields(ledger)}
    assert payment_at(world, DayLedger(**(kept | blank)), row) == payment_at(world, ledger, row)


def test_references_are_unique(world: World, ledgers: list[DayLedger]) -> None:
    payments = [payment_at(world, ledger, i) for ledger in ledgers[:2] for i in range(len(ledger))]
    assert len({p.uetr for p in payments}) == len(payments)
    assert len({p.message_id for p in payments}) == len(payments)
    assert all(len(p.message_id) == 22 for p in payments)


def test_live_payments_are_the_ledgers_rows(world: World, ledgers: list[DayLedger]) -> None:
    stream = world.payments()
    assert [next(stream) for _ in range(20)] == [
        payment_at(world, ledgers[0], row) for row in range(20)
    ]


def test_routing_numbers_are_valid_unassigned_and_distinct(world: World) -> None:
    numbers = [names.routing_number(i) for i in range(8062)]
    assert len(set(numbers)) == 8062
    assert all(has_valid_check_digit(n) for n in numbers)
    assert all(40 <= int(n[:2]) < 60 for n in numbers)


def test_legal_entity_identifiers_pass_their_check() -> None:
    for index in (0, 1, 57, 6599):
        digits = "".join(str(int(c, 36)) for c in names.lei(index))
        assert int(digits) % 97 == 1


def test_accounts_are_distinct(world: World) -> None:
    assert len(set(world.accounts())) == len(world.parties)


def test_every_kind_of_party_is_there(world: World) -> None:
    assert set(world.parties.kind.tolist()) == {int(kind) for kind in Kind}


@pytest.mark.parametrize(
    ("field", "value"),
    [("participants", 3), ("parties", 10), ("days", 0), ("seed", -1), ("lookalikes", 0.5)],
)
def test_impossible_worlds_are_refused(field: str, value: float) -> None:
    with pytest.raises(ValueError, match=field):
        WorldConfig(**{field: value})  # type: ignore[arg-type]


def test_a_later_chapter_does_not_depend_on_the_days_made_before_it() -> None:
    config = replace(SMALL, days=70)
    straight = World(config)
    early = digest(straight.day(3))
    late = digest(straight.day(66))
    assert digest(straight.day(3)) == early
    assert digest(World(config).day(66)) == late


def test_the_volume_keeps_its_budget_in_a_long_world() -> None:
    world = World(WorldConfig(participants=60, parties=600, days=400, seed=3))
    counts = [len(world.day(day)) for day in range(2, 400, 21)]
    assert np.mean(counts[:5]) == pytest.approx(np.mean(counts[-5:]), rel=0.3)
    assert np.mean(counts) == pytest.approx(1500, rel=0.35)
