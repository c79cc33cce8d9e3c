"""The scoring engine: records of the entity log in, scores, alerts and flags out."""

from pipeline.scoring.backtest import replay
from pipeline.scoring.budget import DEADLINE_MS, Budget
from pipeline.scoring.effects import Effects, LogRecord, Recorded
from pipeline.scoring.engine import ProfileEngine
from pipeline.scoring.policy import Policy

__all__ = [
    "DEADLINE_MS",
    "Budget",
    "Effects",
    "LogRecord",
    "Policy",
    "ProfileEngine",
    "Recorded",
    "replay",
]
