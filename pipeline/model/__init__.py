"""The payments language model, its soft prompts, and the stack that makes a probability."""

from pipeline.model.architecture import Architecture
from pipeline.model.buckets import BUCKETS, bucket_of
from pipeline.model.checkpoint import SHIPPED, Checkpoint, Verdict
from pipeline.model.served_model import Adapted, RiskOutput, ServedModel

__all__ = [
    "BUCKETS",
    "SHIPPED",
    "Adapted",
    "Architecture",
    "Checkpoint",
    "RiskOutput",
    "ServedModel",
    "Verdict",
    "bucket_of",
]
