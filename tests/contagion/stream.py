"""Small deterministic logs for the contagion tests."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

from schemas.ids import stable_id
from schemas.records import FlagChange, FlagState, Flow, ReturnedFlow

START = datetime(2026, 1, 5, 14, 0, tzinfo=UTC)
Log = list[tuple[int, Flow | FlagChange]]


def uetr(n: int) -> str:
    digits = stable_id("uetr", str(n))
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-8{digits[17:20]}-{digits[20:32]}"


def party(n: int) -> str:
    return f"party:{stable_id('party', str(n))}"


def bank(n: int) -> str:
    return f"bank:{n:09d}"


def flow(
    n: int,
    debtor: str,
    creditor: str,
    amount: float = 1000.0,
    minutes: float = 0.0,
    agents: tuple[int, int] = (1, 2),
) -> Flow:
    at = START + timedelta(minutes=minutes)
    return Flow(
        uetr=uetr(n),
        debtor=debtor,
        creditor=creditor,
        debtor_agent=f"{agents[0]:09d}",
        creditor_agent=f"{agents[1]:09d}",
        amount=amount,
        event_at=at,
        arrived_at=at + timedelta(milliseconds=3),
    )


def returned(n: int, paid: Flow, share: float = 1.0, minutes: float = 30.0) -> Flow:
    """The return of a flow, or of a share of it, some minutes later."""
    at = paid.event_at + timedelta(minutes=minutes)
    return Flow(
        uetr=uetr(n),
        debtor=paid.creditor,
        creditor=paid.debtor,
        debtor_agent=paid.creditor_agent,
        creditor_agent=paid.debtor_agent,
        amount=paid.amount * share,
        event_at=at,
        arrived_at=at + timedelta(milliseconds=3),
        returns=ReturnedFlow(uetr=paid.uetr, amount=paid.amount, event_at=paid.event_at),
    )


def flag(
    entity: str,
    state: FlagState = FlagState.RAISED,
    severity: float = 1.0,
    minutes: float = 0.0,
    name: str = "",
    lasts: float | None = None,
) -> FlagChange:
    at = START + timedelta(minutes=minutes)
    expires_at = None if lasts is None else at + timedelta(minutes=lasts)
    return FlagChange(
        flag_id=stable_id("flag", "direct", entity, name),
        entity=entity,
        state=state,
        severity=severity,
        event_at=at,
        arrived_at=at,
        expires_at=expires_at,
    )


def random_log(seed: int, records: int, parties: int = 12, minutes_apart: float = 300.0) -> Log:
    """Payments with some flag changes and repeats among them."""
    rng = random.Random(seed)
    log: Log = []
    minutes = 0.0
    for n in range(records):
        minutes += rng.expovariate(1.0) * minutes_apart
        kind = rng.random()
        record: Flow | FlagChange
        if kind < 0.12:
            state = rng.choice(list(FlagState))
            lasts = rng.choice((None, 3_000.0))
            entity = party(rng.randrange(parties))
            record = flag(entity, state, rng.random(), minutes, lasts=lasts)
        elif kind < 0.18 and log:
            record = rng.choice(log)[1]
        else:
            debtor, creditor = rng.sample(range(parties), 2)
            late = rng.random() * 600 if rng.random() < 0.2 else 0.0
            record = flow(
                n,
                party(debtor) if debtor else bank(1),
                party(creditor) if creditor else bank(1),
                rng.lognormvariate(8, 2),
                max(0.0, minutes - late),
                (rng.randrange(1, 5), rng.randrange(1, 5)),
            )
        log.append((n, record))
    return log
