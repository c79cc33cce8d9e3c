"""The prompt's ablation as Markdown."""

from __future__ import annotations

from typing import Any, Final

from pipeline.evaluation.bootstrap import Interval
from pipeline.evaluation.figures import markdown_table
from pipeline.model.buckets import BUCKETS

_COLUMNS: Final = (*BUCKETS, "all")


def markdown(outcomes: list[dict[str, Any]]) -> str:
    """Tables of likelihood, ranking and cost.

    Args:
        outcomes: of arms, as ``Outcome.as_dict`` made them or JSON gave them back.
    """
    parts = [
        "Next-event nats per field: the start for everybody, and what adapting changes "
        "(below 0 is better), by events seen.\n",
        _table(
            ["arm", "start", *_COLUMNS],
            [
                [o["arm"], f"{o['nats_start']['all']:.4f}", *_cells(o["nats_gain"], 4)]
                for o in outcomes
            ],
        ),
    ]
    for scorer in outcomes[0]["ranking_gain"]:
        parts += [
            f"PR-AUC of {scorer}, and what adapting changes (above 0 is better), by events seen.\n",
            _table(
                ["arm", "start", *_COLUMNS],
                [
                    [
                        o["arm"],
                        f"{o['ranking_start'][scorer]['all']:.3f}",
                        *_cells(o["ranking_gain"][scorer], 3),
                    ]
                    for o in outcomes
                ],
            ),
        ]
    parts += [
        "Cost: an inner step of one counterparty with a full window (autograd, one thread), and "
        "the training of the arm.\n",
        _table(
            ["arm", "step, ms", "training, s"],
            [[o["arm"], f"{o['step_ms']:.2f}", f"{o['training_s']:.0f}"] for o in outcomes],
        ),
    ]
    return "\n".join(parts)


def _cells(gains: dict[str, dict[str, float]], digits: int) -> list[str]:
    return [f"{Interval(**gains[c]):+.{digits}f}" for c in _COLUMNS]


def _table(header: list[str], rows: list[list[str]]) -> str:
    return "\n".join(markdown_table(header, rows)) + "\n"
