from __future__ import annotations

import math
import random
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest

from pipeline.encoding import N_FEATURES, N_FIELDS, Histories, ObservationColumns, append, encode
from pipeline.encoding.aggregates import FEATURES
from pipeline.scoring.facts import Evidence, Facts, share_text, span_text
from pipeline.scoring.reasons import MAX_REASONS, RULES, explain
from schemas.records import Observation, Role
from schemas.standing import Standing
from tests.scoring.logs import observation

SLOT = np.array([0])
DAY_S = 86_400.0


def _facts(
    past: list[Observation],
    new: Observation,
    contributions: dict[str, float] | None = None,
    exposure: float = 0.0,
    heard: float = 0.0,
) -> Facts:
    """Facts as the engine has them, from the real encoding."""
    histories = Histories.allocate(1)
    for one in past:
        columns = ObservationColumns.from_observations([one])
        append(columns, encode(columns, histories, SLOT), histories, SLOT)
    encoded = encode(ObservationColumns.from_observations([new]), histories, SLOT)
    shares = np.zeros(N_FEATURES + N_FIELDS, np.float32)
    for name, share in (contributions or {}).items():
        shares[FEATURES.index(name)] = share
    surprise = np.linspace(0.1, 3.0, N_FIELDS).astype(np.float32)
    window = min(len(past), 16)
    return Facts(
        *(new, encoded.features[0], shares, surprise, window, heard, exposure, 1.5 * exposure)
    )


def _same(past: list[Observation], new: Observation) -> list[Observation]:
    return [p for p in past if p.role is new.role]


def _seconds(earlier: Observation, new: Observation) -> float:
    return max((new.event_at - earlier.event_at).total_seconds(), 0.0)


def _recent(past: list[Observation], new: Observation) -> list[Observation]:
    return [p for p in past[-16:] if _seconds(p, new) <= DAY_S]


def _check_maximum(past: list[Observation], new: Observation, e: Evidence) -> bool:
    same = _same(past, new)
    largest = max(p.amount for p in same)
    return e["events"] == len(same) and e["ratio"] == pytest.approx(new.amount / largest, rel=2e-3)


def _check_usual(past: list[Observation], new: Observation, e: Evidence) -> bool:
    same = _same(past[-16:], new)
    typical = math.exp(sum(math.log(p.amount) for p in same) / len(same))
    return e["events"] == len(same) and e["ratio"] == pytest.approx(new.amount / typical, rel=2e-3)


def _check_mirror(past: list[Observation], new: Observation, e: Evidence) -> bool:
    other = [p for p in past[-16:] if p.role is not new.role]
    best = min(other, key=lambda p: abs(math.log(p.amount / new.amount)))
    difference = math.expm1(abs(math.log(best.amount / new.amount)))
    close = e["difference"] == pytest.approx(difference, abs=1e-4)
    return close and e["seconds"] == pytest.approx(_seconds(best, new), rel=1e-3, abs=1)


def _check_awakened(past: list[Observation], new: Observation, e: Evidence) -> bool:
    gaps = [_seconds(a, b) for a, b in pairwise(past)]
    silent = e["days"] == pytest.approx(_seconds(past[-1], new) / DAY_S, rel=1e-2)
    return silent and e["longest_days"] == pytest.approx(max(gaps) / DAY_S, rel=1e-2, abs=0.01)


def _check_equal(past: list[Observation], new: Observation, e: Evidence) -> bool:
    return e["equal"] == sum(abs(p.amount / new.amount - 1) < 1e-4 for p in past[-16:])


def _busy(new: Observation) -> float:
    standing = new.counterparty_standing
    assert standing is not None
    idle_days = max((new.event_at - standing.last_at).total_seconds(), 0.0) / DAY_S
    known = standing.in_1d if new.role is Role.DEBTOR else standing.out_1d
    return float(known * 2**-idle_days)


def _days_known(past: Observation) -> float:
    standing = past.counterparty_standing
    return 0.0 if standing is None else _seconds_since(standing.first_at, past) / DAY_S


def _seconds_since(at: datetime, new: Observation) -> float:
    return (new.event_at - at).total_seconds()


CHECKS: dict[str, Callable[[list[Observation], Observation, Evidence], bool]] = {
    "amount_above_own_maximum": _check_maximum,
    "amount_above_usual": _check_usual,
    "new_counterparty": lambda past, new, e: (
        new.counterparty not in {p.counterparty for p in past[-16:]}
    ),
    "new_corridor": lambda past, new, e: (
        e["country"] not in {p.counterparty_country for p in past[-16:]}
    ),
    "new_bank": lambda past, new, e: e["bank"] not in {p.counterparty_agent for p in past[-16:]},
    "new_purpose": lambda past, new, e: e["purpose"] not in {p.purpose for p in past[-16:]},
    "mirrored_amount": _check_mirror,
    "burst": lambda past, new, e: e["events"] == len(_recent(past, new)),
    "fan": lambda past, new, e: (
        e["counterparties"] == len({p.counterparty for p in _recent(past, new)})
    ),
    "awakened": _check_awakened,
    "below_threshold": lambda past, new, e: (
        e["below"] == pytest.approx(1 - new.amount / float(e["threshold"]), abs=1e-3)
    ),
    "equal_amounts": _check_equal,
    "round_amount": lambda past, new, e: new.amount % 1000 == 0,
    "new_direction": lambda past, new, e: not _same(past, new) and e["events"] == len(past),
    "newcomer": lambda past, new, e: e["events"] == len(past),
    "new_other_side": lambda past, new, e: (
        e["events"] == (new.counterparty_standing.events if new.counterparty_standing else 0)
    ),
    "busy_other_side": lambda past, new, e: _busy(new) == pytest.approx(e["payments"], abs=0.01),
    "new_others": lambda past, new, e: all(_days_known(p) <= 1 for p in past[-16:]),
}


def _strange(random_: random.Random) -> tuple[list[Observation], Observation]:
    """A history, and a payment that differs from it in some ways, and in others not."""
    minute = 0.0
    past = []
    one_way = random_.choice((None, None, Role.CREDITOR))
    for _ in range(random_.randrange(20)):
        minute += random_.choice((3, 60, 600))
        amount = random_.choice((None, 5000.0))
        past.append(observation(random_, 1, minute, amount=amount, role=one_way))
    minute += random_.choice((5, 300, 60 * 24 * 40))
    amounts = [1_000_000.0, 9_900.0, 5000.0, *(p.amount * 1.001 for p in past[-1:])]
    new = observation(
        random_,
        1,
        minute,
        amount=round(random_.choice(amounts), 2),
        counterparty=random_.choice((None, 5000)),
    )
    country = random_.choice(("US", "KY", None))
    past = [p.model_copy(update={"counterparty_standing": _some(random_, p)}) for p in past]
    update = {"counterparty_country": country, "counterparty_standing": _some(random_, new)}
    return past, new.model_copy(update=update)


def _some(random_: random.Random, payment: Observation) -> Standing | None:
    """A standing of a newcomer, of somebody established, or none."""
    days = random_.choice((None, 0.4, 0.5, 30.0))
    if days is None:
        return None
    payments = random_.randrange(1, 9)
    return Standing(
        events=payments,
        first_at=payment.event_at - timedelta(days=days),
        last_at=payment.event_at - timedelta(days=days / 2),
        out_1d=payments,
        in_1d=payments / 2,
        out_7d=payments,
        in_7d=payments,
        all_30d=payments,
        usd_out_1d=100.0,
        usd_in_1d=50.0,
        new_agents_7d=1.0,
        counterparties=1,
        agents=1,
    )


def test_every_statement_is_true_of_the_profile() -> None:
    random_ = random.Random(5)
    stated: set[str] = set()
    for _ in range(80):
        past, new = _strange(random_)
        facts = _facts(past, new)
        for rule in RULES:
            statement = rule.state(facts)
            if statement is not None and rule.code in CHECKS:
                text, evidence = statement
                assert CHECKS[rule.code](past, new, evidence), (rule.code, text, evidence)
                stated.add(rule.code)
    assert stated == set(CHECKS)


def test_the_sentence_carries_the_numbers() -> None:
    random_ = random.Random(1)
    past = [observation(random_, 1, n, amount=100.0, role=Role.DEBTOR) for n in range(12)]
    new = observation(random_, 1, 20, amount=410.0, role=Role.DEBTOR)
    (reason, *_) = explain(_facts(past, new, {"amount_vs_all_max": 2.0}))
    assert reason.text == "amount is 4.1 times the own maximum in 12 outgoing payments"
    assert reason.evidence == {"ratio": 4.1, "events": 12, "amount": 410.0}
    assert reason.weight == 1.0


def test_reasons_are_ordered_by_their_share_of_the_evidence() -> None:
    random_ = random.Random(1)
    past = [observation(random_, 1, n, amount=100.0, role=Role.DEBTOR) for n in range(12)]
    new = observation(random_, 1, 20, amount=410.0, role=Role.DEBTOR, counterparty=7)
    shares = {"amount_vs_all_max": 1.0, "counterparty_count": 2.0, "weekday": 1.0}
    reasons = explain(_facts(past, new, shares))
    assert [r.code for r in reasons] == ["new_counterparty", "amount_above_own_maximum"]
    assert [r.weight for r in reasons] == [0.5, 0.25]
    assert len(explain(_facts(past, new, dict.fromkeys(FEATURES, 1.0)))) == MAX_REASONS


def test_exposure_is_a_reason_only_as_far_as_it_raised_the_score() -> None:
    random_ = random.Random(1)
    past = [observation(random_, 1, n) for n in range(4)]
    facts = _facts(past, observation(random_, 1, 9), {"weekday": 0.57}, exposure=0.38)
    reason, own = explain(facts)
    assert (reason.code, own.code) == ("exposure", "unlike_own_history")
    assert reason.text.startswith("38 % exposure")
    assert (reason.weight, own.weight) == pytest.approx((0.5, 0.5))


def test_the_other_sides_conduct_is_a_reason_only_as_far_as_it_raised_the_score() -> None:
    random_ = random.Random(1)
    past = [observation(random_, 1, n) for n in range(4)]
    new = observation(random_, 1, 9)
    reason, own = explain(_facts(past, new, {"events_seen": 0.5}, heard=math.log(4)))
    assert (reason.code, own.code) == ("other_side_conduct", "newcomer")
    assert reason.text == "the other side's own last payments raise the odds of risk 4.0 times"
    assert reason.weight == pytest.approx(math.log(4) / (math.log(4) + 0.5), abs=1e-4)
    for little in (-1.0, 0.1):
        (alone,) = explain(_facts(past, new, {"events_seen": 0.5}, heard=little))
        assert alone.code == "newcomer"


def test_there_is_always_a_reason() -> None:
    random_ = random.Random(1)
    (first,) = explain(_facts([], observation(random_, 1, 0)))
    assert first.code == "first_payment"
    past = [observation(random_, 1, n) for n in range(9)]
    (later,) = explain(_facts(past, observation(random_, 1, 9)))
    assert later.code == "unlike_own_history"
    assert later.evidence["events"] == 9


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(5, "5 seconds"), (130, "2 minutes"), (10_000, "3 hours"), (86_400 * 40, "40 days")],
)
def test_durations_read_as_a_person_would_say(seconds: float, text: str) -> None:
    assert span_text(seconds) == text


def test_small_shares_keep_their_digits() -> None:
    assert (share_text(0.38), share_text(0.0123), share_text(0.00045)) == (
        *("38 %", "1.2 %"),
        "0.045 %",
    )
