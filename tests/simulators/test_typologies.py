"""Every typology plans risky payments, its look-alike plans none, and each has its page."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from simulators.cases import HORIZON, Case
from simulators.codes import Kind
from simulators.entries import Entries
from simulators.roles import ROLES
from simulators.typologies import TYPOLOGIES, Typology
from simulators.world import World, WorldConfig

PAGES = Path(__file__).parents[2] / "docs" / "typologies"
GROUND = World(WorldConfig(participants=60, parties=1500, days=30, seed=2)).ground
RUNS = 6

by_name = pytest.mark.parametrize("typology", TYPOLOGIES, ids=lambda t: t.name)


def draw_up(
    typology: Typology,
    seed: int,
    *,
    benign: bool,
    difficulty: float = 0.5,
    principal: int | None = None,
) -> Case:
    case = Case(
        ident=seed,
        benign=benign,
        difficulty=difficulty,
        day=12,
        ground=GROUND,
        rng=np.random.default_rng(seed),
        fresh_share=0.7,
        camouflage_share=0.5,
        risky_roles=typology.risky_roles,
        principal=principal,
    )
    (typology.lookalike if benign else typology.plan)(case)
    return case


def risky_rows(made: Entries) -> int:
    return int((made.debtor_risky | made.creditor_risky).sum())


def test_there_are_at_least_twenty_with_distinct_names() -> None:
    assert len({t.name for t in TYPOLOGIES}) == len(TYPOLOGIES) >= 20


@by_name
def test_a_scheme_makes_its_culprits_payments_risky(typology: Typology) -> None:
    for seed in range(RUNS):
        case = draw_up(typology, seed, benign=False)
        _, made = case.planned()
        assert risky_rows(made) or case.holds
        assert all(hold.risky for hold in case.holds)
        for side in ("debtor", "creditor"):
            risky = getattr(made, f"{side}_risky")
            roles = {ROLES[r] for r in getattr(made, f"{side}_role")[risky].tolist()}
            assert roles <= typology.risky_roles
        assert set(case.members.values()) & typology.risky_roles


@by_name
def test_a_lookalike_is_never_risky(typology: Typology) -> None:
    for seed in range(RUNS):
        case = draw_up(typology, seed, benign=True)
        _, made = case.planned()
        assert len(made) or case.holds
        assert risky_rows(made) == 0
        assert not any(hold.risky for hold in case.holds)


@by_name
@pytest.mark.parametrize("difficulty", [0.0, 1.0])
def test_payments_stay_between_banks_and_living_parties(
    typology: Typology, difficulty: float
) -> None:
    for seed in range(RUNS):
        day, made = draw_up(typology, seed, benign=False, difficulty=difficulty).planned()
        assert (made.debtor_agent != made.creditor_agent).all()
        assert ((day >= 0) & (day <= HORIZON)).all()
        assert (made.offset_ms >= 0).all()
        for side in (made.debtor[made.debtor_risky], made.creditor[made.creditor_risky]):
            assert GROUND.parties.alive(side, 12).all()


@by_name
def test_one_seed_draws_up_one_plan(typology: Typology) -> None:
    first, second = (draw_up(typology, 5, benign=False) for _ in range(2))
    (days, made), (same_days, same) = first.planned(), second.planned()
    assert np.array_equal(days, same_days)
    assert np.array_equal(made.amount_cents, same.amount_cents)
    assert np.array_equal(made.creditor, same.creditor)
    assert first.holds == second.holds


@by_name
def test_each_has_a_page_that_names_its_risky_roles(typology: Typology) -> None:
    text = (PAGES / f"{typology.name}.md").read_text()
    for part in ("## Roles", "```mermaid", "## Look-alike", "## Difficulty"):
        assert part in text
    table = [line for line in text.splitlines() if line.startswith("|")]
    risky = {role.strip() for r in table if "| yes" in r for role in r.split("|")[1].split(",")}
    assert risky == typology.risky_roles
    assert f"({typology.name}.md)" in (PAGES / "README.md").read_text()


def test_most_culprits_are_newly_born() -> None:
    fresh = []
    for typology in TYPOLOGIES:
        for seed in range(RUNS):
            members = draw_up(typology, seed, benign=False).members
            culprits = [p for p, role in members.items() if role in typology.risky_roles and p >= 0]
            fresh += (GROUND.parties.birth[culprits] >= 0).tolist()
    assert np.mean(fresh) > 0.5


@by_name
def test_a_habit_is_led_by_its_party(typology: Typology) -> None:
    party = int(GROUND.of_kind(Kind.FIRM)[0])
    case = draw_up(typology, 3, benign=True, principal=party)
    assert (party in case.members) == typology.habitual
