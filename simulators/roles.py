"""Roles and stages of schemes: small tables that the ledger's truth columns point into."""

from __future__ import annotations

from typing import Final

ROLES: Final = (
    "none",
    "victim",
    "mule",
    "collector",
    "controller",
    "account",
    "payer",
    "supplier",
    "shell",
    "source",
    "target",
    "recruiter",
    "bank",
)
"""Roles in schemes and look-alikes; the ledger's role columns point into it."""

STAGES: Final = (
    "none",
    "habit",
    "probe",
    "trust",
    "gather",
    "move",
    "split",
    "extract",
    "camouflage",
    "recruit",
    "stress",
    "return",
)
"""Stages of schemes; the ledger's stage column points into it."""
