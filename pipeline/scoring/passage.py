"""A batch on its way: score wave by wave, decide, adapt what is due.

State depends on the log alone: what is adapted, flagged and alerted follows from the best
tier of every score. The clock decides only which scores are published at a lower tier and
what is put off until after publishing; :meth:`Passage.advance` then goes on where it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from pipeline.encoding.history import WINDOW
from pipeline.scoring.alerts import Moment, Verdict, alert_of, score_of
from pipeline.scoring.arena import Arena
from pipeline.scoring.budget import Budget
from pipeline.scoring.decisions import Alerted, Decisions
from pipeline.scoring.effects import Effects, Recorded
from pipeline.scoring.intake import Intake, Rows, occurrence
from pipeline.scoring.ladder import StageCost, best_tier
from pipeline.scoring.policy import Policy
from pipeline.scoring.scorer import Scorer
from pipeline.scoring.verdicts import Verdicts
from schemas import ids
from schemas.score import StageTimings, Tier

_RESERVE_MS = 10.0
"""Kept back of every budget for building and publishing messages."""


@dataclass(slots=True)
class Costs:
    """What the stages cost; learned while the engine runs."""

    score: StageCost = field(default_factory=lambda: StageCost(fixed_ms=3.0, row_ms=0.2))
    adapt: StageCost = field(default_factory=lambda: StageCost(fixed_ms=8.0, row_ms=1.0))


@dataclass(frozen=True, slots=True)
class Machine:
    """The parts of an engine that a batch passes through."""

    arena: Arena
    scorer: Scorer
    decisions: Decisions
    policy: Policy
    costs: Costs


@dataclass(frozen=True, slots=True)
class _Adapting:
    """Rows that adapt, with the states of their scoring, [n, WINDOW + 2, d]."""

    rows: Rows
    states: npt.NDArray[np.float32]


class Passage:
    """One batch between its intake and its last effect."""

    def __init__(
        self,
        machine: Machine,
        intake: Intake,
        budget: Budget,
        started_ms: float,
        recorded: Mapping[str, Recorded] | None,
    ) -> None:
        self._machine = machine
        self._intake = intake
        self._budget = budget
        self._started_ms = started_ms
        self._encode_ms = budget.now() - started_ms
        self._score_ms = 0.0
        self._adapt_ms = 0.0
        self._recorded = self._follow(recorded)
        n = len(intake)
        self._full = Verdicts.empty(n)
        self._published = np.zeros(n, np.bool_)
        self._wave = 0
        self._to_adapt: _Adapting | None = None
        self._alerted: list[Alerted] = []

    def advance(self, *, hurried: bool) -> Effects:
        """Go on as far as the budget allows, or to the end.

        Args:
            hurried: put off what would make a payment late that is not late yet.

        Returns:
            What is ready; ``deferred`` is this passage if something was put off.
        """
        effects = Effects(touched=self._intake.touched)
        ready: list[Rows] = []
        finished = self._run_waves(effects, ready, hurried)
        rows = np.concatenate(ready) if ready else np.empty(0, np.intp)
        early = np.empty(0, np.intp) if finished else self._lower_tiers()
        self._emit(effects, rows, early)
        effects.deferred = None if finished else self
        return effects

    def _run_waves(self, effects: Effects, ready: list[Rows], hurried: bool) -> bool:
        """Run waves until the end or until time is short; True if all are done."""
        costs = self._machine.costs
        while self._wave < self._intake.waves:
            if self._to_adapt is None:
                rows = np.flatnonzero(self._intake.wave == self._wave)
                if hurried and not self._fits(costs.score.estimate_ms(len(rows))):
                    return False
                self._to_adapt = self._score_wave(rows, effects)
                ready.append(rows)
            if hurried and not self._fits(costs.adapt.estimate_ms(len(self._to_adapt.rows))):
                return False
            self._adapt(self._to_adapt, effects)
            self._to_adapt = None
            self._wave += 1
        return True

    def _fits(self, cost_ms: float) -> bool:
        """Whether a stage leaves every payment in time that is not late already."""
        remaining = self._remaining()
        waiting = remaining[(remaining > 0) & ~self._published]
        return not len(waiting) or cost_ms == 0 or bool(waiting.min() >= cost_ms + _RESERVE_MS)

    def _remaining(self) -> npt.NDArray[np.float64]:
        """Milliseconds left of every row's budget, [N]; negative where it is late."""
        return self._budget.remaining_ms(self._intake.arrived_ms)

    def _score_wave(self, rows: Rows, effects: Effects) -> _Adapting:
        """Score and decide one wave; returns what adapts after it."""
        began = self._budget.now()
        machine, intake, arena = self._machine, self._intake, self._machine.arena
        slots = intake.slot[rows]
        version = arena.prompt_version[slots].astype(np.int64)
        tier = best_tier(intake.seen[rows], version)
        outputs = machine.scorer.score(intake, rows, tier, arena.prompt[slots])
        # Of several events of one entity, which stand in order, the last one remains.
        arena.state[slots] = outputs.after
        self._full.put(rows, outputs, intake.exposure, machine.policy)
        self._full.tier[rows] = tier
        self._full.prompt_version[rows] = np.where(tier == Tier.PRIOR, 0, version)
        calm = outputs.probability < machine.policy.learn_threshold
        self._note_calm(rows, calm)
        answers = [a for a in intake.answers if a.wave == self._wave]
        decided = machine.decisions.decide(
            intake, rows, outputs, self._full.probability[rows], answers
        )
        self._alerted += decided.alerted
        effects.flags += [event.flag for event in decided.flags]
        effects.flag_changes += [event.change for event in decided.flags]
        spent = self._budget.now() - began
        self._score_ms += spent
        machine.costs.score.learn(len(rows), spent)
        due = intake.due[rows] & calm & machine.policy.adapts
        return _Adapting(rows[due], outputs.states[due])

    def _note_calm(self, rows: Rows, calm: npt.NDArray[np.bool_]) -> None:
        """Keep, beside each window, which of its events scored low."""
        intake, calm_events = self._intake, self._machine.arena.calm_events
        # A wave holds fewer events of an entity than a window: step through them in order.
        slots = intake.slot[rows]
        ranks = occurrence(slots)
        for rank in range(int(ranks.max(initial=-1)) + 1):
            at = np.flatnonzero(ranks == rank)
            seen = intake.seen[rows[at]]
            bits = calm_events[slots[at]].astype(np.int64)
            bits = np.where(seen >= WINDOW, bits >> 1, bits)
            place = np.minimum(seen, WINDOW - 1)
            bits = (bits & ~(1 << place)) | (calm[at].astype(np.int64) << place)
            calm_events[slots[at]] = bits.astype(np.uint16)

    def _adapt(self, adapting: _Adapting, effects: Effects) -> None:
        """Run the inner loop of profiles whose newest event is in these rows."""
        rows = adapting.rows
        if not len(rows):
            return
        began = self._budget.now()
        arena, intake, scorer = self._machine.arena, self._intake, self._machine.scorer
        slots = intake.slot[rows]
        bits = arena.calm_events[slots].astype(np.int64)
        trusted = (bits[:, None] >> np.arange(WINDOW)) & 1 == 1
        adapted = scorer.adapt(intake, rows, adapting.states, arena.prompt[slots], trusted)
        arena.prompt[slots] = adapted.prompts
        arena.prompt_version[slots] += adapted.accepted
        self._full.inner_steps[rows] = adapted.steps
        effects.adaptations += len(rows)
        spent = self._budget.now() - began
        self._adapt_ms += spent
        self._machine.costs.adapt.learn(len(rows), spent)

    def _lower_tiers(self) -> Rows:
        """Rows still unscored whose payments would be late if they waited for their tier.

        What is late already waits: it takes the full path.
        """
        costs, intake = self._machine.costs, self._intake
        unscored = intake.wave >= self._wave + (self._to_adapt is not None)
        due = int((intake.due & unscored).sum())
        due += 0 if self._to_adapt is None else len(self._to_adapt.rows)
        rest = costs.score.estimate_ms(int(unscored.sum())) + costs.adapt.estimate_ms(due)
        remaining = self._remaining()
        short = (remaining > 0) & (remaining < rest + 2 * _RESERVE_MS)
        return np.flatnonzero(unscored & short & ~self._published)

    def _follow(self, recorded: Mapping[str, Recorded] | None) -> dict[int, Recorded]:
        """What the clock decided before, by row."""
        if not recorded:
            return {}
        version = self._machine.scorer.model_version
        keys = [ids.score_id(o.uetr, o.entity, o.role, version) for o in self._intake.observations]
        return {row: recorded[key] for row, key in enumerate(keys) if key in recorded}

    def _emit(self, effects: Effects, full: Rows, early: Rows) -> None:
        """Build the messages of scored rows and of rows published at a lower tier."""
        scored = full[~self._published[full]]
        replayed = np.array([r for r in scored.tolist() if self._recorded_lower(r)], np.intp)
        lower, tiers = np.concatenate([early, replayed]), self._tiers_at(early, replayed)
        verdicts = self._verdicts_at(lower, tiers)
        for row in early.tolist():
            # What follows later, such as an alert, says of this score what was published.
            self._recorded[row] = Recorded(verdicts[row].tier, 0)
        scored_ms = self._budget.now()
        for row in scored.tolist():
            if row not in verdicts:
                verdicts[row] = self._verdict(row, self._full)
        observations, machine = self._intake.observations, self._machine
        common = machine.policy, machine.scorer.model_version
        for row in sorted(verdicts):
            moment = self._moment(row, scored_ms)
            effects.scores.append(score_of(observations[row], verdicts[row], moment, *common))
        self._published[list(verdicts)] = True
        for alerted in self._alerted:
            row = alerted.row
            verdict, moment = self._verdict(row, self._full), self._moment(row, scored_ms)
            effects.alerts.append(alert_of(observations[row], verdict, alerted, moment, *common))
        self._alerted = []

    def _recorded_lower(self, row: int) -> bool:
        known = self._recorded.get(row)
        return known is not None and known.tier < self._full.tier[row]

    def _tiers_at(self, early: Rows, replayed: Rows) -> npt.NDArray[np.int8]:
        """Tiers to publish: of early rows what time allows, of replayed ones as recorded."""
        tier = Tier.PRIOR
        if len(early) and self._fits(self._machine.costs.score.estimate_ms(len(early))):
            tier = Tier.IN_CONTEXT
        now = np.where(self._intake.seen[early] > 0, tier, Tier.PRIOR)
        then = [self._recorded[r].tier for r in replayed.tolist()]
        return np.array([*now.tolist(), *then], np.int8)

    def _verdicts_at(self, rows: Rows, tiers: npt.NDArray[np.int8]) -> dict[int, Verdict]:
        """Verdicts of rows at lower tiers: without their own prompts."""
        if not len(rows):
            return {}
        scorer, intake = self._machine.scorer, self._intake
        start = np.broadcast_to(scorer.start_prompt, (len(rows), *scorer.start_prompt.shape))
        outputs = scorer.score(intake, rows, tiers, start)
        lower = Verdicts.empty(len(intake))
        lower.put(rows, outputs, intake.exposure, self._machine.policy)
        lower.tier[rows] = tiers
        lower.inner_steps[rows] = self._full.inner_steps[rows]
        return {row: self._verdict(row, lower) for row in rows.tolist()}

    def _verdict(self, row: int, verdicts: Verdicts) -> Verdict:
        verdict = verdicts.at(row, self._intake)
        known = self._recorded.get(row)
        return verdict if known is None else replace(verdict, inner_steps=known.inner_steps)

    def _moment(self, row: int, scored_ms: float) -> Moment:
        arrived_ms = int(self._intake.arrived_ms[row])
        timings = StageTimings(
            queue_ms=max(self._started_ms - arrived_ms, 0.0),
            encode_ms=max(self._encode_ms, 0.0),
            score_ms=max(self._score_ms, 0.0),
            adapt_ms=max(self._adapt_ms, 0.0),
        )
        return Moment(scored_ms, arrived_ms, self._budget.deadline_ms, timings)
