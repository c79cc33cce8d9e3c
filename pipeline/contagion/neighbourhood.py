"""What an analyst sees around an entity: flows, flags and the paths to flagged ones."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.contagion.engine import ContagionEngine
from schemas.alert import GraphPath

_CORE_SHARE = 0.75


@dataclass(frozen=True, slots=True)
class Place:
    """An entity; ``column`` is its distance along the money, below 0 for payers."""

    entity: str
    column: int
    exposure: float
    severity: float
    contagion: bool


@dataclass(frozen=True, slots=True)
class Stream:
    """All that one entity paid another, in dollars of then; ``recent`` is decayed."""

    debtor: str
    creditor: str
    payments: int
    amount: float
    recent: float
    on_path: bool


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """An entity's surroundings, the strongest links first."""

    entity: str
    exposure: float
    residual_bound: float
    places: tuple[Place, ...]
    streams: tuple[Stream, ...]
    paths: tuple[GraphPath, ...]


def neighbourhood(
    engine: ContagionEngine, entity: str, *, hops: int = 2, width: int = 6
) -> Neighbourhood:
    """Collect what lies within ``hops`` of an entity and on its paths.

    Args:
        width: links followed from each entity and direction, strongest first.

    Raises:
        KeyError: the graph does not know the entity.
    """
    graph = engine.graph
    node = graph.index[entity]
    paths = engine.paths(entity)
    columns = {node: 0}
    edges: dict[tuple[int, int], None] = {}
    for step in (1, -1):
        rim = [node]
        for distance in range(1, hops + 1):
            following: list[int] = []
            for at in rim:
                for other in _strongest(engine, at, step, width):
                    edges[(at, other) if step > 0 else (other, at)] = None
                    if other not in columns:
                        columns[other] = step * distance
                        following.append(other)
            rim = following
    on_path = _add_paths(engine, node, paths, columns, edges)
    exposure, bound = engine.exposure(entity)
    return Neighbourhood(
        entity=entity,
        exposure=exposure,
        residual_bound=bound,
        places=tuple(_place(engine, at, column) for at, column in columns.items()),
        streams=tuple(_stream(engine, *pair, on_path=pair in on_path) for pair in edges),
        paths=paths,
    )


def core(engine: ContagionEngine, banks: int) -> Neighbourhood:
    """The participants that settle most, and the links that carry most between them.

    The links shown are the largest that together carry three quarters of the value.

    Raises:
        KeyError: the graph has no participant.
    """
    graph = engine.graph
    settling = [at for at in range(len(graph.names)) if graph.settled_by[at] > 0]
    chosen = sorted(settling, key=lambda at: (-graph.settled_by[at], at))[:banks]
    if not chosen:
        raise KeyError("core")
    inside = set(chosen)
    weighed = sorted(
        (-float(data["settled"]), at, other)
        for at, other, data in graph.network.out_edges(chosen, data=True)
        if other in inside
    )
    left = _CORE_SHARE * sum(-weight for weight, _, _ in weighed)
    pairs: list[tuple[int, int]] = []
    for weight, at, other in weighed:
        if left <= 0:
            break
        pairs.append((at, other))
        left += weight
    return Neighbourhood(
        entity="core",
        exposure=0.0,
        residual_bound=engine.exposure(graph.names[chosen[0]])[1],
        places=tuple(_place(engine, at, 0) for at in chosen),
        streams=tuple(_stream(engine, *pair, on_path=False) for pair in pairs),
        paths=(),
    )


def _strongest(engine: ContagionEngine, at: int, step: int, width: int) -> list[int]:
    network = engine.graph.network
    others = network.successors(at) if step > 0 else network.predecessors(at)
    weighed = [
        (-_weight(engine, *((at, other) if step > 0 else (other, at))), other) for other in others
    ]
    return [other for _, other in sorted(weighed)[:width]]


def _weight(engine: ContagionEngine, debtor: int, creditor: int) -> float:
    data = engine.graph.network[debtor][creditor]
    return float(max(data["weight"], data["settled"]))


def _add_paths(
    engine: ContagionEngine,
    node: int,
    paths: tuple[GraphPath, ...],
    columns: dict[int, int],
    edges: dict[tuple[int, int], None],
) -> set[tuple[int, int]]:
    index = engine.graph.index
    on_path: set[tuple[int, int]] = set()
    for path in paths:
        pairs = [(index[hop.debtor], index[hop.creditor]) for hop in path.hops]
        on_path.update(pairs)
        edges.update(dict.fromkeys(pairs))
        arrives = pairs[-1][1] == node
        for i, (debtor, creditor) in enumerate(pairs):
            if arrives:
                columns.setdefault(debtor, i - len(pairs))
            else:
                columns.setdefault(creditor, i + 1)
    return on_path


def _place(engine: ContagionEngine, at: int, column: int) -> Place:
    entity = engine.graph.names[at]
    return Place(
        entity=entity,
        column=column,
        exposure=engine.exposure(entity)[0],
        severity=engine.received.seeds.get(at, 0.0),
        contagion=at in engine.policy.flags,
    )


def _stream(engine: ContagionEngine, debtor: int, creditor: int, *, on_path: bool) -> Stream:
    graph = engine.graph
    link = graph.link(debtor, creditor)
    assert link is not None, "an edge carries its link"
    return Stream(
        debtor=graph.names[debtor],
        creditor=graph.names[creditor],
        payments=link.count,
        amount=link.amount,
        recent=graph.weight_now(_weight(engine, debtor, creditor)),
        on_path=on_path,
    )
