from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.contagion.engine import ContagionEngine
from pipeline.contagion.paths import duration, money, strongest_walks
from pipeline.contagion.settings import ContagionSettings
from tests.contagion.stream import flag, flow, party, random_log


@pytest.mark.parametrize(
    ("amount", "text"),
    [(0.5, "$0.50"), (999.4, "$999.40"), (2_100_000, "$2.1 M"), (999_999, "$1 M"), (3e9, "$3 bn")],
)
def test_money_in_words(amount: float, text: str) -> None:
    assert money(amount) == text


@pytest.mark.parametrize(
    ("span", "text"),
    [(0, "1 min"), (59 * 60_000, "59 min"), (6 * 3_600_000, "6 h"), (3 * 86_400_000, "3 d")],
)
def test_spans_in_words(span: int, text: str) -> None:
    assert duration(span) == text


def every_walk(engine: ContagionEngine, target: int, hops: int) -> list[float]:
    """Contributions of all simple walks from seeds to target, by brute force."""
    rows, totals, found = engine.graph.outgoing, engine.graph.incoming.totals, []

    def follow(node: int, seen: tuple[int, ...], weight: float) -> None:
        if node == target and len(seen) > 1:
            found.append(weight)
            return
        if len(seen) > hops:
            return
        following = zip(rows.neighbours(node).tolist(), rows.weights(node).tolist(), strict=True)
        for other, w in following:
            if other not in seen:
                follow(other, (*seen, other), weight * 0.85 * w / float(totals[other]))

    for seed, severity in engine.received.seeds.items():
        if seed != target:
            follow(seed, (seed,), severity)
    return sorted(found, reverse=True)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000))
def test_search_finds_the_strongest_of_all_simple_walks(seed: int) -> None:
    engine = ContagionEngine(ContagionSettings(tolerance=1e-9))
    engine.process(random_log(seed, 25, parties=7, minutes_apart=5))
    engine.process([(100, flag(party(1), minutes=1e5)), (101, flag(party(2), minutes=1e5))])
    graph = engine.graph
    for target in range(len(graph.names)):
        walks = strongest_walks(engine.received, target, 0.15, 4, 5)
        expected = every_walk(engine, target, 4)[:5]
        assert [weight for weight, _ in walks] == pytest.approx(expected)
        for _, nodes in walks:
            assert nodes[-1] == target
            assert nodes[0] in engine.received.seeds


def test_shares_of_paths_add_up_to_the_exposure_of_a_small_tree() -> None:
    engine = ContagionEngine()
    engine.process(
        [
            (0, flow(0, party(1), party(2), 60.0)),
            (1, flow(1, party(1), party(3), 40.0)),
            (2, flow(2, party(2), party(4), 10.0)),
            (3, flow(3, party(3), party(4), 30.0)),
            (4, flag(party(1))),
        ]
    )
    paths = engine.paths(party(4))
    assert [len(path.hops) for path in paths] == [2, 2]
    assert paths[0].share == pytest.approx(0.75)
    assert sum(path.share for path in paths) == pytest.approx(1.0)
