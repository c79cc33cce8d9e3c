"""``python -m agents NAME`` runs one worker; the supervisor starts its children this way."""

from __future__ import annotations

import asyncio
import sys

import structlog
import uvloop

from agents.broker.demo import wait_between_empty_answers
from agents.worker import MakeHandler, run_worker
from pipeline.errors import ColdwireError
from pipeline.logging import configure_logging
from pipeline.settings import load_settings

_SWITCH_S = 0.0005
"""A thread that computes must not keep the network waiting for five milliseconds."""

WORKERS = ("ingest", "profile", "contagion", "record")


def handler_of(name: str) -> MakeHandler:
    """Find what makes a worker's handler; each is imported only where it runs.

    Raises:
        ColdwireError: there is no such worker.
    """
    if name == "ingest":
        from agents.ingest import make_ingest

        return make_ingest
    if name == "profile":
        from agents.profile import make_profile

        return make_profile
    if name == "contagion":
        from agents.contagion import make_contagion

        return make_contagion
    if name == "record":
        from agents.record import make_record

        return make_record
    raise ColdwireError(f"there is no worker named {name}", f"choose one of {', '.join(WORKERS)}")


def run(name: str) -> int:
    """Run a worker to its end.

    Returns:
        0 after a clean stop, 2 when the user can mend it, 1 when it crashed.
    """
    try:
        sys.setswitchinterval(_SWITCH_S)
        settings = load_settings()
        configure_logging(settings.log_level, worker=name)
        if settings.broker == "demo":
            wait_between_empty_answers()
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(run_worker(settings, handler_of(name)))
    except ColdwireError as error:
        structlog.get_logger().error(error.message, fix=error.fix)
        return 2
    except Exception:  # noqa: BLE001 - the exit status is the supervisor's signal
        structlog.get_logger().exception("worker crashed")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(run(sys.argv[1] if len(sys.argv) > 1 else ""))
