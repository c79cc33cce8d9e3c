"""Which broker serves: the configured one, else a real Kafka, else the demo broker."""

from __future__ import annotations

import os

from agents.broker.demo import WARNING, start_demo
from agents.broker.jars import find_java, install, installed
from agents.broker.kafka import start_kafka
from agents.broker.process import BrokerProcess
from pipeline.errors import ColdwireError
from pipeline.settings import Settings

__all__ = ["WARNING", "BrokerProcess", "find_java", "install", "installed", "start_broker"]


def start_broker(settings: Settings) -> BrokerProcess:
    """Start, or just name, the broker that the settings ask for.

    ``broker=auto`` takes configured servers first, then Kafka when Java and its jars are at
    hand, then the demo broker. Under ``CI`` nothing falls back. Nothing is downloaded.

    Raises:
        ColdwireError: the broker asked for cannot be started here.
    """
    if settings.kafka.bootstrap_servers:
        return BrokerProcess("external", settings.kafka.bootstrap_servers)
    home = settings.data_dir / "broker"
    home.mkdir(parents=True, exist_ok=True)
    ready = installed() and find_java() is not None
    strict = settings.broker == "kafka" or bool(os.environ.get("CI"))
    if settings.broker != "demo" and (ready or strict):
        if not installed():
            raise ColdwireError("Kafka's jars are not here", "run `coldwire broker install`")
        return start_kafka(home / "kafka")
    return start_demo(home)
