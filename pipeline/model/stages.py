"""Weights kept between the stages of training, so that a stopped run goes on."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from pipeline.model.profile_model import ProfileModel


@dataclass(frozen=True, slots=True)
class Stages:
    """Finished stages of one recipe on one set of observations, in a directory.

    Attributes:
        directory: where they are; None keeps nothing.
        made_from: recipe and observations; a stage made from others is not taken.
    """

    directory: Path | None
    made_from: dict[str, Any]

    def restore(self, stage: str, model: ProfileModel) -> bool:
        """Load the weights after a stage, if it was finished; tell whether it was."""
        path = self._path(stage)
        if path is None or not path.is_file():
            return False
        try:
            with safe_open(path, framework="pt") as file:
                if (file.metadata() or {}).get("made_from") != self._mark():
                    return False
                state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        except SafetensorError:
            return False
        model.load_state_dict(state)
        return True

    def keep(self, stage: str, model: ProfileModel) -> None:
        """Write the weights after a stage; the file appears whole or not at all."""
        path = self._path(stage)
        if path is None:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        torn = path.with_suffix(".part")
        state = {name: tensor.contiguous() for name, tensor in model.state_dict().items()}
        save_file(state, torn, metadata={"made_from": self._mark()})
        torn.replace(path)

    def clear(self) -> None:
        """Forget all stages: the checkpoint is written."""
        if self.directory is not None:
            for path in self.directory.glob("stage-*.safetensors"):
                path.unlink()

    def _path(self, stage: str) -> Path | None:
        return None if self.directory is None else self.directory / f"stage-{stage}.safetensors"

    def _mark(self) -> str:
        return json.dumps(self.made_from, sort_keys=True)
