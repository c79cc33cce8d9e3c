"""The domain: from a payment's bytes to a score, without Kafka."""

from pipeline.kernel_cache import keep_kernels_apart

keep_kernels_apart()
