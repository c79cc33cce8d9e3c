"""Backbones beside each other: kept scores, figures with intervals, the table."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from pipeline.evaluation.ablation.backbone_trial import BackboneTrial
from pipeline.evaluation.bootstrap import CounterpartyBootstrap, Interval
from pipeline.evaluation.figures import markdown_table
from pipeline.evaluation.metrics import average_precision
from pipeline.model.buckets import BUCKETS, bucket_of

_ALL: Final = "all"
_SCORES: Final = ("head", "trees", "stack")
_NOTES: Final = "notes"

Bool = npt.NDArray[np.bool_]
Float = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One backbone's trial, kept in a file.

    Attributes:
        name: of the backbone.
        run: what decided the trial, beside the backbone.
        parameters: of the backbone without what is trained above it.
        latency: milliseconds, as :class:`~pipeline.evaluation.ablation.backbone_latency.Latencies`.
    """

    name: str
    run: dict[str, Any]
    parameters: int
    latency: dict[str, dict[str, float]]
    trial: BackboneTrial

    def save(self, path: Path) -> None:
        """Write it; the file appears whole or not at all."""
        notes = {n: getattr(self, n) for n in ("name", "run", "parameters", "latency")}
        notes["pretrain_seconds"] = self.trial.pretrain_seconds
        torn = path.with_suffix(".part")
        save_file(_arrays(self.trial), torn, metadata={_NOTES: json.dumps(notes)})
        torn.replace(path)

    @classmethod
    def load(cls, path: Path) -> Attempt:
        """What :meth:`save` wrote."""
        with safe_open(path, framework="numpy") as file:
            notes = json.loads(file.metadata()[_NOTES])
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        trial = BackboneTrial(**arrays, pretrain_seconds=notes.pop("pretrain_seconds"))
        return cls(**notes, trial=trial)

    @classmethod
    def is_kept(cls, path: Path, run: dict[str, Any]) -> bool:
        """Whether the file holds a whole attempt of this run."""
        try:
            return path.is_file() and cls.load(path).run == run
        except SafetensorError:
            return False


def figures(attempts: list[Attempt]) -> list[dict[str, Any]]:
    """Figures of every attempt, and its lead over another on the rows of both.

    Args:
        attempts: each is measured against the first of the same run, and the first of a
            run against the first of all.
    """
    found = []
    for each in attempts:
        rival = next(a for a in attempts if a.run == each.run)
        found.append(_figures_of(each, attempts[0] if rival is each else rival))
    return found


def markdown(found: list[dict[str, Any]]) -> str:
    """The figures as Markdown tables."""
    tables = [_costs(found), _likelihood(found)]
    tables += [_ranking(found, score) for score in _SCORES]
    return "\n".join(tables)


def _arrays(trial: BackboneTrial) -> dict[str, npt.NDArray[Any]]:
    names = (f.name for f in fields(BackboneTrial) if f.name != "pretrain_seconds")
    return {name: np.ascontiguousarray(getattr(trial, name)) for name in names}


def _figures_of(attempt: Attempt, first: Attempt) -> dict[str, Any]:
    ours = attempt.trial
    bootstrap = CounterpartyBootstrap(ours.counterparty)
    ranges = _ranges(ours.seen)
    found: dict[str, Any] = {
        "name": attempt.name,
        "run": attempt.run,
        "parameters": attempt.parameters,
        "latency_ms": attempt.latency,
        "pretrain_seconds": ours.pretrain_seconds,
        "rows": {name: int(rows.sum()) for name, rows in ranges.items()},
        "risky": {name: int(ours.risky[rows].sum()) for name, rows in ranges.items()},
        "nats_per_field": _triple(
            bootstrap.interval(_mean, ours.risky, ours.nats.astype(np.float64))
        ),
        "average_precision": {
            score: {
                name: average_precision(ours.risky[rows], getattr(ours, score)[rows])
                for name, rows in ranges.items()
            }
            for score in _SCORES
        },
    }
    if attempt.name != first.name:
        found["over"] = first.name
        found["lead"] = _lead(ours, first.trial)
    return found


def _lead(ours: BackboneTrial, theirs: BackboneTrial) -> dict[str, Any]:
    """Differences on the counterparties of both, paired on the same resamples."""
    here = np.isin(ours.counterparty, theirs.counterparty)
    there = np.isin(theirs.counterparty, ours.counterparty)
    # Both keep a counterparty's rows together and in order; the keys are sorted in both.
    if not np.array_equal(ours.counterparty[here], theirs.counterparty[there]):
        raise ValueError("the attempts were not made on the same world")
    risky, ranges = ours.risky[here], _ranges(ours.seen[here])
    lead: dict[str, Any] = {}
    for score in _SCORES:
        a, b = getattr(ours, score)[here], getattr(theirs, score)[there]
        lead[score] = {
            name: _triple(
                CounterpartyBootstrap(ours.counterparty[here][rows]).difference(
                    average_precision, risky[rows], a[rows], b[rows]
                )
            )
            for name, rows in ranges.items()
        }
    nats = CounterpartyBootstrap(ours.counterparty[here]).difference(
        _mean, risky, *(t.astype(np.float64) for t in (ours.nats[here], theirs.nats[there]))
    )
    return {**lead, "nats_per_field": _triple(nats)}


def _mean(risky: Bool, value: Float, weight: Float | None) -> float:
    del risky
    return float(np.average(value, weights=weight))


def _ranges(seen: npt.NDArray[np.int64]) -> dict[str, Bool]:
    bucket = bucket_of(seen)
    ranges: dict[str, Bool] = {name: bucket == b for b, name in enumerate(BUCKETS)}
    early = (seen >= 1) & (seen <= 5)
    return {**ranges, "1-5": early, _ALL: np.ones(len(seen), np.bool_)}


def _triple(interval: Interval) -> list[float]:
    return [interval.value, interval.low, interval.high]


def _costs(found: list[dict[str, Any]]) -> str:
    header = ["backbone", "parameters", "pre-training, s", "score, ms", "adaptation, ms"]
    rows = []
    for one in found:
        times = (
            f"{t['p50']:.3g} / {t['p99']:.3g} ({t['cpu_p50']:.3g})"
            for t in (one["latency_ms"][n] for n in ("score", "adaptation", "steps"))
        )
        rows.append(
            [one["name"], f"{one['parameters']:,}", f"{one['pretrain_seconds']:.0f}", *times]
        )
    table = markdown_table([*header, "steps, ms"], rows)
    return "\n".join(["Milliseconds: p50 / p99 (p50 of the CPU alone).\n", *table, ""])


def _likelihood(found: list[dict[str, Any]]) -> str:
    rows = [
        [
            one["name"],
            f"{Interval(*one['nats_per_field']):.3f}",
            f"{Interval(*one['lead']['nats_per_field']):+.3f} over {one['over']}"
            if "lead" in one
            else "",
        ]
        for one in found
    ]
    return "\n".join([*markdown_table(["backbone", "nats per field", "lead"], rows), ""])


def _ranking(found: list[dict[str, Any]], score: str) -> str:
    names = list(found[0]["rows"])
    rows = []
    for one in found:
        values = (f"{one['average_precision'][score][name]:.3f}" for name in names)
        rows.append([one["name"], *values])
        if "lead" in one:
            leads = (f"{Interval(*one['lead'][score][name]):+.3f}" for name in names)
            rows.append([f"over {one['over']}", *leads])
    return "\n".join([*markdown_table([f"{score}, PR-AUC by events seen", *names], rows), ""])
