"""A payment with one field put back to what is usual for its counterparty."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta
from itertools import pairwise
from statistics import fmean, median
from typing import Any

import numpy as np

from pipeline.encoding.fields import FIELDS
from pipeline.encoding.local_time import hour_and_weekday
from pipeline.moments import milliseconds
from schemas.records import Observation, Role
from schemas.standing import Standing

Past = Sequence[Observation]
Change = Callable[[Past, Observation], Observation | None]

WINDOW = 16
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)


def usual(code: str, field: str, past: Past, new: Observation) -> Observation | None:
    """The payment as it would have been had the reason's field been usual.

    None if the reason names nothing of the payment itself, or if the past does not say what
    would be usual. ``field`` is the one that ``unlike_own_history`` names.
    """
    change = CHANGES.get(code) or FIELD_CHANGES.get(field)
    changed = change(past, new) if change and past else None
    return None if changed == new else changed


def _amount(past: Past, new: Observation) -> Observation | None:
    """The geometric mean of the own payments of this direction, else of all."""
    same = [p for p in past[-WINDOW:] if p.role is new.role] or past[-WINDOW:]
    mean = math.exp(fmean(math.log(p.amount) for p in same))
    return new.model_copy(update={"amount": round(mean, 2)})


def _most_frequent(past: Past, new: Observation, *names: str) -> Observation | None:
    """These fields as most of the own payments have them, those of this direction first."""
    same = [p for p in past[-WINDOW:] if p.role is new.role] or past[-WINDOW:]
    values: Counter[tuple[Any, ...]] = Counter(
        tuple(getattr(p, name) for name in names) for p in same
    )
    return new.model_copy(update=dict(zip(names, values.most_common(1)[0][0], strict=True)))


def _counterparty(past: Past, new: Observation) -> Observation | None:
    return _most_frequent(past, new, "counterparty", "counterparty_agent", "counterparty_country")


def _later(past: Past, new: Observation) -> Observation | None:
    """Two days later, on a business day: after whatever crowd it came in."""
    moved = new.event_at + 2 * _DAY
    while moved.weekday() >= 5:
        moved += _DAY
    return new.model_copy(update={"event_at": moved})


def _usual_gap(past: Past, new: Observation) -> Observation | None:
    gaps = [max(b.event_at - a.event_at, timedelta()) for a, b in pairwise(past)]
    if not gaps:
        return None
    return new.model_copy(update={"event_at": past[-1].event_at + median(gaps)})


def _usual_hour(past: Past, new: Observation) -> Observation | None:
    """At the mean time of day, the nearest one that is not before the last payment."""
    angles = [2 * math.pi * _hour(p) / 24 for p in past[-WINDOW:]]
    mean = math.atan2(fmean(map(math.sin, angles)), fmean(map(math.cos, angles)))
    shift = (24 * mean / (2 * math.pi) - _hour(new) + 12) % 24 - 12
    moved = new.event_at + shift * _HOUR
    if moved < past[-1].event_at:
        moved += _DAY
    return new.model_copy(update={"event_at": moved})


def _hour(observation: Observation) -> float:
    return float(hour_and_weekday(np.array([milliseconds(observation.event_at)]))[0][0])


def _other_direction(past: Past, new: Observation) -> Observation | None:
    other = Role.CREDITOR if new.role is Role.DEBTOR else Role.DEBTOR
    return new.model_copy(update={"role": other})


def _well_known(past: Past, new: Observation) -> Observation | None:
    """The other side as well known as the best known one of the past, as long before."""
    known = [(s, p.event_at) for p in past[-WINDOW:] if (s := p.counterparty_standing)]
    if not known:
        return None
    standing, then = max(known, key=lambda pair: _known_for(pair[0]))
    now = new.counterparty_standing
    if now is not None and _known_for(now) >= _known_for(standing):
        return None
    later = new.event_at - then
    moved = {"first_at": standing.first_at + later, "last_at": standing.last_at + later}
    return new.model_copy(update={"counterparty_standing": standing.model_copy(update=moved)})


def _known_for(standing: Standing) -> timedelta:
    return standing.last_at - standing.first_at


def _quiet(past: Past, new: Observation) -> Observation | None:
    """The other side as busy in the last day as in its last week, if it was busier."""
    standing = new.counterparty_standing
    if standing is None:
        return None
    update = {}
    for way in ("in", "out"):
        today, usual_day = getattr(standing, f"{way}_1d"), getattr(standing, f"{way}_7d") / 7
        if today > usual_day:
            money = getattr(standing, f"usd_{way}_1d") * usual_day / today
            update |= {f"{way}_1d": usual_day, f"usd_{way}_1d": money}
    return new.model_copy(update={"counterparty_standing": standing.model_copy(update=update)})


def _silent(past: Past, new: Observation) -> Observation | None:
    """The other side as if no language model had read its payments."""
    standing = new.counterparty_standing
    if standing is None or standing.state is None:
        return None
    known = standing.model_copy(update={"state": None})
    return new.model_copy(update={"counterparty_standing": known})


def _frequent(*names: str) -> Change:
    return lambda past, new: _most_frequent(past, new, *names)


CHANGES: dict[str, Change] = {
    **dict.fromkeys(
        (
            *("amount_above_own_maximum", "amount_above_usual", "mirrored_amount"),
            *("below_threshold", "equal_amounts", "round_amount", "pass_through"),
        ),
        _amount,
    ),
    "new_counterparty": _counterparty,
    "new_corridor": _frequent("counterparty_country"),
    "new_bank": _frequent("counterparty_agent"),
    "new_purpose": _frequent("purpose"),
    "odd_hour": _usual_hour,
    "awakened": _usual_gap,
    **dict.fromkeys(("burst", "fan", "busiest_day"), _later),
    "new_direction": _other_direction,
    "new_other_side": _well_known,
    "busy_other_side": _quiet,
    "other_side_conduct": _silent,
}
FIELD_CHANGES: dict[str, Change] = {
    **{f.name: _well_known for f in FIELDS if f.kind == "standing"},
    **dict.fromkeys(
        (
            *("log_amount", "roundness", "below_threshold", "amount_vs_mean", "amount_vs_max"),
            *("amount_vs_same_counterparty", "mirror_last", "mirror_best", "equal_amounts"),
        ),
        _amount,
    ),
    **dict.fromkeys(("hour", "hour_deviation"), _usual_hour),
    **dict.fromkeys(("gap", "gap_same_role", "rhythm", "dormancy"), _usual_gap),
    **dict.fromkeys(("burst", "fan"), _later),
    **dict.fromkeys(("counterparty_count", "counterparty_age"), _counterparty),
    "agent_count": _frequent("counterparty_agent"),
    **dict.fromkeys(
        ("corridor_count", "other_region", "domestic"), _frequent("counterparty_country")
    ),
    **dict.fromkeys(("purpose", "purpose_count"), _frequent("purpose")),
    **dict.fromkeys(("local_instrument", "instrument_count"), _frequent("local_instrument")),
}
