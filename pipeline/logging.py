"""Logging: structlog to standard error, JSON lines for machines, colours for people."""

from __future__ import annotations

import logging
import sys

import structlog

_NOISY = ("aiokafka", "faust", "mode", "kafka", "asyncio", "transformers", "urllib3")

# They log as errors what is retried in normal use: topics without a leader just after their
# creation, clients of a process that is ending anyway.
_MISLEADING = ("aiokafka.consumer.fetcher", "aiokafka.consumer.group_coordinator", "asyncio")


def configure_logging(level: str, *, worker: str | None = None) -> None:
    """Send all logging to standard error; libraries speak from warning on.

    Args:
        level: debug, info, warning or error.
        worker: name to put on every line.
    """
    number = logging.getLevelName(level.upper())
    people = sys.stderr.isatty()
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer() if people else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[*shared, structlog.processors.format_exc_info, last],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    for name in _NOISY:
        logging.getLogger(name).setLevel(logging.ERROR)
    for name in _MISLEADING:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    if worker is not None:
        structlog.contextvars.bind_contextvars(worker=worker)
