"""Scores and alerts as subscribers receive them."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.scoring.decisions import Alerted
from pipeline.scoring.policy import Policy, action_for, priority_of
from pipeline.scoring.times import at_ms
from schemas import ids
from schemas.alert import Alert, AlertKind
from schemas.records import Observation
from schemas.score import Score, StageTimings, Tier, holds


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a score says, apart from when it was said. ``probability`` includes exposure."""

    probability: float
    lower: float
    upper: float
    events_seen: int
    tier: Tier
    inner_steps: int
    prompt_version: int
    exposure: float


@dataclass(frozen=True, slots=True)
class Moment:
    """When a score was made, measured from the payment's arrival on."""

    scored_ms: float
    arrived_ms: int
    deadline_ms: int
    timings: StageTimings

    @property
    def missed(self) -> bool:
        """Whether the deadline had passed."""
        return self.scored_ms - self.arrived_ms > self.deadline_ms


def score_of(
    observation: Observation, verdict: Verdict, moment: Moment, policy: Policy, model_version: str
) -> Score:
    """The score of one side of a payment."""
    return Score(
        score_id=ids.score_id(
            observation.uetr, observation.entity, observation.role, model_version
        ),
        uetr=observation.uetr,
        entity=observation.entity,
        role=observation.role,
        counterparty=observation.counterparty,
        amount=observation.amount,
        probability=verdict.probability,
        lower=verdict.lower,
        upper=verdict.upper,
        band=policy.band_of(verdict.probability),
        threshold=policy.alert_threshold,
        events_seen=verdict.events_seen,
        tier=verdict.tier,
        inner_steps=verdict.inner_steps,
        prompt_version=verdict.prompt_version,
        model_version=model_version,
        exposure=verdict.exposure,
        event_at=observation.event_at,
        arrived_at=observation.arrived_at,
        scored_at=at_ms(moment.scored_ms),
        deadline_ms=moment.deadline_ms,
        deadline_missed=moment.missed,
        timings=moment.timings,
    )


def alert_of(
    observation: Observation,
    verdict: Verdict,
    alerted: Alerted,
    moment: Moment,
    policy: Policy,
    model_version: str,
) -> Alert:
    """The alert on one side of a payment."""
    band = policy.band_of(verdict.probability)
    codes = {reason.code for reason in alerted.reasons}
    abstains = holds(verdict.lower, verdict.upper, alerted.threshold)
    first_contact = verdict.events_seen == 0 or "new_counterparty" in codes
    return Alert(
        alert_id=alerted.alert_id,
        kind=AlertKind.DIRECT,
        dedup_key=alerted.matter,
        uetr=observation.uetr,
        entity=observation.entity,
        role=observation.role,
        counterparty=observation.counterparty,
        amount=observation.amount,
        event_at=observation.event_at,
        arrived_at=observation.arrived_at,
        scored_at=at_ms(moment.scored_ms),
        probability=verdict.probability,
        lower=verdict.lower,
        upper=verdict.upper,
        band=band,
        threshold=alerted.threshold,
        events_seen=verdict.events_seen,
        tier=verdict.tier,
        inner_steps=verdict.inner_steps,
        prompt_version=verdict.prompt_version,
        model_version=model_version,
        reasons=alerted.reasons,
        exposure=verdict.exposure,
        priority=priority_of(verdict.probability, observation.amount),
        action=action_for(band, observation.role, first_contact=first_contact, abstains=abstains),
        deadline_ms=moment.deadline_ms,
        deadline_missed=moment.missed,
        timings=moment.timings,
    )
