"""Typologies: one scheme a file, each with the benign look-alike that it hides behind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Final

from simulators.cases import Case
from simulators.typologies import (
    cycle,
    dormant,
    fan_in,
    fan_out,
    pass_through,
    structuring,
    takeover,
    vendor_redirection,
)


@dataclass(frozen=True)
class Typology:
    """A scheme's name, the roles whose payments are risky, its plan and its look-alike's."""

    name: str
    risky_roles: frozenset[str]
    plan: Callable[[Case], None]
    lookalike: Callable[[Case], None]

    @classmethod
    def of(cls, module: ModuleType) -> Typology:
        """Read a typology from its module."""
        return cls(module.NAME, module.RISKY, module.plan, module.lookalike)


TYPOLOGIES: Final = tuple(
    Typology.of(module)
    for module in (
        pass_through,
        fan_in,
        fan_out,
        structuring,
        dormant,
        takeover,
        vendor_redirection,
        cycle,
    )
)
