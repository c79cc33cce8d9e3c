"""What is true of a world: its schemes and who is in them, apart from the payments."""

from __future__ import annotations

from dataclasses import dataclass

from simulators.schemes import Scheme
from simulators.typologies import TYPOLOGIES


@dataclass(frozen=True)
class Truth:
    """All schemes and look-alikes of a world, by first day.

    Labels of single payments stand in the ledger's truth columns.
    """

    schemes: tuple[Scheme, ...]

    def risky_parties(self) -> dict[int, int]:
        """Culprits (and deceived payers), with the UTC ms at which each first became risky.

        Keys are party indices; a bank stands as -1 minus its index.
        """
        onset: dict[int, int] = {}
        for scheme in self.schemes:
            if scheme.benign or scheme.onset_ms < 0:
                continue
            risky = TYPOLOGIES[scheme.typology].risky_roles
            for party, role in scheme.members:
                if role in risky:
                    onset[party] = min(scheme.onset_ms, onset.get(party, scheme.onset_ms))
        return onset
