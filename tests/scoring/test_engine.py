from __future__ import annotations

import random

import pytest

from pipeline.model.checkpoint import Checkpoint
from pipeline.scoring.arena import MATTERS
from pipeline.scoring.backtest import replay
from pipeline.scoring.effects import Effects, LogRecord
from pipeline.scoring.engine import ProfileEngine
from schemas.alert import Action
from schemas.records import Disposition, ExposureUpdate, FlagState, Observation, Role, Verdict
from schemas.score import Band, Score, Tier
from tests.scoring.logs import disposition, entity_id, exposure, mixed_log, observation
from tests.scoring.runs import SENSITIVE, engine_of, feed, patient


class Stream:
    """Records fed one by one to an engine."""

    def __init__(self, engine: ProfileEngine) -> None:
        self.engine = engine
        self._offset = 0

    def send(self, record: Observation | ExposureUpdate | Disposition) -> Effects:
        self._offset += 1
        return feed(self.engine, [LogRecord(0, self._offset, record)])[0]


def _payments(n: int, entity: int = 1, seed: int = 0) -> list[Observation]:
    random_ = random.Random(seed)
    return [observation(random_, entity, 7.0 * i) for i in range(n)]


def test_every_new_payment_is_scored_once_and_repeats_are_counted(checkpoint: Checkpoint) -> None:
    stream = Stream(engine_of(checkpoint))
    payments = _payments(5)
    effects = [stream.send(p) for p in payments + payments]
    assert [len(e.scores) for e in effects] == [1] * 5 + [0] * 5
    assert [e.repeats for e in effects] == [0] * 5 + [1] * 5
    assert [s.events_seen for e in effects for s in e.scores] == list(range(5))


def test_the_first_payment_rests_on_the_prior_and_adaptation_lifts_the_tier(
    checkpoint: Checkpoint,
) -> None:
    stream = Stream(engine_of(checkpoint))
    tiers = set()
    for entity in range(8):
        payments = _payments(20, entity, entity)
        scores = [s for p in payments for s in stream.send(p).scores]
        assert scores[0].tier is Tier.PRIOR
        assert all((s.tier is Tier.ADAPTED) == (s.prompt_version > 0) for s in scores[1:])
        tiers |= {s.tier for s in scores[1:]}
        adapted = {s.events_seen + 1 for s in scores if s.inner_steps}
        calm = {s.events_seen + 1 for s in scores if s.probability < SENSITIVE.learn_threshold}
        assert adapted <= calm & {1, 2, 3, 4, 6, 8, 12, 16}
    assert tiers == {Tier.IN_CONTEXT, Tier.ADAPTED}


def test_risky_payments_teach_the_prompt_nothing(checkpoint: Checkpoint) -> None:
    scores = []
    stream = Stream(engine_of(checkpoint))
    for seed in range(8):
        scores += [s for p in _payments(8, seed, seed) for s in stream.send(p).scores]
    risky = [s for s in scores if s.probability >= SENSITIVE.learn_threshold]
    assert risky
    assert all(s.inner_steps == 0 for s in risky)


def test_exposure_raises_the_next_score_and_no_flag(checkpoint: Checkpoint) -> None:
    plain, exposed = Stream(engine_of(checkpoint)), Stream(engine_of(checkpoint))
    for entity in range(8):
        effects = exposed.send(exposure(entity, -1, 0.9))
        assert (effects.scores, effects.flags, effects.alerts) == ([], [], [])
    matters: tuple[set[str], set[str]] = set(), set()
    for payment in [each for entity in range(8) for each in _payments(8, entity, entity)]:
        one, other = plain.send(payment), exposed.send(payment)
        (before,), (after,) = one.scores, other.scores
        assert after.probability > before.probability
        assert after.exposure == pytest.approx(0.9)
        assert after.inner_steps == before.inner_steps
        assert [f.state for f in one.flags] == [f.state for f in other.flags]
        for seen, each in zip(matters, (one, other), strict=True):
            seen.update(a.dedup_key for a in each.alerts)
    assert matters[0] < matters[1]


def test_an_older_exposure_does_not_replace_a_newer_one(checkpoint: Checkpoint) -> None:
    stream = Stream(engine_of(checkpoint))
    stream.send(exposure(1, 5, 0.2))
    stream.send(exposure(1, 1, 0.9))
    (score,) = stream.send(_payments(1)[0]).scores
    assert score.exposure == pytest.approx(0.2)


def test_alerts_and_flags_agree_with_scores(checkpoint: Checkpoint) -> None:
    scores: dict[tuple[str, str, Role], Score] = {}
    alerts, flags = [], []
    for effects in feed(engine_of(checkpoint), mixed_log(3, 300, entities=12)):
        scores |= {(s.uetr, s.entity, s.role): s for s in effects.scores}
        alerts += effects.alerts
        flags += effects.flags
    assert alerts
    for alert in alerts:
        score = scores[alert.uetr, alert.entity, alert.role]
        assert alert.probability == score.probability >= alert.threshold
        assert (alert.band, alert.tier, alert.events_seen) == (
            *(score.band, score.tier),
            score.events_seen,
        )
        assert alert.band in (Band.HIGH, Band.CRITICAL)
        assert 0 < sum(r.weight for r in alert.reasons) <= 1.001
    published = {alert.alert_id for alert in alerts}
    by_score = [f for f in flags if f.severity < 1 and f.revision == 0]
    assert by_score
    assert all(f.alert_id in published for f in by_score)


def test_the_same_matter_is_not_alerted_again_within_its_cooldown(checkpoint: Checkpoint) -> None:
    stream = Stream(engine_of(checkpoint))
    alerts = [a for p in _payments(60, seed=5) for a in stream.send(p).alerts]
    assert alerts
    ranks = list(Band)
    for i, alert in enumerate(alerts):
        remembered = alerts[max(i - MATTERS, 0) : i]
        before = [a.band for a in remembered if a.dedup_key == alert.dedup_key]
        flagged = alert.band is Band.CRITICAL
        assert flagged or all(ranks.index(b) < ranks.index(alert.band) for b in before)


def _first_alert(stream: Stream, entity: int) -> tuple[Observation, Effects] | None:
    for payment in _payments(30, entity, entity):
        effects = stream.send(payment)
        if effects.alerts and effects.flags:
            return payment, effects
    return None


def test_answers_reach_flag_and_memory(checkpoint: Checkpoint) -> None:
    stream = Stream(engine_of(checkpoint))
    found = next(f for f in (_first_alert(stream, e) for e in range(1, 20)) if f)
    payment, effects = found
    (alert,) = effects.alerts
    entity = int(payment.entity.removeprefix("party:"), 16)
    confirmed = stream.send(disposition(entity, 900, alert.alert_id, Verdict.CONFIRMED))
    assert [(f.state, f.severity) for f in confirmed.flags] == [(FlagState.RAISED, 1.0)]
    cleared = stream.send(disposition(entity, 901, alert.alert_id, Verdict.CLEARED))
    assert [f.state for f in cleared.flags] == [FlagState.CLEARED]
    assert [c.state for c in cleared.flag_changes] == [FlagState.CLEARED]
    again = stream.send(disposition(entity, 901, alert.alert_id, Verdict.CLEARED))
    assert (again.repeats, again.flags) == (1, [])


def test_a_hot_entity_in_one_batch_is_served_in_order(checkpoint: Checkpoint) -> None:
    log = [LogRecord(0, i, p) for i, p in enumerate(_payments(40))]
    early = engine_of(checkpoint).process(log, patient())
    assert [s.events_seen for s in early.scores] == list(range(40))
    assert early.touched == [entity_id(1)]
    assert early.deferred is None


def test_messages_abstain_where_their_interval_reaches_over_the_threshold(
    checkpoint: Checkpoint,
) -> None:
    effects = list(replay(engine_of(checkpoint), mixed_log(5, 300)))
    scores = [s for e in effects for s in e.scores]
    alerts = [a for e in effects for a in e.alerts]
    assert {s.abstains for s in scores} == {True, False}
    assert all(s.abstains == (s.lower < s.threshold <= s.upper) for s in scores)
    assert any(a.abstains for a in alerts)
    assert not any(a.abstains and a.action is Action.HOLD_AND_REVIEW for a in alerts)
