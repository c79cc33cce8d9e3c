"""Third phase of a batch: what scores lead to, in log order, for the few that matter.

Everything here follows from the best tier of each score, never from the clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from pipeline.moments import milliseconds
from pipeline.scoring.arena import Arena
from pipeline.scoring.facts import Facts
from pipeline.scoring.flags import NONE, FlagBook, FlagEvent, Sighting
from pipeline.scoring.intake import Answer, Intake, Rows
from pipeline.scoring.matters import MatterBook
from pipeline.scoring.policy import Policy, matter_of
from pipeline.scoring.reasons import EXPOSURE, explain
from pipeline.scoring.scorer import Outputs, Scorer
from schemas import ids
from schemas.alert import AlertKind, Reason


@dataclass(frozen=True, slots=True)
class Alerted:
    """A scored payment that someone should look at; ``row`` counts within the intake."""

    row: int
    alert_id: str
    matter: str
    threshold: float
    reasons: tuple[Reason, ...]


@dataclass(slots=True)
class Decided:
    """Alerts and changes of flags, in log order for every entity."""

    alerted: list[Alerted] = field(default_factory=list)
    flags: list[FlagEvent] = field(default_factory=list)


class Decisions:
    """Turns scores and analysts' answers into alerts and flags, and remembers them."""

    def __init__(self, arena: Arena, policy: Policy, scorer: Scorer) -> None:
        self._arena = arena
        self._policy = policy
        self._scorer = scorer
        self._flags = FlagBook(arena, policy)
        self._matters = MatterBook(arena, policy)

    def decide(
        self,
        intake: Intake,
        rows: Rows,
        outputs: Outputs,
        raised: npt.NDArray[np.float64],
        answers: Sequence[Answer],
    ) -> Decided:
        """Go through one wave of scores and the answers that stand among them.

        Args:
            rows: rows of the intake, in log order.
            outputs: their scores, in the same order.
            raised: [n] the same probabilities with exposure.
            answers: dispositions of this wave.
        """
        decided = Decided()
        high = np.flatnonzero(raised >= self._policy.alert_threshold)
        explained = dict(zip(high.tolist(), self._facts(intake, rows, outputs, high), strict=True))
        slots = intake.slot[rows]
        concerned = np.union1d(slots[high], np.array([a.slot for a in answers], np.intp))
        watched = (self._arena.flag_state[slots] != NONE) | np.isin(slots, concerned)
        steps: list[tuple[int, int | Answer]] = [(a.position, a) for a in answers]
        steps += [(int(intake.position[rows[i]]), i) for i in np.flatnonzero(watched).tolist()]
        for _, step in sorted(steps, key=lambda s: s[0]):
            if isinstance(step, Answer):
                self._answer(step, decided)
            else:
                own = float(outputs.probability[step])
                facts = explained.get(step)
                row = int(rows[step])
                self._judge(intake, row, own, float(raised[step]), facts, decided)
        return decided

    def _facts(self, intake: Intake, rows: Rows, outputs: Outputs, at: Rows) -> list[Facts]:
        """Facts of the scores at these places; ``at`` counts within ``rows``."""
        chosen = rows[at]
        contributions = self._scorer.contributions(intake.features[chosen], outputs.surprise[at])
        prompts = self._arena.prompt[intake.slot[chosen]]
        unheard = self._scorer.log_odds_unheard(intake, chosen, outputs.tier[at], prompts)
        heard = outputs.log_odds[at] - unheard
        return [
            Facts(
                observation=intake.observations[row],
                features=intake.features[row],
                contributions=contributions[i],
                surprise=outputs.surprise[at[i]],
                window=int(intake.length[row]),
                heard_log_odds=float(heard[i]),
                exposure=float(intake.exposure[row]),
                exposure_log_odds=self._policy.exposure_log_odds * float(intake.exposure[row]),
            )
            for i, row in enumerate(chosen.tolist())
        ]

    def _answer(self, answer: Answer, decided: Decided) -> None:
        disposition = answer.disposition
        when = milliseconds(disposition.decided_at)
        known = self._matters.answer(answer.slot, disposition.alert_id, disposition.verdict, when)
        decided.flags += self._flags.dispose(answer.slot, disposition, own_alert=known)

    def _judge(
        self,
        intake: Intake,
        row: int,
        own: float,
        raised: float,
        facts: Facts | None,
        decided: Decided,
    ) -> None:
        observation = intake.observations[row]
        slot, policy = int(intake.slot[row]), self._policy
        alert_at, flag_at = policy.alert_threshold, policy.flag_threshold
        alert_id = ids.alert_id(
            AlertKind.DIRECT,
            observation.uetr,
            observation.entity,
            observation.role,
            self._scorer.model_version,
        )
        matter = ""
        reasons: tuple[Reason, ...] = ()
        if facts is not None:
            reasons = explain(facts)
            matter = matter_of(observation.entity, observation.counterparty, _pattern(reasons))
            alert_at = self._matters.threshold(slot, matter, alert_at)
            flag_at = self._matters.threshold(slot, matter, flag_at)
        events = self._flags.sight(
            slot,
            Sighting(
                entity=observation.entity,
                uetr=observation.uetr,
                alert_id=alert_id,
                probability=own,
                threshold=flag_at,
                event_at=observation.event_at,
                arrived_at=observation.arrived_at,
            ),
        )
        decided.flags += events
        if raised < alert_at or not reasons:
            return
        event_ms, rank = int(intake.event_ms[row]), policy.rank_of(raised)
        new_flag = any(event.flag.alert_id == alert_id for event in events)
        if new_flag or not self._matters.cooling(slot, matter, event_ms, rank):
            self._matters.remember(slot, matter, alert_id, event_ms, rank)
            decided.alerted.append(Alerted(row, alert_id, matter, alert_at, reasons))


def _pattern(reasons: tuple[Reason, ...]) -> str:
    """The main reason that lies in the payment itself, so that exposure opens no second matter."""
    return next(reason.code for reason in reasons if reason.code != EXPOSURE)
