"""The leaderboard: results of methods as Markdown tables, losses included."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from pipeline.errors import ColdwireError
from pipeline.evaluation.benchmark.result import ALERTED_SHARE, ALL, Result
from pipeline.evaluation.bootstrap import Interval
from pipeline.evaluation.figures import markdown_table

BEGIN: Final = "<!-- leaderboard: begin -->"
END: Final = "<!-- leaderboard: end -->"

_METRICS: Final = {
    "roc_auc": "ROC-AUC by events seen",
    "recall_at_budget": f"Recall with {ALERTED_SHARE:.0%} of the tasks alerted, by events seen",
}


def leaderboard(results: Sequence[Result], against: str) -> str:
    """Tables of all results, the best PR-AUC over all tasks first.

    Args:
        results: at least one, all of the same data.
        against: name of the method that the others are compared with.

    Raises:
        ColdwireError: results of different data, or ``against`` is none of them.
    """
    reference = next((r for r in results if r.method.name == against), None)
    if reference is None:
        names = ", ".join(r.method.name for r in results)
        raise ColdwireError(f"no result of {against!r}", f"compare against one of: {names}")
    ranked = sorted(results, key=lambda r: -_ap(r, ALL).value)
    ranges = list(reference.tasks)
    seen = [f"{where} seen" if where != ALL else ALL for where in ranges]
    data = reference.data
    lines = [
        f"Data `{data['name']}` version {data['version']}, size {data['size']}, seed "
        f"{data['seed']}, id `{data['id']}`. 95 % intervals: bootstrap over counterparties.",
        "",
        "**PR-AUC by events seen**",
        "",
        *markdown_table(
            ["method", "learned from", "seeds", *seen],
            [
                [
                    r.method.name,
                    r.method.learned_from,
                    str(r.seeds),
                    *(f"{_ap(r, where):.3f}" for where in ranges),
                ]
                for r in ranked
            ]
            + [
                ["*tasks*", "", "", *(f"{reference.tasks[where]:,}" for where in ranges)],
                ["*of them risky*", "", "", *(f"{reference.risky[where]:,}" for where in ranges)],
            ],
        ),
        "",
        f"**PR-AUC over {against}, paired by counterparty** (bold where the interval leaves out 0)",
        "",
        *markdown_table(
            ["method", *seen],
            [
                [r.method.name, *(_lead(r.lead_over(reference, where)) for where in ranges)]
                for r in ranked
                if r is not reference
            ],
        ),
    ]
    for metric, title in _METRICS.items():
        rows = [
            [r.method.name, *(f"{r.figures[metric][where]:.3f}" for where in ranges)]
            for r in ranked
        ]
        lines += ["", f"**{title}**", "", *markdown_table(["method", *seen], rows)]
    lines += ["", "**How each row was made**", "", *markdown_table(*_made(ranked))]
    return "\n".join(lines) + "\n"


def write_into(page: Path, tables: str) -> None:
    """Replace what stands between the markers of a Markdown page.

    Raises:
        ColdwireError: the page has no markers.
    """
    text = page.read_text() if page.is_file() else ""
    if BEGIN not in text or END not in text:
        raise ColdwireError(f"{page} has no place for the tables", f"write {BEGIN} and {END} there")
    before, _, rest = text.partition(BEGIN)
    page.write_text(f"{before}{BEGIN}\n{tables}{END}{rest.partition(END)[2]}")


def _made(ranked: Sequence[Result]) -> tuple[list[str], list[list[str]]]:
    rows = [
        [r.method.name, r.method.date, f"`{r.method.command}`", _spread(r), r.method.notes]
        for r in ranked
    ]
    return ["method", "date", "command", "PR-AUC of its seeds, all tasks", "notes"], rows


def _ap(result: Result, where: str) -> Interval:
    return result.figures["average_precision"][where]


def _spread(result: Result) -> str:
    low, high = result.spread[ALL]
    return f"{low:.3f} to {high:.3f}" if result.seeds > 1 else "no randomness or one run"


def _lead(interval: Interval) -> str:
    text = f"{interval:+.3f}"
    return f"**{text}**" if interval.low > 0 or interval.high < 0 else text
