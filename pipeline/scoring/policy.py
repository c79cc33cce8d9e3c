"""What a probability leads to: bands, alerts, flags, and the costs they rest on."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from schemas.alert import Action
from schemas.ids import stable_id
from schemas.records import Role
from schemas.score import Band

HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS
_BANDS: Final = tuple(Band)


def threshold_of(cost_ratio: float) -> float:
    """The probability from which acting costs less than not acting.

    Acting on p costs (1 - p) false alarms, not acting costs p misses, each miss as much
    as ``cost_ratio`` false alarms: act from p = 1 / (1 + cost_ratio) on (Elkan 2001).
    """
    return 1.0 / (1.0 + cost_ratio)


@dataclass(frozen=True, slots=True)
class Policy:
    """Stated costs and rules. All times are event time.

    Attributes:
        alert_cost_ratio: a missed risky payment costs as much as so many needless alerts.
        flag_cost_ratio: the same for a flag, which spreads through the graph.
        prevalence_ratio: odds of risk among the counterparties served, divided by the odds
            among those that the checkpoint was calibrated for; moves every probability by
            its logarithm in log odds (Elkan 2001; Saerens et al. 2002).
        exposure_log_odds: log odds that full exposure to flagged entities adds to a score.
        cleared_odds: after a cleared alert, how many times higher the odds of the same
            matter must be before it is alerted again.
        cooldown_ms: no second alert on the same matter in that time unless its band rose.
        release_share: a score below this share of the flag threshold is calm.
        release_after: calm payments in a row that lower a flag.
        flag_life_ms: a flag that nothing renews expires after that.
        confirmed_life_ms: the same for a flag that an analyst confirmed.
        adapts: False keeps every profile at the start prompt: the K = 0 control.
    """

    alert_cost_ratio: float = 9.0
    flag_cost_ratio: float = 4.0
    prevalence_ratio: float = 1.0
    exposure_log_odds: float = 1.5
    cleared_odds: float = 8.0
    cooldown_ms: int = DAY_MS
    release_share: float = 0.5
    release_after: int = 5
    flag_life_ms: int = 30 * DAY_MS
    confirmed_life_ms: int = 90 * DAY_MS
    adapts: bool = True

    @property
    def alert_threshold(self) -> float:
        """Probability from which a payment is alerted."""
        return threshold_of(self.alert_cost_ratio)

    @property
    def flag_threshold(self) -> float:
        """Probability, exposure left out, from which an entity is flagged."""
        return threshold_of(self.flag_cost_ratio)

    @property
    def release_threshold(self) -> float:
        """Probability below which a payment of a flagged entity counts as calm."""
        return self.release_share * self.flag_threshold

    @property
    def learn_threshold(self) -> float:
        """Probability below which a payment may teach its profile's prompt."""
        return 0.5 * self.alert_threshold

    def band_of(self, probability: float) -> Band:
        """Low, elevated (half the alert threshold), high (alert) or critical (flag)."""
        if probability >= self.flag_threshold:
            return Band.CRITICAL
        if probability >= self.alert_threshold:
            return Band.HIGH
        return Band.ELEVATED if probability >= self.learn_threshold else Band.LOW

    def severity_of(self, probability: float) -> float:
        """How far past the flag threshold, in (0, 1): one half at it, rising with the odds."""
        odds = probability * (1.0 - self.flag_threshold)
        return odds / (odds + self.flag_threshold * (1.0 - probability))

    def rank_of(self, probability: float) -> int:
        """Place of a probability's band in the order of bands, 0 for low."""
        return _BANDS.index(self.band_of(probability))

    def with_exposure(self, probability: float, exposure: float) -> float:
        """Raise a probability by its entity's exposure: never down, unchanged at 0."""
        if exposure <= 0.0 or not 0.0 < probability < 1.0:
            return probability
        log_odds = math.log(probability) - math.log1p(-probability)
        raised = 1.0 / (1.0 + math.exp(-(log_odds + self.exposure_log_odds * exposure)))
        return max(raised, probability)

    def damped(self, threshold: float) -> float:
        """The threshold for a matter that an analyst has cleared."""
        odds = self.cleared_odds * threshold / (1.0 - threshold)
        return odds / (1.0 + odds)


def matter_of(entity: str, counterparty: str, pattern: str) -> str:
    """Key of what an alert is about: who, with whom, and for what main reason."""
    return stable_id("matter", entity, counterparty, pattern)


def action_for(band: Band, role: Role, *, first_contact: bool, abstains: bool) -> Action:
    """Advice: hold what is critical, ask the payer about a new payee, else look at it.

    A score that abstains holds nothing.
    """
    if band is Band.CRITICAL and not abstains:
        return Action.HOLD_AND_REVIEW
    if role is Role.DEBTOR and first_contact:
        return Action.CALL_BACK
    return Action.REVIEW


def priority_of(probability: float, amount: float) -> float:
    """Order of the queue: risk times the magnitude of the money (log10 of US dollars)."""
    return probability * math.log10(1.0 + amount)
