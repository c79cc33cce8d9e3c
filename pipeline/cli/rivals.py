"""The rivals of ``coldwire evaluate``: fitted in the checkpoint's own training world."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields, replace
from datetime import date
from functools import cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch

from pipeline.cli.labelled import labelled_days
from pipeline.encoding import OWN_HISTORY, ObservationColumns
from pipeline.errors import ColdwireError
from pipeline.evaluation import tuned_trees
from pipeline.evaluation.baselines import Labelled, logistic_regression, z_score_rules
from pipeline.evaluation.low_rank import Lessons, low_rank
from pipeline.evaluation.online_forest import adaptive_random_forest
from pipeline.evaluation.prompt_starts import Start, multi_task_start
from pipeline.evaluation.splits import EncodedTrial, arrival_order, training_rows
from pipeline.model.checkpoint import Checkpoint
from pipeline.model.other_states import read_others
from pipeline.model.sequences import LabelledColumns, Sequences, encode_sequences
from pipeline.model.served_model import ServedModel
from pipeline.model.splits import Splits, split
from pipeline.model.timeline import play
from simulators.world import World, WorldConfig

Float = npt.NDArray[np.float64]

RISKY_SHARE: Final = 0.3
"""Share of risky parties in the held-out world, as in training; service expects fewer."""
_TRAINED_ON: Final = WorldConfig(parties=8_000, days=22, seed=7, risky_share=RISKY_SHARE)
"""For a checkpoint that does not say."""

MULTI_TASK, RANDOM, FOREST = "multi-task prompt", "random prompt", "River adaptive random forest"
LOW_RANK = "rank-2 LoRA, alone"
_LOW_RANK_ITERATIONS: Final = 1000
_FOREST_ROWS: Final = 60_000
"""Payments that the online forest learns from; it takes milliseconds for each."""
OPTIONAL: Final = {
    "multi-task": MULTI_TASK,
    "random-prompt": RANDOM,
    "river": FOREST,
    "lora": LOW_RANK,
}
"""Rivals that take minutes: how the option calls them, and the table."""


def chosen_rivals(option: str) -> frozenset[str]:
    """Optional rivals that are named by ``core``, ``all``, or a list with commas.

    Raises:
        ColdwireError: a name is unknown.
    """
    names = {"core": [], "all": list(OPTIONAL)}.get(option, option.split(","))
    if unknown := [name for name in names if name not in OPTIONAL]:
        raise ColdwireError(
            f"no rival is called {', '.join(unknown)}", f"choose core, all, or {','.join(OPTIONAL)}"
        )
    return frozenset(OPTIONAL[name] for name in names)


@dataclass(frozen=True, slots=True)
class Training:
    """What the rivals learn from: the world and the splits of the checkpoint."""

    world: WorldConfig
    seed: int
    most_events: int
    later_share: float
    families: tuple[int, ...]
    typologies: tuple[int, ...]

    @classmethod
    def of(cls, checkpoint: Checkpoint, parties: int | None) -> Training:
        """Read it from the notes; ``parties`` makes the world smaller or larger."""
        recipe: dict[str, Any] = checkpoint.notes.get("recipe", {})
        world = _world_of(checkpoint.notes.get("world", {}))
        return cls(
            world=world if parties is None else replace(world, parties=parties),
            seed=int(recipe.get("seed", world.seed)),
            most_events=int(recipe.get("most_events", 100)),
            later_share=float(recipe.get("later_share", 0.1)),
            families=tuple(recipe.get("held_out_families", ())),
            typologies=tuple(recipe.get("held_out_typologies", ())),
        )

    def check_unseen(self, seed: int) -> None:
        """Refuse to evaluate on the training world.

        Raises:
            ColdwireError: the seed made it.
        """
        if seed == self.world.seed:
            raise ColdwireError(
                f"seed {seed} made the world that the checkpoint was trained on",
                "give another --seed",
            )

    def sequences(self, days: Iterable[LabelledColumns]) -> tuple[Sequences, Splits]:
        """Counterparties of the training world, and what each was for."""
        encoded = encode_sequences(days, self.most_events, lambda *_: None)
        return encoded, split(encoded, self.families, self.typologies, self.seed)


def _world_of(notes: dict[str, Any]) -> WorldConfig:
    """The training world that a checkpoint's notes describe; its switches are the defaults."""
    known = {
        f.name: notes[f.name]
        for f in fields(WorldConfig)
        if isinstance(notes.get(f.name), int | float | str)
    }
    if "start" in known:
        known["start"] = date.fromisoformat(known["start"])
    return replace(_TRAINED_ON, **known)


@dataclass(frozen=True, slots=True)
class _Taught:
    """The checkpoint's labelled counterparties, as sequences and as rows."""

    sequences: Sequences
    splits: Splits
    fit: Labelled
    stop: Labelled
    stream: Labelled
    """The rows of ``fit`` in order of arrival."""


@cache
def _taught(training: Training) -> _Taught:
    """Made once a process: it is the same for all rivals."""
    torch.set_num_threads(1)
    days = list(labelled_days(World(training.world)))
    sequences, splits = training.sequences(days)
    fit, held = sequences.of(splits.fit), sequences.of(splits.stack)
    rows, stop = (training_rows(part, training.later_share, training.seed) for part in (fit, held))
    columns = ObservationColumns.concatenate([day.columns for day in days])
    arrival = arrival_order(columns.entity, training.most_events)
    in_time = rows[np.argsort(arrival[np.repeat(splits.fit, sequences.length)][rows])]
    return _Taught(
        sequences,
        splits,
        Labelled(fit.features[rows], fit.risky[rows]),
        Labelled(held.features[stop], held.risky[stop]),
        Labelled(fit.features[in_time], fit.risky[in_time]),
    )


@dataclass(frozen=True, slots=True)
class Scored:
    """A rival's scores of a trial's rows, and what is to be said about how it was made."""

    score: Float
    note: str = ""


Rival = Callable[[ServedModel, Training, EncodedTrial], Scored]


def _lightgbm(_: ServedModel, training: Training, trial: EncodedTrial) -> Scored:
    taught = _taught(training)
    return _tuned(taught.fit, taught.stop, trial.features)


def _lightgbm_own(_: ServedModel, training: Training, trial: EncodedTrial) -> Scored:
    fit, stop = (
        Labelled(rows.features[:, OWN_HISTORY], rows.risky)
        for rows in (_taught(training).fit, _taught(training).stop)
    )
    return _tuned(fit, stop, trial.features[:, OWN_HISTORY])


def _tuned(fit: Labelled, stop: Labelled, features: npt.NDArray[np.float32]) -> Scored:
    score, chosen = tuned_trees.lightgbm_tuned(fit, stop, features)
    return Scored(score, ", ".join(f"{name} {value}" for name, value in chosen.items()))


def _logistic(_: ServedModel, training: Training, trial: EncodedTrial) -> Scored:
    return Scored(logistic_regression(_taught(training).fit, trial.features))


def _rules(_: ServedModel, training: Training, trial: EncodedTrial) -> Scored:
    return Scored(z_score_rules(_taught(training).fit, trial.features))


def _forest(_: ServedModel, training: Training, trial: EncodedTrial) -> Scored:
    stream = _taught(training).stream
    newest = Labelled(stream.features[-_FOREST_ROWS:], stream.risky[-_FOREST_ROWS:])
    note = f"learned from the newest {len(newest.risky):,} of {len(stream.risky):,} payments"
    return Scored(adaptive_random_forest(newest, trial.features), note)


def _fine_tuned(model: ServedModel, training: Training, trial: EncodedTrial) -> Scored:
    return Scored(_alone(model, training, trial))


def _low_rank(model: ServedModel, training: Training, trial: EncodedTrial) -> Scored:
    taught = _taught(training)
    told = read_others(taught.sequences, model)
    lessons = Lessons(
        told.of(taught.splits.fit), told.of(taught.splits.stack), training.later_share
    )
    tuned, losses = low_rank(model, lessons, _LOW_RANK_ITERATIONS, training.seed, lambda *_: None)
    held_out = ", ".join(f"{loss:.4f}" for loss in losses)
    return Scored(_alone(tuned, training, trial), f"held-out loss {held_out}")


def _alone(model: ServedModel, training: Training, trial: EncodedTrial) -> Float:
    """Log odds of a model's risk head, nobody's prompt adapted and no trees beside."""
    line = play(model, trial.sequences, False, 1.0, training.seed, lambda *_: None)
    logit = np.empty(len(trial.place), np.float64)
    logit[line.row] = line.logit
    return np.asarray(logit[trial.place])


FITTED: Final[dict[str, Rival]] = {
    tuned_trees.NAME: _lightgbm,
    tuned_trees.OWN_NAME: _lightgbm_own,
    "logistic regression": _logistic,
    "z-score rules": _rules,
    FOREST: _forest,
    "full fine-tune, alone": _fine_tuned,
    LOW_RANK: _low_rank,
}
"""Rivals that are fitted to rows or sequences, in the order of the table."""


def multi_task(model: ServedModel, training: Training) -> Start:
    """The start prompt that was trained on all counterparties at once."""
    taught = _taught(training)
    return multi_task_start(model, taught.sequences.of(taught.splits.fit), training.seed)
