"""Payroll: an employer pays its people on the same day, every week, fortnight or month."""

from __future__ import annotations

import numpy as np

from simulators import clock
from simulators.codes import Kind
from simulators.ground import Ground
from simulators.relations import MONTH_END, Standing, Standings, found, phases, purposes

NAME = "payroll"


def build(ground: Ground, budget: float, rng: np.random.Generator) -> Standings:
    """Give people employers; one employer's people share its rhythm."""
    people = ground.of_kind(Kind.PERSON)
    wanted = min(int(budget * 11), people.size)
    person = rng.choice(people, wanted, replace=False)
    employer = ground.partners(person, Kind.FIRM, rng, outgoing=False)
    firms = len(ground.parties)
    period = rng.choice(np.array([5, 10, 10, 10, MONTH_END], dtype=np.int16), firms)
    phase = phases(period, rng)
    minute = clock.minutes(rng, "customer", firms) * 0.5 + 300
    pay = rng.normal(8.4, 0.55, wanted)
    relations = found(
        ground,
        employer,
        person,
        rng,
        period=period[employer],
        phase=phase[employer],
        mean=pay,
        spread=rng.choice([0.0, 0.03, 0.15], wanted),
        minute=minute[employer],
        purpose=purposes({"SALA": 0.6, "": 0.3, "BONU": 0.02, "OTHR": 0.08}, wanted, rng),
    )
    return Standings((Standing(relations, round_share=0.05, jitter=4.0),))
