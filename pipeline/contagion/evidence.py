"""A contagion alert: the paths, the taint along them, and what to do first."""

from __future__ import annotations

import math
from dataclasses import dataclass

from pipeline.contagion.graph import PaymentGraph
from pipeline.contagion.link import Link
from pipeline.contagion.paths import money, short
from pipeline.contagion.settings import ContagionSettings
from pipeline.contagion.taint import ReceivedTaint, Transfer, received_taint
from pipeline.moments import moment
from schemas import ids
from schemas.alert import Action, Alert, AlertKind, GraphPath, PathHop, Reason
from schemas.records import Role
from schemas.score import Band, StageTimings

_BANDS = ((0.8, Band.CRITICAL), (0.4, Band.HIGH), (0.1, Band.ELEVATED), (0.0, Band.LOW))


@dataclass(frozen=True, slots=True)
class Raise:
    """An exposure that has just crossed the flag's threshold."""

    node: int
    exposure: float
    bound: float
    level: int
    paths: tuple[GraphPath, ...]
    seeds: frozenset[str]
    cause: str
    arrived_ms: int
    now_ms: int | None


def contagion_alert(
    graph: PaymentGraph, raised: Raise, settings: ContagionSettings, model_version: str
) -> Alert:
    """Write the alert of an entity, about the newest payment of its strongest path.

    The strongest path ends at the entity (money came from a flagged one: it is the
    creditor) or begins there (its money went to one: debtor).
    """
    entity = graph.names[raised.node]
    hop, role = _own_hop(raised.paths[0], entity)
    newest = max(_link(graph, hop).recent, key=lambda payment: payment.event_ms)
    now_ms = raised.arrived_ms if raised.now_ms is None else raised.now_ms
    waited = max(0, now_ms - raised.arrived_ms)
    band = next(band for limit, band in _BANDS if raised.exposure >= limit)
    critical = band in (Band.HIGH, Band.CRITICAL)
    return Alert(
        alert_id=ids.alert_id(AlertKind.CONTAGION, raised.cause, entity, role, model_version),
        kind=AlertKind.CONTAGION,
        dedup_key=f"contagion:{entity}:{raised.paths[0].seed}",
        uetr=newest.uetr,
        entity=entity,
        role=role,
        counterparty=hop.debtor if role is Role.CREDITOR else hop.creditor,
        amount=newest.amount,
        event_at=moment(newest.event_ms),
        arrived_at=moment(raised.arrived_ms),
        scored_at=moment(now_ms),
        band=band,
        threshold=settings.flag_at,
        model_version=model_version,
        reasons=_reasons(graph, raised, entity, settings),
        exposure=raised.exposure,
        paths=raised.paths,
        priority=raised.exposure * math.log10(1.0 + graph.dollars(raised.node)),
        action=Action.HOLD_AND_REVIEW if critical else Action.REVIEW,
        deadline_ms=settings.deadline_ms,
        deadline_missed=waited > settings.deadline_ms,
        timings=StageTimings(queue_ms=waited, encode_ms=0, score_ms=0, adapt_ms=0),
    )


def path_taint(
    graph: PaymentGraph,
    paths: tuple[GraphPath, ...],
    seeds: frozenset[str],
    entity: str,
    max_hops: int,
) -> ReceivedTaint:
    """Tainted dollars that reached an entity along the paths, from the payments remembered."""
    pairs = {(hop.debtor, hop.creditor): hop for path in paths for hop in path.hops}
    transfers = [
        Transfer(debtor, creditor, payment.amount, payment.event_ms)
        for (debtor, creditor), hop in pairs.items()
        for payment in _link(graph, hop).recent
    ]
    return received_taint(transfers, seeds, entity, max_hops)


def _own_hop(path: GraphPath, entity: str) -> tuple[PathHop, Role]:
    if path.hops[-1].creditor == entity:
        return path.hops[-1], Role.CREDITOR
    return path.hops[0], Role.DEBTOR


def _link(graph: PaymentGraph, hop: PathHop) -> Link:
    link = graph.link(graph.index[hop.debtor], graph.index[hop.creditor])
    assert link is not None, "a path follows links"
    return link


def _reasons(
    graph: PaymentGraph, raised: Raise, entity: str, settings: ContagionSettings
) -> tuple[Reason, ...]:
    strongest = raised.paths[0]
    taint = path_taint(graph, raised.paths, raised.seeds, entity, settings.max_hops)
    impact = graph.impact(raised.node)
    near = Reason(
        code="near_flagged_entity",
        text=strongest.text,
        weight=min(1.0, sum(path.share for path in raised.paths)),
        evidence={
            "exposure": raised.exposure,
            "residual_bound": raised.bound,
            "seed": strongest.seed,
            "hops": len(strongest.hops),
            "systemic_impact": impact,
        },
    )
    if taint.fifo <= 0 and taint.haircut <= 0:
        return (near,)
    received = Reason(
        code="received_tainted_money",
        text=(
            f"{money(taint.fifo)} (oldest first) or {money(taint.haircut)} (mixed evenly) of the "
            f"money that reached {short(entity)} on these paths came from flagged entities"
        ),
        weight=0.0,
        evidence={"fifo_usd": taint.fifo, "haircut_usd": taint.haircut},
    )
    return (near, received)
