"""The scoring engine: the same object for the stream and for batch recomputation.

It is a state machine over the entity log. However the log is cut into batches, and whatever
the clock says, the same records lead to the same state, alerts and flags; the clock decides
only which tier a score is published at.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pipeline.encoding.language_state import state_told
from pipeline.encoding.standing import standing_of, told
from pipeline.model.checkpoint import Checkpoint
from pipeline.scoring.arena import Arena
from pipeline.scoring.budget import Budget
from pipeline.scoring.decisions import Decisions
from pipeline.scoring.effects import Effects, LogRecord, Recorded
from pipeline.scoring.intake import take
from pipeline.scoring.passage import Costs, Machine, Passage
from pipeline.scoring.policy import Policy
from pipeline.scoring.scorer import Scorer
from schemas.standing import Standing


class ProfileEngine:
    """Profiles of many counterparties, and what their records lead to."""

    def __init__(
        self, checkpoint: Checkpoint, policy: Policy | None = None, costs: Costs | None = None
    ) -> None:
        """Start with no profile.

        Args:
            checkpoint: the model.
            policy: costs and rules; the defaults if None.
            costs: what stages are expected to cost until that is measured.
        """
        policy = policy or Policy()
        scorer = Scorer(checkpoint, policy.prevalence_ratio)
        arena = Arena(scorer.start_prompt)
        decisions = Decisions(arena, policy, scorer)
        self._machine = Machine(arena, scorer, decisions, policy, costs or Costs())
        self._unsettled: Passage | None = None

    def __len__(self) -> int:
        """Number of known entities."""
        return len(self._machine.arena)

    @property
    def entities(self) -> Sequence[str]:
        """Known entities in the order in which they came."""
        return self._machine.arena.entities

    @property
    def policy(self) -> Policy:
        """The costs and rules that scores are judged by."""
        return self._machine.policy

    @property
    def model_version(self) -> str:
        """Version of the checkpoint, as scores carry it."""
        return self._machine.scorer.model_version

    def process(
        self,
        batch: Sequence[LogRecord],
        budget: Budget,
        recorded: Mapping[str, Recorded] | None = None,
    ) -> Effects:
        """Apply a batch of the log.

        Publish the effects, then hand them to :meth:`settle`, publish what that returns,
        and only then store the state of the touched entities.

        Args:
            batch: records in log order.
            budget: the deadline and its clock.
            recorded: by score id, what was published when the log was first processed; a
                replay publishes the same tiers.

        Raises:
            RuntimeError: the batch before was not settled.
        """
        if self._unsettled is not None:
            raise RuntimeError("settle the effects of the last batch before the next one")
        started_ms = budget.now()
        intake = take(batch, self._machine.arena)
        passage = Passage(self._machine, intake, budget, started_ms, recorded)
        effects = passage.advance(hurried=budget.enforced)
        effects.repeats = intake.repeats
        self._unsettled = effects.deferred
        return effects

    def settle(self, effects: Effects) -> Effects:
        """Do what the deadline put off; empty effects if nothing was.

        Returns:
            Scores of payments that were late already, and alerts and flags that follow from
            the best tier of payments published at a lower one. They must be published too.
        """
        if effects.deferred is None:
            return Effects(touched=effects.touched)
        late = effects.deferred.advance(hurried=False)
        effects.deferred = None
        self._unsettled = None
        return late

    def packed(self, entities: Sequence[str]) -> list[tuple[str, bytes]]:
        """State of entities, at most 4 kB each.

        Raises:
            KeyError: an entity is unknown.
            RuntimeError: the last batch was not settled.
        """
        if self._unsettled is not None:
            raise RuntimeError("settle the effects of the last batch before storing state")
        return list(zip(entities, self._machine.arena.pack(entities), strict=True))

    def standings(self, entities: Sequence[str]) -> list[tuple[str, Standing]]:
        """What other entities may be told of these, of those that have paid or been paid.

        Raises:
            KeyError: an entity is unknown.
        """
        arena, language_model = self._machine.arena, self._machine.scorer.language_model
        slots = arena.slots(entities)
        rows = told(arena.histories.standing, slots).tolist()
        standings = []
        for entity, row, state in zip(entities, rows, arena.state[slots], strict=True):
            standing = standing_of(row, state_told(state, language_model))
            if standing is not None:
                standings.append((entity, standing))
        return standings

    def restore(self, entity: str, packed: bytes) -> None:
        """Take over the state of an entity.

        Raises:
            ColdwireError: it was packed under another layout.
        """
        self._machine.arena.restore(entity, packed)
