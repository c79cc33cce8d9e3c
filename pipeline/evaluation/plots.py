"""The pictures themselves: matplotlib to PNG, ours in one colour throughout."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from typing import Any, Final

import matplotlib
import numpy as np
import numpy.typing as npt

from pipeline.evaluation import metrics, tuned_trees
from pipeline.evaluation.comparison import ALL, Comparison
from pipeline.evaluation.detection import Width
from pipeline.evaluation.splits import Trial

matplotlib.use("agg")
from matplotlib import pyplot as plt
from matplotlib.ticker import PercentFormatter

Float = npt.NDArray[np.float64]

_OURS: Final = "#0b5fa5"
_PEER: Final = "#d1592a"
_OTHERS: Final = ("#5f7f4f", "#8b6bb1", "#b08d3c", "#4aa3a2", "#a0525e", "#7a7a7a", "#c48fb5")
_LINES: Final = ("-", "--", ":")
_FLOOR: Final = 1e-5
_STYLE: Final[Any] = {
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#e6e6e6",
    "axes.axisbelow": True,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "legend.frameon": False,
    "figure.constrained_layout.use": True,
}
_COVERED: Final = (0.88, 0.92)
"""Bar of the coverage of 90 % intervals."""


def precision_recall(trial: Trial, scores: dict[str, Float]) -> str:
    """Precision against recall, one panel a range of events seen and one for all."""
    with plt.rc_context(_STYLE):
        bucket = metrics.bucket_of(trial.seen)
        names = metrics.bucket_names()
        panels = [(f"{name} payments seen", bucket == b) for b, name in enumerate(names)]
        panels.append(("all payments", np.ones(len(trial), np.bool_)))
        figure, axes = _panels(len(panels))
        for axis, (title, rows) in zip(axes, panels, strict=True):
            risky = trial.risky[rows]
            axis.set(title=title, xlim=(0, 1), ylim=(0, 1))
            if not risky.any():
                axis.text(0.5, 0.5, "nothing risky", ha="center", color="#777777")
                continue
            axis.axhline(risky.mean(), color="#777777", linestyle=":", linewidth=1)
            for name, style in _styles(scores).items():
                precision, recall = metrics.precision_recall(risky, scores[name][rows])
                axis.step(recall, precision, where="post", label=name, **style)
        return _finished(figure, axes, "recall", "precision")


def reliability(comparison: Comparison) -> str:
    """Share that was risky against probability, one panel a range, both logarithmic."""
    with plt.rc_context(_STYLE):
        shown = (*metrics.bucket_names(), ALL)
        honesty = {name: comparison.honesty[name] for name in shown if name in comparison.honesty}
        figure, axes = _panels(len(honesty))
        for axis, (name, each) in zip(axes, honesty.items(), strict=True):
            points = each.points
            predicted = np.maximum(points.predicted, _FLOOR)
            axis.plot([_FLOOR, 1], [_FLOOR, 1], color="#777777", linestyle=":", linewidth=1)
            some = points.observed > 0
            axis.plot(predicted[some], points.observed[some], "o-", color=_OURS, markersize=5)
            # An empty line outside the axes would take up room.
            if not some.all():
                floor = np.full(int((~some).sum()), _FLOOR)
                style = {"color": _OURS, "fillstyle": "none", "clip_on": False}
                axis.plot(predicted[~some], floor, "o", **style)
            axis.set(
                title="all payments" if name == ALL else f"{name} payments seen",
                xscale="log",
                yscale="log",
                xlim=(_FLOOR, 1),
                ylim=(_FLOOR, 1),
            )
        return _finished(figure, axes, "probability", "share that was risky", legend=False)


def detection(curves: dict[str, Float]) -> str:
    """Share of risky counterparties found, by their payments."""
    with plt.rc_context(_STYLE):
        figure, axis = plt.subplots(figsize=(9, 4.6))
        for name, style in _styles(curves).items():
            curve = curves[name]
            axis.step(np.arange(1, len(curve) + 1), curve, where="post", label=name, **style)
        axis.set(xlabel="payments of the counterparty", ylabel="risky counterparties found")
        axis.set_xlim(1, max(len(curve) for curve in curves.values()))
        axis.set_ylim(bottom=0)
        axis.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        _legend(axis, *axis.get_legend_handles_labels(), loc="center left", bbox_to_anchor=(1, 0.5))
        return _png(figure)


def value(ratios: Float, curves: dict[str, Float], marked: Sequence[float]) -> str:
    """Share of the risky money found, by false alerts to a true one."""
    with plt.rc_context(_STYLE):
        figure, axis = plt.subplots(figsize=(9, 4.6))
        for name, style in _styles(curves).items():
            axis.plot(ratios, curves[name], label=name, **style)
        for ratio in marked:
            axis.axvline(ratio, color="#777777", linestyle=":", linewidth=1)
            axis.text(
                ratio, 1.01, f"{ratio:.0f} : 1", ha="center", transform=axis.get_xaxis_transform()
            )
        axis.set(xscale="log", xlabel="false alerts to a true one", ylabel="risky money found")
        axis.set_xlim(ratios[0], ratios[-1])
        axis.set_ylim(bottom=0)
        axis.xaxis.set_major_formatter("{x:g}")
        axis.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        _legend(axis, *axis.get_legend_handles_labels(), loc="center left", bbox_to_anchor=(1, 0.5))
        return _png(figure)


def intervals(widths: dict[str, Width]) -> str:
    """Coverage, width and undecided payments, by events seen."""
    with plt.rc_context(_STYLE):
        figure, (covered, wide, undecided) = plt.subplots(1, 3, figsize=(12, 3.6))
        names, places = list(widths), np.arange(len(widths))
        covered.axhspan(*_COVERED, color=_OURS, alpha=0.12, linewidth=0)
        covered.plot(places, [w.coverage for w in widths.values()], "o", color=_OURS)
        covered.set(title="coverage of the 90 % interval", ylim=(0.5, 1.02))
        covered.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        wide.bar(places, [w.mean for w in widths.values()], color=_OURS, width=0.6)
        wide.set(title="mean width")
        undecided.bar(places, [w.undecided for w in widths.values()], color=_OURS, width=0.6)
        undecided.set(title="undecided payments")
        undecided.yaxis.set_major_formatter(PercentFormatter(1, decimals=1))
        for axis in (covered, wide, undecided):
            axis.set_xticks(places, names)
            axis.set_xlabel("payments seen")
            axis.grid(axis="x", visible=False)
        return _png(figure)


def _styles(scores: dict[str, Float]) -> dict[str, dict[str, Any]]:
    """How each score is drawn: ours thick and last, so that nothing hides it."""
    ours, *rivals = scores
    styles: dict[str, dict[str, Any]] = {}
    for number, name in enumerate(n for n in rivals if n != tuned_trees.NAME):
        color = _OTHERS[number % len(_OTHERS)]
        line = _LINES[number // len(_OTHERS) % len(_LINES)]
        styles[name] = {"color": color, "linestyle": line, "linewidth": 1, "alpha": 0.9}
    if tuned_trees.NAME in rivals:
        styles[tuned_trees.NAME] = {"color": _PEER, "linewidth": 1.8}
    styles[ours] = {"color": _OURS, "linewidth": 2.4}
    return styles


def _panels(count: int) -> tuple[Any, list[Any]]:
    """A figure of that many panels of equal scales, in two lines."""
    columns = -(-count // 2)
    figure, grid = plt.subplots(
        2, columns, figsize=(1.5 + 3.4 * columns, 6.6), sharex=True, sharey=True, squeeze=False
    )
    axes = list(np.ravel(grid))
    for axis in axes[count:]:
        axis.remove()
    return figure, axes[:count]


def _finished(figure: Any, axes: list[Any], x: str, y: str, *, legend: bool = True) -> str:
    """Label the figure as a whole, and encode it."""
    figure.supxlabel(x, fontsize=10)
    figure.supylabel(y, fontsize=10)
    if legend:
        handles, labels = max(
            (a.get_legend_handles_labels() for a in axes), key=lambda h: len(h[1])
        )
        _legend(figure, handles, labels, loc="outside right center")
    return _png(figure)


def _legend(owner: Any, handles: list[Any], labels: list[str], **place: Any) -> None:
    """Name the lines, ours first: it was drawn last."""
    owner.legend(handles[::-1], labels[::-1], **place)


def _png(figure: Any) -> str:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110)
    plt.close(figure)
    return base64.b64encode(buffer.getvalue()).decode()
