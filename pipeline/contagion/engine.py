"""The contagion worker's state machine: flows and flag changes in, exposures and flags out.

Effects and state are a function of the log alone: each record is settled before the next
is looked at, so how the log is cut into batches does not matter, and all time is event
time. ``now_ms`` fills an alert's measured fields and decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from pipeline.contagion.effects import Cause, ContagionEffects
from pipeline.contagion.evidence import Raise, contagion_alert
from pipeline.contagion.graph import PaymentGraph
from pipeline.contagion.link import RecentPayment
from pipeline.contagion.paths import describe, top_walks
from pipeline.contagion.policy import ContagionFlag, ExposurePolicy
from pipeline.contagion.seeds import DirectFlag, SeedBook
from pipeline.contagion.settings import DAY_MS, ContagionSettings
from pipeline.contagion.spread import Spread
from pipeline.moments import milliseconds
from schemas import ids
from schemas.alert import AlertKind, GraphPath
from schemas.records import FlagChange, FlagState, Flow, ReturnedFlow

MODEL_VERSION = "contagion-1"


class ContagionEngine:
    """One graph, two spreads, one policy; single writer."""

    def __init__(self, settings: ContagionSettings | None = None) -> None:
        self.settings = settings or ContagionSettings()
        s = self.settings
        self.graph = PaymentGraph(s)
        paid, got = self.graph.outgoing, self.graph.incoming
        push = (s.teleport, s.tolerance, s.pushes_per_record)
        self.received = Spread(got, paid, *push)
        self.sent = Spread(paid, got, *push)
        self.seeds = SeedBook()
        self.policy = ExposurePolicy(s)
        self.next_offset = 0

    def process(
        self, batch: Sequence[tuple[int, Flow | FlagChange]], now_ms: int | None = None
    ) -> ContagionEffects:
        """Apply records in their order.

        Args:
            batch: (offset, record) pairs of the one ordered log.
            now_ms: time of processing, for alerts' measured fields; None leaves them at
                the record's arrival.

        Raises:
            ValueError: an amount is not a positive number.
        """
        effects = ContagionEffects()
        for offset, record in batch:
            if isinstance(record, Flow):
                self._flow(record, now_ms, effects)
            else:
                self._flag_change(record, now_ms, effects)
            self.next_offset = offset + 1
        return effects

    def exposure(self, entity: str) -> tuple[float, float]:
        """Exposure of an entity in [0, 1] and the bound of its error.

        An entity never seen has none. A flagged entity's own flag does not count, but
        money that returns to it does.
        """
        node = self.graph.index.get(entity)
        return (0.0 if node is None else self._exposure(node)), self._bound()

    def paths(self, entity: str) -> tuple[GraphPath, ...]:
        """The strongest paths between flagged entities and an entity."""
        node = self.graph.index.get(entity)
        return () if node is None else self._paths(node, self._exposure(node))

    def flagged(self) -> dict[str, float]:
        """Severity of every entity with a direct flag."""
        return {self.graph.names[node]: s for node, s in self.received.seeds.items()}

    def _flow(self, flow: Flow, now_ms: int | None, effects: ContagionEffects) -> None:
        graph = self.graph
        event_ms = milliseconds(flow.event_at)
        debtor, creditor = self._node(flow.debtor), self._node(flow.creditor)
        if debtor == creditor or graph.is_stale(event_ms):
            effects.ignored += 1
            return
        agents = self._node(f"bank:{flow.debtor_agent}"), self._node(f"bank:{flow.creditor_agent}")
        back = flow.returns
        seen = ((debtor, creditor),) if back is None else ((creditor, debtor), agents)
        if any(graph.knows(*pair, flow.uetr) for pair in seen):
            effects.repeats += 1
            return
        # Who pays money back does not deal with its owner: that renews no flag.
        ends = (debtor, creditor) if back is None else ()
        cause = Cause(flow, flow.uetr, event_ms, ends, now_ms)
        moved = self._advance(cause, effects)
        if back is None:
            self._pay(debtor, creditor, flow, event_ms)
        else:
            self._give_back(creditor, debtor, flow, back)
        if agents[0] != agents[1]:
            graph.pay(*agents, flow.amount, event_ms, flow.uetr, own=False)
        self._evaluate({*moved, *self._settle(), debtor, creditor}, cause, effects)
        effects.flows += 1

    def _pay(self, debtor: int, creditor: int, flow: Flow, event_ms: int) -> None:
        change = self.graph.pay(debtor, creditor, flow.amount, event_ms, flow.uetr, own=True)
        assert change is not None, "own payments change the weighted rows"
        self.received.increased(creditor, debtor, change.creditor_before, change.added)
        self.sent.increased(debtor, creditor, change.debtor_before, change.added)

    def _give_back(self, debtor: int, creditor: int, flow: Flow, back: ReturnedFlow) -> None:
        """Undo the payment that ``flow`` returns: its money is where it came from."""
        paid = RecentPayment(back.uetr, back.amount, milliseconds(back.event_at))
        if self.graph.give_back(debtor, creditor, paid, flow.amount, flow.uetr):
            self.received.removed(creditor)
            self.sent.removed(debtor)

    def _flag_change(
        self, change: FlagChange, now_ms: int | None, effects: ContagionEffects
    ) -> None:
        event_ms = milliseconds(change.event_at)
        node = self._node(change.entity)
        expires_ms = None if change.expires_at is None else milliseconds(change.expires_at)
        flag = DirectFlag(node, change.state, change.severity, event_ms, expires_ms)
        if not self.seeds.apply(change, flag):
            effects.repeats += 1
            return
        key = f"{change.flag_id}:{change.state}:{event_ms}"
        cause = Cause(change, key, event_ms, (node,), now_ms)
        moved = self._advance(cause, effects) + self._reseed([node])
        self._evaluate({*moved, *self._settle(), node}, cause, effects)

    def _reseed(self, nodes: Sequence[int]) -> list[int]:
        """Spread the severities of nodes anew; all whose exposure may have moved."""
        moved = np.flatnonzero(self.policy.levels).tolist() if nodes else []
        for node in nodes:
            for spread in (self.received, self.sent):
                moved += spread.set_seed(node, self.seeds.severity(node), len(self.graph.names))
        return moved

    def _node(self, entity: str) -> int:
        node = self.graph.node(entity)
        nodes = len(self.graph.names)
        self.received.grow(nodes)
        self.sent.grow(nodes)
        self.policy.grow(nodes)
        return node

    def _advance(self, cause: Cause, effects: ContagionEffects) -> list[int]:
        """Let time pass: links past the horizon go, flags past their expiry are cleared."""
        moved: list[int] = []
        day = self.graph.clock_ms // DAY_MS
        for debtor, creditor in self.graph.advance(cause.event_ms):
            self.received.removed(creditor)
            self.sent.removed(debtor)
            moved += (debtor, creditor)
        if self.graph.clock_ms // DAY_MS != day:
            for spread in (self.received, self.sent):
                spread.refresh(len(self.graph.names))
        for node in self.policy.expired(self.graph.clock_ms):
            self._clear_flag(node, cause, effects)
        return moved + self._reseed(self.seeds.expire(self.graph.clock_ms))

    def _settle(self) -> list[int]:
        return self.received.settle() + self.sent.settle()

    def _bound(self) -> float:
        return self.received.bound() + self.sent.bound()

    def _exposure(self, node: int) -> float:
        return min(1.0, self.received.near(node) + self.sent.near(node))

    def _paths(self, node: int, exposure: float) -> tuple[GraphPath, ...]:
        s = self.settings
        walks = top_walks(self.received, self.sent, node, s.teleport, s.max_hops, s.top_paths)
        return tuple(describe(self.graph, walk, exposure) for walk in walks)

    def _evaluate(self, nodes: Iterable[int], cause: Cause, effects: ContagionEffects) -> None:
        graph = self.graph
        bound: float | None = None
        for node in sorted(nodes):
            exposure = self._exposure(node)
            before = int(self.policy.levels[node])
            level = self.policy.level(exposure, before)
            if level != before:
                self.policy.levels[node] = level
                bound = self._bound() if bound is None else bound
                effects.expose(graph.names[node], exposure, bound, graph.clock_ms, cause)
            self._judge(node, exposure, before, level, cause, effects)

    def _judge(
        self,
        node: int,
        exposure: float,
        before: int,
        level: int,
        cause: Cause,
        effects: ContagionEffects,
    ) -> None:
        flag_level = self.settings.flag_level
        direct = node in self.received.seeds
        flag = self.policy.flags.get(node)
        if flag is None:
            if not direct and level >= flag_level and (level > before or node in cause.ends):
                self._raise_flag(node, exposure, level, cause, effects)
        elif direct or level < flag_level:
            self._clear_flag(node, cause, effects)
        else:
            if node in cause.ends:
                self.policy.prolong(node, self.graph.clock_ms)
            if level != before:
                state = FlagState.RAISED if level > before else FlagState.LOWERED
                flag = replace(
                    self.policy.flags[node], revision=flag.revision + 1, severity=exposure
                )
                self.policy.flags[node] = flag
                paths = self._paths(node, exposure)
                effects.flag(self.graph.names[node], flag, state, self.graph.clock_ms, cause, paths)

    def _raise_flag(
        self, node: int, exposure: float, level: int, cause: Cause, effects: ContagionEffects
    ) -> None:
        paths = self._paths(node, exposure)
        if not paths:
            return  # nearer than max_hops there is nothing to show an analyst
        entity = self.graph.names[node]
        alert = contagion_alert(
            self.graph,
            Raise(
                node=node,
                exposure=exposure,
                bound=self._bound(),
                level=level,
                paths=paths,
                seeds=frozenset(self.flagged()),
                cause=cause.key,
                arrived_ms=milliseconds(cause.record.arrived_at),
                now_ms=cause.now_ms,
            ),
            self.settings,
            MODEL_VERSION,
        )
        flag = ContagionFlag(
            flag_id=ids.flag_id(AlertKind.CONTAGION, entity, cause.key),
            alert_id=alert.alert_id,
            revision=0,
            severity=exposure,
            expires_ms=self.policy.expiry(self.graph.clock_ms),
        )
        self.policy.raised(node, flag)
        effects.alerts.append(alert)
        effects.flag(entity, flag, FlagState.RAISED, self.graph.clock_ms, cause, paths)

    def _clear_flag(self, node: int, cause: Cause, effects: ContagionEffects) -> None:
        flag = self.policy.flags.pop(node)
        flag = replace(flag, revision=flag.revision + 1, severity=0.0)
        effects.flag(self.graph.names[node], flag, FlagState.CLEARED, self.graph.clock_ms, cause)
