"""Bytes become payments, payments become the records of the two logs."""

from pipeline.intake.fan_out import FanOut, fan_out
from pipeline.intake.pseudonyms import Pseudonyms
from pipeline.intake.reader import Intake, Limits
from pipeline.refusal import Refusal

__all__ = ["FanOut", "Intake", "Limits", "Pseudonyms", "Refusal", "fan_out"]
