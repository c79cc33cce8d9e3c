"""Figures of submissions, and the tables made of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from pipeline.errors import ColdwireError
from pipeline.evaluation.benchmark.leaderboard import BEGIN, END, leaderboard, write_into
from pipeline.evaluation.benchmark.result import ALL, Method, Result, measure
from pipeline.evaluation.bootstrap import CounterpartyBootstrap
from pipeline.evaluation.metrics import average_precision

DATA: dict[str, str | int] = {"name": "b", "version": "1", "size": "toy", "seed": 0, "id": "00"}
N = 400


def _labels() -> pl.DataFrame:
    random = np.random.default_rng(0)
    return pl.DataFrame(
        {
            "task": [f"{i:03}" for i in range(N)],
            "counterparty": [f"{i // 2:03}" for i in range(N)],
            "events_seen": np.tile(np.array([0, 5], np.int16), N // 2),
            "risky": random.random(N) < 0.2,
        }
    )


def _score(noise: float, seed: int) -> np.ndarray:
    risky = _labels()["risky"].to_numpy()
    return risky + noise * np.random.default_rng(seed).normal(size=N)


def _result(name: str, noise: float, seeds: int = 1) -> Result:
    scores = [_score(noise, seed) for seed in range(seeds)]
    return measure(Method(name, "benchmark", "do it", "2026-01-05"), DATA, _labels(), scores)


def test_a_perfect_score_is_perfect_at_every_length() -> None:
    result = _result("oracle", noise=0)
    for where in ("0", "5", ALL):
        assert result.figures["average_precision"][where].value == 1
        assert result.figures["roc_auc"][where].value == 1
    tasks, risky = result.tasks[ALL], result.risky[ALL]
    assert (tasks, risky) == (N, _labels()["risky"].sum())
    # All alerts are right, but there are fewer of them than risky tasks.
    assert result.figures["recall_at_budget"][ALL].value == pytest.approx(0.02 * tasks / risky)


def test_figures_of_several_seeds_are_their_mean() -> None:
    result, risky = _result("many", noise=1, seeds=3), _labels()["risky"].to_numpy()
    values = [average_precision(risky, _score(1, seed)) for seed in range(3)]
    assert result.seeds == 3
    assert result.figures["average_precision"][ALL].value == pytest.approx(np.mean(values))
    assert result.spread[ALL] == (min(values), max(values))


def test_two_results_compare_as_their_scores_do_in_pairs() -> None:
    good, poor = _result("good", noise=0.5), _result("poor", noise=2)
    labels = _labels()
    keys = labels["counterparty"].cast(pl.UInt64).to_numpy()
    risky = labels["risky"].to_numpy()
    direct = CounterpartyBootstrap(keys).difference(
        average_precision, risky, _score(0.5, 0), _score(2, 0)
    )
    lead = good.lead_over(poor, ALL)
    assert (lead.value, lead.low, lead.high) == pytest.approx(
        (direct.value, direct.low, direct.high)
    )
    assert lead.low > 0


def test_results_of_other_data_do_not_compare() -> None:
    other = replace(_result("good", noise=0.5), data={**DATA, "id": "01"})
    with pytest.raises(ColdwireError, match="other data"):
        _result("poor", noise=2).lead_over(other, ALL)


def test_a_result_survives_its_file(tmp_path: Path) -> None:
    result, path = _result("good", noise=0.5, seeds=2), tmp_path / "good.json"
    path.write_text(result.as_json())
    assert Result.load(path) == result
    path.write_text("{}")
    with pytest.raises(ColdwireError, match="no result"):
        Result.load(path)


def test_what_cannot_be_measured_is_shown_as_that(tmp_path: Path) -> None:
    harmless = _labels().with_columns(risky=pl.col("risky") & (pl.col("events_seen") == 5))
    who = Method("any", "benchmark", "do it", "2026-01-05")
    path = tmp_path / "any.json"
    path.write_text(measure(who, DATA, harmless, [_score(1, 0)]).as_json())
    rows = leaderboard([Result.load(path)], against="any").splitlines()
    assert next(row for row in rows if row.startswith("| any |")).split(" | ")[3] == "–"


def test_the_leaderboard_ranks_and_shows_who_loses() -> None:
    table = leaderboard([_result("poor", noise=2), _result("good", noise=0.5)], against="good")
    assert table.index("| good |") < table.index("| poor |")
    lead = next(line for line in table.splitlines() if line.startswith("| poor | **-"))
    assert lead.count("**-") == 3
    with pytest.raises(ColdwireError, match="no result of 'nobody'"):
        leaderboard([_result("poor", noise=2)], against="nobody")


def test_tables_replace_what_stands_between_the_markers(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    for tables in ("first\n", "second\n"):
        write_into(page, tables)
    assert page.read_text() == f"before\n{BEGIN}\nsecond\n{END}\nafter\n"
    page.write_text("nothing")
    with pytest.raises(ColdwireError, match="no place"):
        write_into(page, "tables\n")
