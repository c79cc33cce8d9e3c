"""The payments language model, its soft prompts, and the stack that makes a probability."""

from pipeline.model.backbone import Architecture
from pipeline.model.buckets import BUCKETS, bucket_of
from pipeline.model.checkpoint import SHIPPED, Checkpoint, Verdict
from pipeline.model.profile_model import Adapted, ProfileModel, RiskOutput

__all__ = [
    "BUCKETS",
    "SHIPPED",
    "Adapted",
    "Architecture",
    "Checkpoint",
    "ProfileModel",
    "RiskOutput",
    "Verdict",
    "bucket_of",
]
