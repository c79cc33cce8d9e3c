"""Typologies: one scheme a file, each with the benign look-alike that it hides behind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Final

from simulators.cases import Case
from simulators.typologies import (
    authorised_push,
    bank_run,
    bipartite,
    cuckoo_smurfing,
    cycle,
    dormant,
    executive_fraud,
    fan_in,
    fan_out,
    funnel,
    gather_scatter,
    liquidity_hoarding,
    mule_recruitment,
    nested_correspondent,
    pass_through,
    scatter_gather,
    shell_network,
    stack,
    stricken_bank,
    structuring,
    takeover,
    trade_round_trip,
    vendor_redirection,
)


@dataclass(frozen=True)
class Typology:
    """A scheme with its look-alike.

    Attributes:
        name: as it stands in the truth tables.
        risky_roles: roles whose sides of payments are risky.
        weight: how often it occurs, against 1 for most.
        habitual: it has one leading party, who may repeat the look-alike as a lasting habit.
        plan: draws up a scheme.
        lookalike: draws up the benign twin.
    """

    name: str
    risky_roles: frozenset[str]
    weight: float
    habitual: bool
    plan: Callable[[Case], None]
    lookalike: Callable[[Case], None]

    @classmethod
    def of(cls, module: ModuleType) -> Typology:
        """Read a typology from its module."""
        weight = getattr(module, "WEIGHT", 1.0)
        return cls(
            name=module.NAME,
            risky_roles=module.RISKY,
            weight=weight,
            habitual=getattr(module, "HABITUAL", False),
            plan=module.plan,
            lookalike=module.lookalike,
        )


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
        scatter_gather,
        gather_scatter,
        stack,
        bipartite,
        funnel,
        executive_fraud,
        authorised_push,
        mule_recruitment,
        shell_network,
        trade_round_trip,
        nested_correspondent,
        cuckoo_smurfing,
        liquidity_hoarding,
        stricken_bank,
        bank_run,
    )
)
