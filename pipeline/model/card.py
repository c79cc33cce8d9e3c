"""The model card: what a checkpoint is, how it was made, and what it scores."""

from __future__ import annotations

from typing import Any

from pipeline.model.buckets import BUCKETS
from pipeline.model.checkpoint import Checkpoint
from pipeline.model.prompt_control import MOST_LOST

_COLUMNS = (*BUCKETS, "all")


def model_card(checkpoint: Checkpoint, command: str, made_on: str) -> str:
    """Markdown from a checkpoint's notes.

    Args:
        checkpoint: of :func:`pipeline.model.recipe.train`.
        command: the command line that made it.
        made_on: date, as text.
    """
    notes = checkpoint.notes
    sizes = sum(array.size for array in checkpoint.model.state.values())
    parts = [
        f"# Model card: {checkpoint.version}\n",
        f"Made on {made_on} by `{command}`, from simulated payments alone. "
        f"{sizes:,} parameters in the network, {checkpoint.trees.booster.num_trees()} trees.\n",
        _INTENDED,
        "## Counterparties\n",
        _counts(notes["observations"]),
    ]
    parts += ["## Weight of the adapted prompt\n", _control(notes["prompt control"])]
    for name, figures in notes["measured"].items():
        parts += [f"## Measured on: {name}\n", _quality(figures), _gains(figures)]
        parts += [_honesty(figures)]
    if notes.get("coverage on other worlds"):
        parts.append(_other_worlds(notes["coverage on other worlds"]))
    for title in ("recipe", "world"):
        if title in notes:
            parts += [f"## {title.capitalize()}\n", _choices(notes[title])]
    return "\n".join(parts)


_INTENDED = """## Use and limits

Scores one side of a payment from the counterparty's own history and from what is known of the
other side. Trained on a synthetic
Fedwire by the authors of the same simulator: figures compare methods on that world and
promise nothing about real payments. Training holds many more risky counterparties than
service does, and as many more benign look-alikes; probabilities are corrected for that by
weighting (prior shift), which assumes that only their numbers differ. PR-AUC below is at the
training share.

K=0 is the same checkpoint with the start prompt for everybody, history in context in both;
the difference is what adapting prompts brings. Intervals are 95 %, paired bootstrap over
counterparties.
"""


def _table(header: list[str], rows: list[list[str]]) -> str:
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def _counts(observations: dict[str, dict[str, int]]) -> str:
    header = ["split", *next(iter(observations.values()))]
    rows = [[name, *(f"{v:,}" for v in row.values())] for name, row in observations.items()]
    return _table(header, rows)


def _quality(figures: dict[str, Any]) -> str:
    header = ["PR-AUC by events seen", *_COLUMNS, "ROC-AUC"]
    rows = [
        [
            name,
            *(f"{row[c]:.3f}" if c in row else "–" for c in _COLUMNS),
            f"{figures['roc_auc'][name]:.3f}",
        ]
        for name, row in figures["average_precision"].items()
    ]
    rows.append(["base rate", *(f"{figures['base_rate'][c]:.4f}" for c in _COLUMNS), ""])
    rows.append(["risky events", *(f"{figures['positives'][c]:,}" for c in _COLUMNS), ""])
    return _table(header, rows)


def _control(control: dict[str, Any]) -> str:
    rows = [
        [f"{tried['weight']}", *(_gain(tried["gains"].get(name)) for name in BUCKETS)]
        for tried in control["tried"]
    ]
    return (
        f"A score takes {control['weight']} of the way from the start to the adapted prompt: the "
        "largest weight at which, on held-out counterparties, no range's interval falls below "
        f"-{MOST_LOST} PR-AUC beside K=0.\n\n"
        + _table(["weight: PR-AUC minus K=0, by events seen", *BUCKETS], rows)
    )


def _gain(gain: dict[str, float] | None) -> str:
    if gain is None:
        return "–"
    return f"{gain['value']:+.4f} [{gain['low']:+.4f}, {gain['high']:+.4f}]"


def _gains(figures: dict[str, Any]) -> str:
    rows = [[name, _gain(gain)] for name, gain in figures["gains"].items()]
    return _table(["difference in PR-AUC, all events", "value and 95 % interval"], rows)


def _honesty(figures: dict[str, Any]) -> str:
    covered = ", ".join(f"{name}: {share:.0%}" for name, share in figures["coverage"].items())
    likelihood = figures["likelihood"]
    return (
        f"Coverage of the 90 % intervals by events seen: {covered}. "
        f"Mean gap of probability and rate, by range, at the served share: "
        f"{figures['calibration_error']:.5f}. Next-event likelihood, nats per field: "
        f"{likelihood['nats per field, K=0']:.4f} unadapted, "
        f"{likelihood['nats per field, adapted']:.4f} adapted; "
        f"{likelihood['accepted']:,} of {likelihood['adaptations']:,} adaptations accepted.\n"
    )


def _other_worlds(coverage: dict[str, float]) -> str:
    covered = ", ".join(f"{name}: {share:.1%}" for name, share in coverage.items())
    return (
        "## Calibrated on other worlds\n\nMaps and widths come from worlds of other seeds. "
        f"Coverage of the 90 % intervals on a world left out, by events seen: {covered}.\n"
    )


def _choices(choices: dict[str, Any]) -> str:
    return _table(["choice", "value"], [[name, f"{value}"] for name, value in choices.items()])
