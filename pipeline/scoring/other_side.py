"""What may be said of the other side of a payment, and of the other sides before it."""

from __future__ import annotations

import math
from typing import Final

from pipeline.encoding.fields import FIELDS
from pipeline.encoding.others import OTHERS
from pipeline.scoring.facts import Facts, Statement, span_text

ACQUAINTANCE: Final = (
    *("standing_events", "standing_days_known", "standing_idle_days"),
    *("standing_counterparties", "standing_agents", "standing_new_agent_rate"),
)
"""Features that say how well the other side is known."""
ACTIVITY: Final = (
    *("standing_n_same_1d", "standing_n_same_7d", "standing_usd_same_1d"),
    *("standing_n_other_1d", "standing_n_other_7d", "standing_usd_other_1d"),
    "standing_acceleration",
)
"""Features that say how busy it has been."""
EARLIER: Final = tuple(name for name in OTHERS if "days_known" in name)
"""Features that say how well the other sides of the last payments were known."""

_DAY_S: Final = 86_400.0
_FEW: Final = 5
_BUSY: Final = 3
_TELLING: Final = math.log(1.25)
_DAYS_KNOWN: Final = next(f for f in FIELDS if f.name == "standing_days_known")
_BELOW_A_DAY: Final = 1 + _DAYS_KNOWN.edges.index(1)
"""Highest code of an acquaintance of less than a day."""


def new(f: Facts) -> Statement | None:
    """It is new itself, or known for a few payments only."""
    n = round(math.expm1(f["standing_events"]))
    if n == 0:
        return "the other side is new too: no payment of it was known", {"events": 0}
    days = f["standing_days_known"]
    if n > _FEW and days > 1:
        return None
    text = f"the other side was known for {n} payment{'s' * (n > 1)} and {span_text(days * _DAY_S)}"
    return text, {"events": n, "days": round(days, 3)}


def busy(f: Facts) -> Statement | None:
    """It makes, or takes in, many payments these days."""
    n = math.expm1(f["standing_n_same_1d"])
    if not n >= _BUSY:
        return None
    did = "took in" if f.outgoing else "made"
    text = f"the other side {did} about {n:.0f} payments within a day (decayed count)"
    return text, {"payments": round(n, 2)}


def conduct(f: Facts) -> Statement | None:
    """Its own last payments are such as risky payments go with."""
    if f.heard_log_odds < _TELLING:
        return None
    times = math.exp(f.heard_log_odds)
    text = f"the other side's own last payments raise the odds of risk {times:,.1f} times"
    return text, {"odds_ratio": round(times, 3)}


def new_before(f: Facts) -> Statement | None:
    """The other sides of the last payments were new when they came."""
    if not (f.window >= 2 and f["others_days_known_max"] <= _BELOW_A_DAY):
        return None
    text = f"nobody on the other side of the last {f.window} payments had been known for a day"
    return text, {"events": f.window}
