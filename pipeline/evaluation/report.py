"""A comparison as JSON, Markdown, and one HTML page with its plots inside."""

from __future__ import annotations

import html
import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from pipeline.evaluation.comparison import ALERTED_SHARE, DAILY_ALERTS, DAILY_ALERTS_PER, Comparison
from pipeline.evaluation.exhibits import Exhibit
from pipeline.evaluation.figures import finite, markdown_table

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
        unseen: comparisons on what training held out, by its name.
        missing: rivals that could not be run, with the reason.
        exhibits: pictures and further tables.
    """

    about: dict[str, str | int | float]
    comparison: Comparison
    unseen: dict[str, Comparison] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    exhibits: list[Exhibit] = field(default_factory=list)

    def as_json(self) -> str:
        """Every figure, unrounded; what could not be measured is null."""
        data = {
            "about": self.about,
            **_figures(self.comparison),
            "unseen": {name: _figures(comparison) for name, comparison in self.unseen.items()},
            "missing": self.missing,
        }
        for exhibit in self.exhibits:
            data |= exhibit.data
        return json.dumps(finite(data), indent=1)

    def tables(self) -> list[tuple[str, Row, list[Row]]]:
        """Title, header and rows of each table, as text."""
        c = self.comparison
        overall: list[Row] = [
            [
                r.name,
                *(
                    _number(v)
                    for v in (
                        r.roc_auc,
                        r.value_at_5,
                        r.value_at_10,
                        r.recall_at_budget,
                        r.recall_at_daily_alerts,
                    )
                ),
            ]
            for r in c.rivals
        ]
        honest: list[Row] = [
            [name, f"{h.brier:.2e}", f"{h.calibration_error:.2e}", _number(h.coverage)]
            for name, h in c.honesty.items()
        ]
        budgets = (
            f"recall at {ALERTED_SHARE:.0%} alerted",
            f"recall at {DAILY_ALERTS} a day per {DAILY_ALERTS_PER:,} parties",
        )
        return [
            self._ranking("PR-AUC by events seen", c),
            _leads(f"Lead of {c.rivals[0].name} over", c),
            ("All payments", ["score", "ROC-AUC", "value 5:1", "value 10:1", *budgets], overall),
            ("Honesty", ["events seen", "Brier", "calibration error", "coverage"], honest),
            *(self._ranking(f"PR-AUC, {name}", beside) for name, beside in self.unseen.items()),
            *(
                _leads(f"Lead of {c.rivals[0].name}, {name}", beside)
                for name, beside in self.unseen.items()
            ),
        ]

    def _ranking(self, title: str, c: Comparison) -> tuple[str, Row, list[Row]]:
        names = [r.name for r in c.ranges]
        rows: list[Row] = [
            [r.name, *(f"{r.average_precision[n]:.3f}" for n in names)] for r in c.rivals
        ]
        rows += [[f"{name} ({why})", *("–" for _ in names)] for name, why in self.missing.items()]
        rows.append(["payments", *(f"{r.rows:,}" for r in c.ranges)])
        rows.append(["of them risky", *(f"{r.risky:,}" for r in c.ranges)])
        return title, ["score", *names], rows

    def as_markdown(self) -> str:
        """The tables, and how to read them."""
        lines = ["# Evaluation\n", _READING + "\n", *(f"- {k}: {v}" for k, v in self.about.items())]
        for title, header, rows in self.tables():
            lines += [f"\n## {title}\n", *markdown_table(header, rows)]
        for exhibit in self.exhibits:
            if exhibit.rows:
                lines += [f"\n## {exhibit.title}\n", exhibit.reading + "\n"]
                lines += markdown_table(exhibit.header, exhibit.rows)
        return "\n".join(lines) + "\n"

    def as_html(self) -> str:
        """One page without outside parts."""
        facts = "".join(
            f"<li>{html.escape(k)}: {html.escape(str(v))}</li>" for k, v in self.about.items()
        )
        tables = "".join(
            f"<h2>{html.escape(title)}</h2>{_html_table(header, rows)}"
            for title, header, rows in self.tables()
        )
        exhibits = "".join(_html_exhibit(exhibit) for exhibit in self.exhibits)
        return (
            f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Evaluation</title>'
            f"<style>{_STYLE}</style></head><body><h1>Evaluation</h1><p>{html.escape(_READING)}</p>"
            f"<ul>{facts}</ul>{tables}{exhibits}</body></html>"
        )

    def write(self, directory: Path) -> None:
        """Write all three files."""
        directory.mkdir(parents=True, exist_ok=True)
        (directory / JSON).write_text(self.as_json() + "\n")
        (directory / MARKDOWN).write_text(self.as_markdown())
        (directory / HTML).write_text(self.as_html())


_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;color:#222;max-width:76em;margin:2em auto;"
    "padding:0 1.2em}h1{font-size:1.9em}h2{font-size:1.25em;margin:2em 0 .4em;"
    "border-top:1px solid #ddd;padding-top:1em}p,li{max-width:62em}ul{color:#555}"
    ".wide{overflow-x:auto}table{border-collapse:collapse;margin:1em 0;"
    "font-variant-numeric:tabular-nums;font-size:.88em}td,th{padding:.35em .7em;"
    "text-align:right;border-bottom:1px solid #ddd}th{color:#555;font-weight:600}"
    "td:first-child,th:first-child{text-align:left}tr:nth-child(2) td{font-weight:600}"
    "img{max-width:100%;display:block;margin:1em 0}"
)


def _figures(c: Comparison) -> dict[str, Any]:
    return {
        "ranges": [{"name": r.name, "rows": r.rows, "risky": r.risky} for r in c.ranges],
        "scores": [
            {
                "name": r.name,
                "average_precision": {k: asdict(i) for k, i in r.average_precision.items()},
                "lead": {k: asdict(i) for k, i in r.lead.items()},
                "roc_auc": r.roc_auc,
                "value_detected_5_to_1": r.value_at_5,
                "value_detected_10_to_1": r.value_at_10,
                "recall_at_budget": r.recall_at_budget,
                "recall_at_daily_alerts": r.recall_at_daily_alerts,
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


def _leads(title: str, c: Comparison) -> tuple[str, Row, list[Row]]:
    names = [r.name for r in c.ranges]
    rows: list[Row] = [[r.name, *(f"{r.lead[n]:+.3f}" for n in names)] for r in c.rivals if r.lead]
    return title, ["score", *names], rows


def _number(value: float) -> str:
    return f"{value:.3f}" if math.isfinite(value) else "–"


def _html_exhibit(exhibit: Exhibit) -> str:
    title = html.escape(exhibit.title, quote=True)
    picture = f'<img alt="{title}" src="data:image/png;base64,{exhibit.png}">'
    return (
        f"<h2>{title}</h2><p>{html.escape(exhibit.reading)}</p>{picture if exhibit.png else ''}"
        f"{_html_table(exhibit.header, exhibit.rows) if exhibit.rows else ''}"
    )


def _html_table(header: Row, rows: Sequence[Row]) -> str:
    head = "".join(f"<th>{html.escape(cell)}</th>" for cell in header)
    body = "".join(
        "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f'<div class="wide"><table><tr>{head}</tr>{body}</table></div>'
