"""A comparison as JSON, Markdown, and one HTML page with its plots inside."""

from __future__ import annotations

import base64
import html
import io
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import matplotlib
import numpy as np
import numpy.typing as npt

from pipeline.evaluation import metrics
from pipeline.evaluation.bootstrap import Interval
from pipeline.evaluation.comparison import ALERTED_SHARE, ALL, Comparison
from pipeline.evaluation.splits import Trial

matplotlib.use("agg")
from matplotlib import pyplot as plt

Float = npt.NDArray[np.float64]
Row = Sequence[str]

MARKDOWN: Final = "evaluation.md"
HTML: Final = "evaluation.html"
JSON: Final = "evaluation.json"

_READING = (
    "PR-AUC with 95 % intervals, bootstrap over counterparties; leads are paired on the same "
    "resamples. Ranking is at the trial's share of risky counterparties; Brier, calibration "
    "error and coverage of the 90 % intervals are weighted to the share expected in service."
)


@dataclass(frozen=True, slots=True)
class Report:
    """A comparison and where it comes from.

    Attributes:
        about: facts of the run: checkpoint, world, seeds, command, seconds.
    """

    about: dict[str, str | int | float]
    comparison: Comparison

    def as_json(self) -> str:
        """Every figure, unrounded; what could not be measured is null."""
        c = self.comparison
        data = {
            "about": self.about,
            "ranges": [{"name": r.name, "rows": r.rows, "risky": r.risky} for r in c.ranges],
            "scores": [
                {
                    "name": r.name,
                    "average_precision": {k: _triple(i) for k, i in r.average_precision.items()},
                    "lead": {k: _triple(i) for k, i in r.lead.items()},
                    "roc_auc": r.roc_auc,
                    "value_detected_5_to_1": r.value_at_5,
                    "value_detected_10_to_1": r.value_at_10,
                    "recall_at_budget": r.recall_at_budget,
                }
                for r in c.rivals
            ],
            "honesty": {
                name: {
                    "brier": h.brier,
                    "calibration_error": h.calibration_error,
                    "coverage": h.coverage,
                }
                for name, h in c.honesty.items()
            },
        }
        return json.dumps(_finite(data), indent=1)

    def tables(self) -> list[tuple[str, Row, list[Row]]]:
        """Title, header and rows of each table, as text."""
        c = self.comparison
        names = [r.name for r in c.ranges]
        ranking: list[Row] = [
            [r.name, *(_interval(r.average_precision[n]) for n in names)] for r in c.rivals
        ]
        ranking.append(["payments", *(f"{r.rows:,}" for r in c.ranges)])
        ranking.append(["of them risky", *(f"{r.risky:,}" for r in c.ranges)])
        leads: list[Row] = [
            [r.name, *(_interval(r.lead[n], "+.3f") for n in names)] for r in c.rivals if r.lead
        ]
        overall: list[Row] = [
            [
                r.name,
                *(_number(v) for v in (r.roc_auc, r.value_at_5, r.value_at_10, r.recall_at_budget)),
            ]
            for r in c.rivals
        ]
        honest: list[Row] = [
            [name, f"{h.brier:.2e}", f"{h.calibration_error:.2e}", _number(h.coverage)]
            for name, h in c.honesty.items()
        ]
        budget = f"recall at {ALERTED_SHARE:.0%} alerted"
        return [
            ("PR-AUC by events seen", ["score", *names], ranking),
            (f"Lead of {c.rivals[0].name} over", ["score", *names], leads),
            ("All payments", ["score", "ROC-AUC", "value 5:1", "value 10:1", budget], overall),
            ("Honesty", ["events seen", "Brier", "calibration error", "coverage"], honest),
        ]

    def as_markdown(self) -> str:
        """The tables, and how to read them."""
        lines = ["# Evaluation\n", _READING + "\n", *(f"- {k}: {v}" for k, v in self.about.items())]
        for title, header, rows in self.tables():
            lines += [f"\n## {title}\n", "| " + " | ".join(header) + " |"]
            lines.append("|" + "---|" * len(header))
            lines += ["| " + " | ".join(row) + " |" for row in rows]
        return "\n".join(lines) + "\n"

    def as_html(self, trial: Trial, scores: dict[str, Float]) -> str:
        """One page without outside parts."""
        facts = "".join(
            f"<li>{html.escape(k)}: {html.escape(str(v))}</li>" for k, v in self.about.items()
        )
        tables = "".join(_html_table(*table) for table in self.tables())
        plots = [_precision_recall_plot(trial, scores), _reliability_plot(self.comparison)]
        images = "".join(f'<img alt="" src="data:image/png;base64,{png}">' for png in plots)
        return (
            f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Evaluation</title>'
            f"<style>{_STYLE}</style></head><body><h1>Evaluation</h1><p>{html.escape(_READING)}</p>"
            f"<ul>{facts}</ul>{tables}{images}</body></html>"
        )

    def write(self, directory: Path, trial: Trial, scores: dict[str, Float]) -> None:
        """Write all three files."""
        directory.mkdir(parents=True, exist_ok=True)
        (directory / JSON).write_text(self.as_json() + "\n")
        (directory / MARKDOWN).write_text(self.as_markdown())
        (directory / HTML).write_text(self.as_html(trial, scores))


_STYLE = (
    "body{font:15px/1.45 sans-serif;max-width:75em;margin:2em auto;padding:0 1em}"
    "table{border-collapse:collapse;margin:1em 0}td,th{padding:.3em .7em;text-align:right;"
    "border-bottom:1px solid #ccc}td:first-child,th:first-child{text-align:left}"
    "img{max-width:100%;display:block;margin:1em 0}"
)


def _triple(interval: Interval) -> dict[str, float]:
    return {"value": interval.value, "low": interval.low, "high": interval.high}


def _finite(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: _finite(value) for key, value in data.items()}
    if isinstance(data, list):
        return [_finite(value) for value in data]
    return None if isinstance(data, float) and not math.isfinite(data) else data


def _number(value: float) -> str:
    return f"{value:.3f}" if math.isfinite(value) else "–"


def _interval(interval: Interval, form: str = ".3f") -> str:
    if not math.isfinite(interval.value):
        return "–"
    return f"{interval.value:{form}} [{interval.low:{form}}, {interval.high:{form}}]"


def _html_table(title: str, header: Row, rows: list[Row]) -> str:
    head = "".join(f"<th>{html.escape(cell)}</th>" for cell in header)
    body = "".join(
        "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f"<h2>{html.escape(title)}</h2><table><tr>{head}</tr>{body}</table>"


def _precision_recall_plot(trial: Trial, scores: dict[str, Float]) -> str:
    buckets = metrics.bucket_of(trial.seen)
    names = metrics.bucket_names()
    figure, axes = plt.subplots(1, len(names), figsize=(4 * len(names), 4), sharey=True)
    for index, (axis, name) in enumerate(zip(axes, names, strict=True)):
        rows = buckets == index
        axis.set(title=f"{name} events seen", xlabel="recall", xlim=(0, 1), ylim=(0, 1))
        if not trial.risky[rows].any():
            continue
        for label, score in scores.items():
            precision, recall = metrics.precision_recall(trial.risky[rows], score[rows])
            axis.step(recall, precision, where="post", label=label, linewidth=1)
    axes[0].set_ylabel("precision")
    axes[0].legend(fontsize=8)
    return _png(figure)


def _reliability_plot(comparison: Comparison) -> str:
    figure, axis = plt.subplots(figsize=(6, 6))
    lowest = 1e-5
    for name, honesty in comparison.honesty.items():
        points = honesty.points
        style = {"color": "black", "linewidth": 2} if name == ALL else {"linewidth": 1}
        observed = np.maximum(points.observed, lowest)
        axis.plot(np.maximum(points.predicted, lowest), observed, "o-", label=name, **style)
    axis.plot([lowest, 1], [lowest, 1], ":", color="grey")
    axis.set(xscale="log", yscale="log", xlabel="probability", ylabel="share that was risky")
    axis.set_title("Reliability by events seen, at the share of service")
    axis.legend(fontsize=8)
    return _png(figure)


def _png(figure: Any) -> str:
    figure.tight_layout()
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=90)
    plt.close(figure)
    return base64.b64encode(buffer.getvalue()).decode()
