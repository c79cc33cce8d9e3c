"""What ``coldwire train`` follows: a YAML file of world, recipe, seeds and held-out sets.

``quick.yaml`` and ``full.yaml`` come with the package and are examples of the format.
"""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import Annotated, Any, Final, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

import pipeline.model
from pipeline.cli.prevalence import CALIBRATED_SHARE
from pipeline.errors import ColdwireError
from pipeline.model.recipe import Recipe
from simulators.behaviours import FAMILIES
from simulators.typologies import TYPOLOGIES
from simulators.world import WorldConfig

_RECIPES: Final = Path(pipeline.model.__file__).parent / "recipes"
QUICK: Final = _RECIPES / "quick.yaml"
FULL: Final = _RECIPES / "full.yaml"

_FAMILIES: Final = tuple(family.name for family in FAMILIES)
_TYPOLOGIES: Final = tuple(typology.name for typology in TYPOLOGIES)
_DERIVED: Final = {
    "world": {"seed": "seeds"},
    "recipe": {
        "seed": "seeds",
        "risky_share_ratio": "served_share",
        "held_out_families": "held_out.families",
        "held_out_typologies": "held_out.typologies",
    },
}
"""Fields that follow from others of the file."""
_SEEDS_APART: Final = 100_000


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class HeldOut(_Strict):
    """Names of what is never trained on."""

    families: tuple[str, ...] = ()
    typologies: tuple[str, ...] = ()

    @field_validator("families")
    @classmethod
    def _known_families(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        return _known(names, _FAMILIES)

    @field_validator("typologies")
    @classmethod
    def _known_typologies(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        return _known(names, _TYPOLOGIES)


class OtherWorlds(_Strict):
    """Worlds of other seeds to calibrate on; none: on held-out counterparties of the first."""

    count: Annotated[int, Field(ge=0, le=99)] = 0
    parties: Annotated[int, Field(ge=60)] = 1500

    @field_validator("count")
    @classmethod
    def _not_one(cls, count: int) -> int:
        if count == 1:
            raise ValueError("a world is judged by the others: give at least 2, or 0")
        return count


class TrainingConfig(_Strict):
    """World, recipe and seeds; what is left out has the defaults of those."""

    world: WorldConfig = WorldConfig()
    recipe: Recipe = Recipe()
    held_out: HeldOut = HeldOut()
    calibrate_on: OtherWorlds = OtherWorlds()
    served_share: Annotated[float, Field(gt=0, lt=1)] = CALIBRATED_SHARE
    seeds: Annotated[tuple[Annotated[int, Field(ge=0)], ...], Field(min_length=1)] = (7,)

    @model_validator(mode="before")
    @classmethod
    def _nothing_said_twice(cls, data: Any) -> Any:
        for group, derived in _DERIVED.items():
            given = data.get(group) if isinstance(data, dict) else None
            for name in derived.keys() & (given if isinstance(given, dict) else {}):
                raise ValueError(f"{group}.{name} follows from {derived[name]}: leave it out")
        return data

    @model_validator(mode="after")
    def _each_seed_once(self) -> Self:
        if len(set(self.seeds)) < len(self.seeds):
            raise ValueError("seeds: one of them stands there twice")
        if not self.world.risky_share > 0:
            raise ValueError("world.risky_share must be above 0: nothing risky, nothing to learn")
        return self

    def world_of(self, seed: int) -> WorldConfig:
        """The world that a seed makes."""
        return replace(self.world, seed=seed)

    def other_worlds_of(self, seed: int) -> list[WorldConfig]:
        """The worlds to calibrate on, of seeds that no one trains or evaluates on."""
        parties = self.calibrate_on.parties
        return [
            replace(self.world, seed=_SEEDS_APART * (seed + 1) + number, parties=parties)
            for number in range(self.calibrate_on.count)
        ]

    def recipe_of(self, seed: int) -> Recipe:
        """The recipe with all that follows from the rest of the file."""
        return replace(
            self.recipe,
            seed=seed,
            risky_share_ratio=self.served_share / self.world.risky_share,
            held_out_families=tuple(map(_FAMILIES.index, self.held_out.families)),
            held_out_typologies=tuple(map(_TYPOLOGIES.index, self.held_out.typologies)),
        )

    def as_dict(self) -> dict[str, Any]:
        """As a file would say it, for the manifest."""
        data = self.model_dump(mode="json")
        return {
            name: {k: v for k, v in part.items() if k not in _DERIVED[name]}
            if name in _DERIVED
            else part
            for name, part in data.items()
        }


def read_training_config(path: Path) -> TrainingConfig:
    """Read and check a file.

    Raises:
        ColdwireError: it is missing, no YAML, or a field is wrong; the message names the field.
    """
    try:
        data = yaml.safe_load(path.read_text())
    except OSError as error:
        raise ColdwireError(
            f"{path} cannot be read: {error.strerror}", "give another --config"
        ) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ColdwireError(f"{path} is no YAML: {error}", f"see {QUICK} for an example") from error
    return checked(data if data is not None else {}, str(path))


def checked(data: Any, source: str) -> TrainingConfig:
    """A configuration of plain data; ``source`` stands in the message if it is wrong.

    Raises:
        ColdwireError: a field is wrong.
    """
    try:
        return TrainingConfig.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        message = first["msg"].removeprefix("Value error, ")
        raise ColdwireError(
            f"{source}: {field}: {message}" if field else f"{source}: {message}", _fix(field)
        ) from None


def _known(names: tuple[str, ...], known: tuple[str, ...]) -> tuple[str, ...]:
    for name in names:
        if name not in known:
            raise ValueError(f"{name} is not one of {', '.join(known)}")
    return names


def _fix(field: str) -> str:
    """Which fields there are where one is wrong."""
    group = field.partition(".")[0]
    of: dict[str, Any] = {"world": WorldConfig, "recipe": Recipe}
    if group in of:
        names = [f.name for f in fields(of[group]) if f.name not in _DERIVED[group]]
    else:
        models: dict[str, type[BaseModel]] = {"held_out": HeldOut, "calibrate_on": OtherWorlds}
        names = list(models.get(group, TrainingConfig).model_fields)
    place = f"in {group}" if group in (*of, "held_out", "calibrate_on") else "at the top"
    return f"correct it; {place} the fields are {', '.join(names)}"
