"""What became of an input that could not be read."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import ConfigDict, Field

from schemas.wire import Timestamp, Wire


class Fault(StrEnum):
    """Why an input was refused."""

    TOO_LARGE = "too-large"
    NOT_XML = "not-xml"
    NOT_JSON = "not-json"
    FORBIDDEN_XML = "forbidden-xml"
    UNKNOWN_MESSAGE = "unknown-message"
    MISSING_FIELD = "missing-field"
    INVALID_FIELD = "invalid-field"
    IMPLAUSIBLE_TIME = "implausible-time"
    SELF_PAYMENT = "self-payment"
    NOT_A_RECORD = "not-a-record"


class DeadLetter(Wire):
    """An input that was put aside, with its reason and its first bytes."""

    model_config = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64")

    schema_version: Literal[1] = 1
    dead_letter_id: str
    topic: str
    partition: int = Field(ge=0)
    offset: int = Field(ge=0)
    fault: Fault
    field: str = Field(description="path of the field at fault, or empty for the whole")
    hint: str = Field(description="what to change")
    arrived_at: Timestamp
    original: bytes = Field(description="first bytes of the input; base64 in JSON")
    original_size: int = Field(ge=0, description="bytes before the cut")
