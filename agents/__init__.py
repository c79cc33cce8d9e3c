"""The only place that knows Kafka and Faust: workers, their source, broker and supervisor."""
