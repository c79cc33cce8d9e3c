"""The flag database: what Coldwire found out, stored once, and how to ask it."""

from pipeline.store.database import FlagDatabase
from pipeline.store.writer import Written

__all__ = ["FlagDatabase", "Written"]
