"""A trained model on disk: safetensors, LightGBM text and a JSON manifest. Never pickle."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from safetensors.numpy import load_file, save_file

from pipeline.encoding import FEATURES, FIELDS, N_FEATURES, N_FIELDS
from pipeline.errors import ColdwireError
from pipeline.model.architecture import Architecture
from pipeline.model.calibration import Calibrated, Calibration
from pipeline.model.served_model import RiskOutput, ServedModel
from pipeline.model.stack import Stack
from pipeline.model.trees import Trees, tree_inputs

FORMAT: Final = 4
SHIPPED: Final = Path(__file__).parent / "shipped"
"""The checkpoint that comes with the package."""

_WEIGHTS, _TREES, _MANIFEST = "weights.safetensors", "trees.txt", "manifest.json"
_RETRAIN: Final = "train one with: coldwire train --quick --out DIR"


def encoding_fingerprint() -> str:
    """Changes whenever fields or features do; a checkpoint serves only its own encoding."""
    table = [(f.name, f.kind, f.cardinality, f.edges) for f in FIELDS]
    text = json.dumps([table, FEATURES], sort_keys=True)
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


@dataclass(frozen=True, slots=True)
class Verdict:
    """The calibrated stack's word on N events."""

    logit: npt.NDArray[np.float64]
    """Stacked log odds before calibration."""
    calibrated: Calibrated
    tree_inputs: npt.NDArray[np.float32]
    """What the trees saw, [N, len(TREE_FEATURES)]; for reasons."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Everything that serving needs, frozen."""

    model: ServedModel
    trees: Trees
    stack: Stack
    calibration: Calibration
    version: str
    """Hash of the contents; stands in every score."""
    notes: dict[str, Any]
    """How it was made and what it scored; for people, not for the program."""

    def verdict(
        self,
        output: RiskOutput,
        features: npt.NDArray[np.float32],
        events_seen: npt.NDArray[np.int64],
    ) -> Verdict:
        """Stack the model's output with the trees and calibrate.

        Args:
            output: of :meth:`ServedModel.score`, N rows.
            features: the events' features, [N, A].
            events_seen: events of each entity before this one, [N].
        """
        inputs = tree_inputs(features, output.surprise)
        parts = np.column_stack([output.logit.astype(np.float64), self.trees.logit(inputs)])
        logit = self.stack.logit(parts, events_seen)
        return Verdict(logit, self.calibration.calibrate(logit, events_seen), inputs)

    def save(self, directory: Path) -> None:
        """Write the three files; the manifest last, so that a torn write is noticed."""
        directory.mkdir(parents=True, exist_ok=True)
        save_file(self.model.state, directory / _WEIGHTS)
        (directory / _TREES).write_text(self.trees.to_text())
        manifest = {
            "format": FORMAT,
            "version": self.version,
            "encoding": encoding_fingerprint(),
            "architecture": self.model.architecture.as_dict(),
            "prompt_weight": self.model.prompt_weight,
            "stack": self.stack.to_json(),
            "calibration": self.calibration.to_json(),
            "digests": {name: _digest(directory / name) for name in (_WEIGHTS, _TREES)},
            "notes": self.notes,
        }
        text = json.dumps(manifest, indent=1, sort_keys=True) + "\n"
        (directory / _MANIFEST).write_text(text)

    @classmethod
    def load(cls, directory: Path) -> Checkpoint:
        """Read what :meth:`save` wrote.

        Raises:
            ColdwireError: missing, damaged, or made for another format or encoding.
        """
        manifest = _read_manifest(directory)
        for name, expected in manifest["digests"].items():
            if not (directory / name).is_file() or _digest(directory / name) != expected:
                raise ColdwireError(f"the checkpoint file {directory / name} is damaged", _RETRAIN)
        architecture = Architecture(**manifest["architecture"])
        weights = load_file(directory / _WEIGHTS)
        return cls(
            ServedModel(weights, architecture, manifest["prompt_weight"]),
            Trees.from_text((directory / _TREES).read_text()),
            Stack.from_json(manifest["stack"]),
            Calibration.from_json(manifest["calibration"]),
            manifest["version"],
            manifest["notes"],
        )

    @classmethod
    def assemble(
        cls,
        model: ServedModel,
        trees: Trees,
        stack: Stack,
        calibration: Calibration,
        notes: dict[str, Any],
    ) -> Checkpoint:
        """Put fitted parts together and name them by a hash of their contents."""
        digest = hashlib.blake2b(digest_size=6)
        for name, array in sorted(model.state.items()):
            digest.update(name.encode())
            digest.update(np.ascontiguousarray(array).tobytes())
        digest.update(trees.to_text().encode())
        fitted = [model.prompt_weight, stack.to_json(), calibration.to_json()]
        digest.update(json.dumps(fitted).encode())
        return cls(model, trees, stack, calibration, f"cw{FORMAT}-{digest.hexdigest()}", notes)


def _digest(path: Path) -> str:
    return hashlib.blake2b(path.read_bytes(), digest_size=16).hexdigest()


def _read_manifest(directory: Path) -> dict[str, Any]:
    path = directory / _MANIFEST
    if not path.is_file():
        raise ColdwireError(f"no checkpoint in {directory}", _RETRAIN)
    try:
        manifest: dict[str, Any] = json.loads(path.read_text())
    except json.JSONDecodeError as error:
        raise ColdwireError(f"the checkpoint manifest {path} is damaged", _RETRAIN) from error
    if manifest.get("format") != FORMAT:
        raise ColdwireError(
            f"the checkpoint in {directory} has format {manifest.get('format')}, not {FORMAT}",
            _RETRAIN,
        )
    if manifest.get("encoding") != encoding_fingerprint():
        raise ColdwireError(
            f"the checkpoint in {directory} was trained on another encoding of payments",
            f"{_RETRAIN} ({N_FIELDS} fields, {N_FEATURES} features now)",
        )
    return manifest
