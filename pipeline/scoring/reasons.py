"""Why a score is what it is: a code, a sentence with its numbers, and the numbers apart.

Each rule states one fact, only where it holds of the profile before the payment; its weight
is the share of the score's evidence (feature contributions, surprise per field, exposure)
that belongs to the quantities it speaks of.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from pipeline.scoring import other_side
from pipeline.scoring.facts import HEARD, Evidence, Facts, Statement, share_text, span_text
from schemas.alert import Reason

MAX_REASONS: Final = 4
EXPOSURE: Final = "exposure"
"""Code of the one reason that lies outside the entity's own payments."""
_MIN_WEIGHT: Final = 0.02
_DAY_S: Final = 86_400.0


@dataclass(frozen=True, slots=True)
class Rule:
    """A fact that may explain a score.

    ``about`` names the features and fields whose evidence the fact accounts for.
    """

    code: str
    about: tuple[str, ...]
    state: Callable[[Facts], Statement | None]


def explain(facts: Facts) -> tuple[Reason, ...]:
    """The weightiest true statements, at least one, at most :data:`MAX_REASONS`."""
    own = max(facts.own_evidence(), 1e-9)
    total = own + facts.exposure_log_odds
    found = []
    for rule in RULES:
        statement = rule.state(facts)
        if statement is None:
            continue
        exposed = rule.code == EXPOSURE
        evidence = facts.exposure_log_odds if exposed else facts.evidence_for(rule.about)
        # Measured against the payment's own evidence: exposure must not crowd out the rest.
        if evidence >= _MIN_WEIGHT * own:
            text, numbers = statement
            share = round(min(evidence / total, 1.0), 4)
            found.append(Reason(code=rule.code, text=text, weight=share, evidence=numbers))
    if all(reason.code == EXPOSURE for reason in found):
        found.append(_general(facts, round(own / total, 4)))
    found.sort(key=lambda reason: (-reason.weight, reason.code))
    return tuple(found[:MAX_REASONS])


def _general(facts: Facts, weight: float) -> Reason:
    """What can always be said: how new the entity is, or which field was least expected."""
    seen = int(facts["events_seen"])
    if seen == 0:
        amount = facts.observation.amount
        text = (
            f"first payment of this entity: {amount:,.2f} US dollars, judged by what first "
            "payments are like"
        )
        return Reason(code="first_payment", text=text, weight=weight, evidence={"amount": amount})
    name, probability = facts.most_surprising()
    text = (
        f"{name.replace('_', ' ')} was given a probability of {share_text(probability)} "
        f"after {seen} payment{'s' * (seen > 1)}"
    )
    evidence: Evidence = {"field": name, "probability": round(probability, 6), "events": seen}
    return Reason(code="unlike_own_history", text=text, weight=weight, evidence=evidence)


def _largest(f: Facts) -> Statement | None:
    excess = f["amount_vs_all_max"]
    if not excess > math.log(1.2):
        return None
    ratio, n = math.exp(excess), int(f["same_role_events"])
    text = f"amount is {ratio:,.1f} times the own maximum in {n} {f.kind} payment{'s' * (n > 1)}"
    return text, {"ratio": round(ratio, 3), "events": n, "amount": f.observation.amount}


def _above_usual(f: Facts) -> Statement | None:
    excess, n = f["amount_vs_mean"], round(f["role_share"] * f.window) if f.window else 0
    if not excess > math.log(2) or n < 1:
        return None
    ratio = math.exp(excess)
    text = (
        f"amount is {ratio:,.1f} times the typical (geometric mean) of the last {n} "
        f"{f.kind} payment{'s' * (n > 1)}"
    )
    return text, {"ratio": round(ratio, 3), "events": n}


def _new_counterparty(f: Facts) -> Statement | None:
    if f["counterparty_count"] != 0:
        return None
    text = f"none of the last {f.window} payments was to or from this counterparty"
    if f.window == 1:
        text = "the one payment before was with another counterparty"
    return text, {"events": f.window, "counterparty": f.observation.counterparty}


def _new_corridor(f: Facts) -> Statement | None:
    country = f.observation.counterparty_country
    if f["corridor_count"] != 0 or country is None:
        return None
    text = f"first payment {f.towards} {country} among the last {f.window + 1}"
    return text, {"country": country, "events": f.window}


def _new_bank(f: Facts) -> Statement | None:
    if f["agent_count"] != 0:
        return None
    bank = f.observation.counterparty_agent
    text = f"bank {bank} is new: none of the last {f.window} payments went through it"
    if f.window == 1:
        text = f"bank {bank} is new: the one payment before went through another"
    return text, {"bank": bank, "events": f.window}


def _mirror(f: Facts) -> Statement | None:
    distance, age = f["mirror_best"], math.expm1(f["mirror_age"])
    if not (distance < 0.05 and age < 7 * _DAY_S):
        return None
    other = "came in" if f.outgoing else "went out"
    apart = share_text(math.expm1(distance)) if distance > 1e-4 else "less than 0.01 %"
    text = f"amount mirrors money that {other} {span_text(age)} before, {apart} apart"
    return text, {"difference": round(math.expm1(distance), 5), "seconds": round(age)}


def _passed_through(f: Facts) -> Statement | None:
    share = f["passed_through"]
    if not (share > 0.6 and f.window >= 1):
        return None
    text = f"{share_text(share)} of the recent turnover passed through (came in and went out)"
    return text, {"share": round(share, 4)}


def _burst(f: Facts) -> Statement | None:
    n = int(f["burst"]) if f.window else 0
    if n < 3:
        return None
    at_least = "at least " if n == f.window else ""
    return f"{at_least}{n} other payments within the last 24 hours", {"events": n}


def _fan(f: Facts) -> Statement | None:
    n = int(f["fan"]) if f.window else 0
    if n < 3:
        return None
    return f"{n} different counterparties within the last 24 hours", {"counterparties": n}


def _awakened(f: Facts) -> Statement | None:
    gap = math.expm1(f["gap"]) if f.window else math.nan
    excess = f["gap_vs_all_max"]
    if not (gap > 7 * _DAY_S and excess > math.log(1.5)):
        return None
    longest = math.expm1(f["gap"] - excess)
    text = f"silent for {span_text(gap)}; the longest pause before was {span_text(longest)}"
    return text, {"days": round(gap / _DAY_S, 2), "longest_days": round(longest / _DAY_S, 2)}


def _below_threshold(f: Facts) -> Statement | None:
    distance = f["below_threshold"]
    if not 0 < distance < 0.12:
        return None
    limit = f.observation.amount / (1 - distance)
    text = f"amount is {share_text(distance)} below the threshold of {limit:,.0f} US dollars"
    return text, {"below": round(distance, 5), "threshold": round(limit)}


def _equal_amounts(f: Facts) -> Statement | None:
    n = int(f["equal_amounts"]) if f.window else 0
    if n < 2:
        return None
    return (
        f"{n} of the last {f.window} payments have the same amount",
        {"equal": n, "events": f.window},
    )


def _odd_hour(f: Facts) -> Statement | None:
    apart = f["hour_deviation"]
    if not (apart >= 3 and f.window >= 3):
        return None
    hour = f["hour"]
    clock = f"{int(hour):02d}:{int(hour % 1 * 60):02d}"
    text = f"made at {clock} New York time, {apart:.1f} hours from the usual time of day"
    return text, {"hour": round(hour, 3), "hours_apart": round(apart, 3)}


def _round_amount(f: Facts) -> Statement | None:
    amount = f.observation.amount
    if f["roundness"] < 4 or amount < 10_000:
        return None
    return f"a round amount of {amount:,.0f} US dollars", {"amount": amount}


def _busiest(f: Facts) -> Statement | None:
    ratio = f["peak_count_ratio"]
    if not (ratio > 1.1 and f.window >= 3):
        return None
    text = f"more active than ever: {ratio:.1f} times its own busiest day (decayed count)"
    return text, {"ratio": round(ratio, 3)}


def _new_direction(f: Facts) -> Statement | None:
    if f.window < 3 or f["same_role_events"] != 0:
        return None
    n = int(f["events_seen"])
    return f"first {f.kind} payment after {n} of the other direction", {"events": n}


def _newcomer(f: Facts) -> Statement | None:
    n = int(f["events_seen"])
    if not 1 <= n <= 5:
        return None
    text = f"known for {n} payment{'s' * (n > 1)} and {span_text(f['days_known'] * _DAY_S)}"
    return text, {"events": n, "days": round(f["days_known"], 3)}


def _exposure(f: Facts) -> Statement | None:
    if f.exposure <= 0:
        return None
    text = f"{share_text(f.exposure)} exposure to flagged entities through the payment graph"
    return text, {"exposure": round(f.exposure, 5)}


def _purpose(f: Facts) -> Statement | None:
    purpose = f.observation.purpose
    if f["purpose_count"] != 0 or purpose is None:
        return None
    text = f"purpose {purpose} is new: none of the last {f.window} payments had it"
    if f.window == 1:
        text = f"purpose {purpose} is new: the one payment before had another"
    return text, {"purpose": purpose, "events": f.window}


_WEEK_FLOWS: Final = ("usd_same_7d", "usd_other_7d", "amount_vs_week", "peak_sum_ratio")

RULES: Final = (
    Rule("amount_above_own_maximum", ("amount_vs_all_max", "amount_vs_max", "amount_z"), _largest),
    Rule("amount_above_usual", ("amount_vs_mean", *_WEEK_FLOWS), _above_usual),
    Rule(
        "new_counterparty",
        ("counterparty_count", "counterparty_share"),
        _new_counterparty,
    ),
    Rule("new_corridor", ("corridor_count", "corridor_share", "other_region"), _new_corridor),
    Rule("new_bank", ("agent_count", "agent_share"), _new_bank),
    Rule("mirrored_amount", ("mirror_best", "mirror_age", "mirror_last"), _mirror),
    Rule("pass_through", ("passed_through", "balance", "usd_other_1d"), _passed_through),
    Rule("burst", ("burst", "n_same_1d", "n_other_1d", "gap_same_role"), _burst),
    Rule("fan", ("fan",), _fan),
    Rule("awakened", ("gap", "dormancy", "gap_vs_all_max", "gap_z", "days_since_role"), _awakened),
    Rule("below_threshold", ("below_threshold",), _below_threshold),
    Rule("equal_amounts", ("equal_amounts",), _equal_amounts),
    Rule("odd_hour", ("hour", "hour_deviation", "hour_share"), _odd_hour),
    Rule("round_amount", ("roundness",), _round_amount),
    Rule("busiest_day", ("peak_count_ratio", "acceleration", "rhythm"), _busiest),
    Rule("new_direction", ("role_share", "same_role_events", "other_role_events"), _new_direction),
    Rule("new_purpose", ("purpose_count", "purpose_share"), _purpose),
    Rule("newcomer", ("events_seen", "days_known"), _newcomer),
    Rule("new_other_side", other_side.ACQUAINTANCE, other_side.new),
    Rule("busy_other_side", other_side.ACTIVITY, other_side.busy),
    Rule("other_side_conduct", (HEARD,), other_side.conduct),
    Rule("new_others", other_side.EARLIER, other_side.new_before),
    Rule(EXPOSURE, (), _exposure),
)
"""All statements that a reason can make. Order decides nothing."""
