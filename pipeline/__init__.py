"""The domain: from a payment's bytes to a score, without Kafka."""
