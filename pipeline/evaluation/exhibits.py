"""Pictures of an evaluation, each with how to read it and its figures as a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from pipeline.evaluation import plots
from pipeline.evaluation.comparison import ALERTED_SHARE, Comparison
from pipeline.evaluation.detection import (
    alerted,
    alerted_cases,
    caught_after,
    value_found,
    widths,
)
from pipeline.evaluation.served import Served
from pipeline.evaluation.splits import Trial
from pipeline.scoring.speed import HEADER as SPEED_HEADER
from pipeline.scoring.speed import Speed, rows_of

Float = npt.NDArray[np.float64]
Bool = npt.NDArray[np.bool_]

MARKED_RATIOS: Final = (5.0, 10.0)
"""False alerts to a true one at which tables say what was found."""
_RATIOS: Final = np.round(np.geomspace(0.5, 50, 60), 3)
_OPENED_SHARE: Final = 0.05
"""Share of the counterparties whose case may be opened."""
_MOST_PAYMENTS: Final = 24
_SHOWN_PAYMENTS: Final = (1, 2, 3, 5, 8, 12, 16, 24)


@dataclass(frozen=True, slots=True)
class Exhibit:
    """One thing to look at.

    Attributes:
        reading: what it shows and how it was counted.
        png: base64; empty where the table says all.
        rows: of a table below ``header``; none where the picture says all.
        data: figures for the JSON report.
    """

    title: str
    reading: str
    png: str = ""
    header: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    data: dict[str, Any] = field(default_factory=dict)


def exhibits(
    trial: Trial,
    scores: dict[str, Float],
    served: Served,
    comparison: Comparison,
    threshold: float,
    speed: Speed | None,
) -> list[Exhibit]:
    """All exhibits.

    Args:
        trial: payments and their truth.
        scores: name to score, ours first, [N] each.
        served: probabilities of ours with their intervals.
        comparison: of the same scores.
        threshold: probability from which service alerts.
        speed: of the engine, None where it was not measured.
    """
    found = [
        Exhibit(
            "Precision and recall",
            "By payments of the counterparty before the scored one. The dotted line is the share "
            "that is risky: what a blind score reaches.",
            plots.precision_recall(trial, scores),
        ),
        Exhibit(
            "Reliability",
            "Tenths of the payments by probability, at the share of risk in service; a dot on the "
            "diagonal says what happens. Hollow dots on the floor: none of these was risky.",
            plots.reliability(comparison),
        ),
        *_detection(trial, scores),
        _value(trial, scores),
        _abstention(trial, served, threshold),
    ]
    if speed is not None:
        reading = (
            "Measured while this report was made, on this machine; other work on it lengthens "
            "times of the clock, less those of CPU."
        )
        found.append(
            Exhibit("Speed", reading, "", SPEED_HEADER, rows_of(speed), {"speed": asdict(speed)})
        )
    return found


def _detection(trial: Trial, scores: dict[str, Float]) -> list[Exhibit]:
    """Counterparties found, by two budgets: of payments, and of counterparties."""
    found = "Share of risky counterparties with an alert on a risky payment of theirs, by their "
    return [
        _found(
            "Payments until detection",
            f"{found}payments so far; each score may alert {ALERTED_SHARE:.0%} of all payments.",
            "caught_after",
            trial,
            {name: alerted(score, ALERTED_SHARE) for name, score in scores.items()},
        ),
        _found(
            "Payments until a case",
            f"{found}payments so far; each score may alert payments of {_OPENED_SHARE:.0%} of all "
            "counterparties: the first alert opens a case, further ones cost nothing.",
            "cases_after",
            trial,
            {
                name: alerted_cases(score, trial.counterparty, _OPENED_SHARE)
                for name, score in scores.items()
            },
        ),
    ]


def _found(title: str, reading: str, key: str, trial: Trial, alerts: dict[str, Bool]) -> Exhibit:
    """Counterparties found by each score's alerts; ``key`` names the curves in the JSON."""
    curves = {name: caught_after(trial, chosen, _MOST_PAYMENTS) for name, chosen in alerts.items()}
    return Exhibit(
        title,
        reading,
        plots.detection(curves),
        ("score", *(f"after {n}" for n in _SHOWN_PAYMENTS)),
        [
            [name, *(_share(curve[n - 1]) for n in _SHOWN_PAYMENTS)]
            for name, curve in curves.items()
        ],
        {key: {name: curve.tolist() for name, curve in curves.items()}},
    )


def _value(trial: Trial, scores: dict[str, Float]) -> Exhibit:
    curves = {
        name: value_found(trial.risky, score, trial.amount, _RATIOS)
        for name, score in scores.items()
    }
    marked = np.array(MARKED_RATIOS)
    return Exhibit(
        "Value detected",
        "Share of the risky money found, by false alerts that one true alert may cost. The money "
        "is concentrated: a few large payments decide much of it.",
        plots.value(_RATIOS, curves, MARKED_RATIOS),
        ("score", *(f"{ratio:.0f} : 1" for ratio in MARKED_RATIOS)),
        [
            [name, *map(_share, value_found(trial.risky, score, trial.amount, marked))]
            for name, score in scores.items()
        ],
        {
            "value_found": {
                "false_per_true": _RATIOS.tolist(),
                **{name: curve.tolist() for name, curve in curves.items()},
            }
        },
    )


def _abstention(trial: Trial, served: Served, threshold: float) -> Exhibit:
    found = widths(trial, served, threshold)
    return Exhibit(
        "Intervals and undecided payments",
        f"Coverage of the 90 % interval (cells of 100 payments of like probability), its mean "
        f"width, and how often it holds the alert threshold of {threshold:.3g}: of those payments "
        "the interval does not say on which side they belong. At the share of risk in service.",
        plots.intervals(found),
        ("events seen", "coverage", "mean width", "undecided", "of the alerted"),
        [
            [
                *(name, _share(w.coverage), f"{w.mean:.4f}"),
                *(f"{w.undecided:.2%}", _share(w.undecided_alerts)),
            ]
            for name, w in found.items()
        ],
        {"intervals": {name: asdict(w) for name, w in found.items()}},
    )


def _share(value: float) -> str:
    return f"{value:.1%}" if np.isfinite(value) else "–"
