"""What a method scores on the test tasks, bound to the data by its id."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Final, Self

import numpy as np
import numpy.typing as npt
import polars as pl

from pipeline.errors import ColdwireError
from pipeline.evaluation.bootstrap import CounterpartyBootstrap, Interval, Metric, percentiles
from pipeline.evaluation.figures import finite
from pipeline.evaluation.metrics import average_precision, recall_at_alerts, roc_auc

ALL: Final = "all"
ALERTED_SHARE: Final = 0.02
"""Share of the tasks that the alert budget allows."""
RESAMPLES: Final = 200

Float = npt.NDArray[np.float64]
Bool = npt.NDArray[np.bool_]


def recall_at_budget(risky: Bool, score: Float, weight: Float | None = None) -> float:
    """Share of risky tasks among the highest-scored :data:`ALERTED_SHARE` of all tasks."""
    rows = len(risky) if weight is None else float(weight.sum())
    return recall_at_alerts(risky, score, ALERTED_SHARE * rows, weight)


METRICS: Final[dict[str, Metric]] = {
    "average_precision": average_precision,
    "roc_auc": roc_auc,
    "recall_at_budget": recall_at_budget,
}


@dataclass(frozen=True, slots=True)
class Method:
    """Who scored.

    Attributes:
        name: as the leaderboard shows it.
        learned_from: ``benchmark`` if nothing but the benchmark's training and validation
            tables; else what more.
        command: how to repeat it.
        date: of the run, ISO 8601.
        notes: versions, settings.
    """

    name: str
    learned_from: str
    command: str
    date: str
    notes: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """Figures of a method by events seen, and over all tasks.

    Attributes:
        data: version, size, seed and id of the benchmark.
        seeds: submissions that the figures are the mean of.
        tasks, risky: number of tasks by range.
        figures: metric to range to value with 95 % interval.
        spread: lowest and highest PR-AUC among the seeds, by range.
        drawn: PR-AUC on every resample, by range; the same resamples for every method, so
            that two results can be compared in pairs.
    """

    method: Method
    data: dict[str, str | int]
    seeds: int
    tasks: dict[str, int]
    risky: dict[str, int]
    figures: dict[str, dict[str, Interval]]
    spread: dict[str, tuple[float, float]]
    drawn: dict[str, list[float]]

    def lead_over(self, other: Result, where: str) -> Interval:
        """PR-AUC over another method's on the same tasks, paired by resample.

        Raises:
            ColdwireError: the other result is of other data.
        """
        if other.data != self.data:
            raise ColdwireError(
                f"{self.method.name} and {other.method.name} were scored on other data",
                "score both on the same benchmark",
            )
        mine, theirs = (r.figures["average_precision"][where].value for r in (self, other))
        gained = np.array(self.drawn[where]) - np.array(other.drawn[where])
        return percentiles(mine - theirs, gained)

    def as_json(self) -> str:
        """Everything, with full precision; what could not be measured is null."""
        return json.dumps(finite(asdict(self)), indent=1) + "\n"

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what :meth:`as_json` wrote.

        Raises:
            ColdwireError: it is no result.
        """
        try:
            told = json.loads(path.read_text())
            told["method"] = Method(**told["method"])
            told["figures"] = {
                metric: {where: _interval(i) for where, i in ranges.items()}
                for metric, ranges in told["figures"].items()
            }
            for name in ("spread", "drawn"):
                told[name] = {where: _numbers(row) for where, row in told[name].items()}
            told["spread"] = {where: (low, high) for where, (low, high) in told["spread"].items()}
            return cls(**told)
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise ColdwireError(
                f"{path} is no result", "write one with: coldwire benchmark score --out FILE"
            ) from error


def measure(
    method: Method,
    data: dict[str, str | int],
    labels: pl.DataFrame,
    scores: Sequence[Float],
    resamples: int = RESAMPLES,
) -> Result:
    """Measure submissions of one method.

    Args:
        method: who scored.
        data: names of the benchmark.
        labels: of the test tasks.
        scores: one array a seed, in the order of the labels.
        resamples: of counterparties, for intervals.
    """
    seen = labels["events_seen"].to_numpy()
    risky = labels["risky"].to_numpy().astype(np.bool_)
    counterparty = _keys(labels["counterparty"])
    ranges = {str(h): seen == h for h in np.unique(seen).tolist()}
    ranges[ALL] = np.ones(len(seen), np.bool_)
    figures: dict[str, dict[str, Interval]] = {name: {} for name in METRICS}
    spread, drawn = {}, {}
    for where, rows in ranges.items():
        sampler = CounterpartyBootstrap(counterparty[rows], resamples=resamples)
        here = partial(_mean_over, sampler, risky[rows], [s[rows] for s in scores])
        for name, metric in METRICS.items():
            values, draws = here(metric)
            figures[name][where] = percentiles(float(np.mean(values)), draws)
            if name == "average_precision":
                spread[where] = (min(values), max(values))
                drawn[where] = draws.tolist()
    return Result(
        method=method,
        data=data,
        seeds=len(scores),
        tasks={where: int(rows.sum()) for where, rows in ranges.items()},
        risky={where: int(risky[rows].sum()) for where, rows in ranges.items()},
        figures=figures,
        spread=spread,
        drawn=drawn,
    )


def _mean_over(
    sampler: CounterpartyBootstrap, risky: Bool, scores: Sequence[Float], metric: Metric
) -> tuple[list[float], Float]:
    """A metric of every score, and its mean over the scores on every resample."""
    values = [metric(risky, score, None) for score in scores]
    draws = [sampler.drawn(metric, risky, score) for score in scores]
    return values, np.asarray(np.mean(draws, axis=0), np.float64)


def _keys(counterparty: pl.Series) -> npt.NDArray[np.uint64]:
    return counterparty.rank("dense").to_numpy().astype(np.uint64)


def _interval(told: dict[str, float | None]) -> Interval:
    return Interval(*_numbers([told[name] for name in ("value", "low", "high")]))


def _numbers(told: Sequence[float | None]) -> list[float]:
    return [float("nan") if value is None else value for value in told]
