"""A real Kafka as a child process: one node, KRaft, loopback only."""

from __future__ import annotations

import subprocess
from importlib import resources
from pathlib import Path

from agents.broker.jars import cache_dir, find_java
from agents.broker.process import BrokerProcess, free_ports, spawn
from pipeline.errors import ColdwireError

_CLUSTER_ID = "4L6g3nShT-eMCtK--X86sw"
_PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs={logs}
auto.create.topics.enable=false
offsets.topic.num.partitions=1
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
broker.session.timeout.ms=6000
broker.heartbeat.interval.ms=500
log.cleaner.dedupe.buffer.size=2097152
num.network.threads=2
num.io.threads=2
"""


def start_kafka(directory: Path, port: int | None = None) -> BrokerProcess:
    """Start Kafka with its data in ``directory``; what it kept is there again.

    Args:
        directory: made when missing.
        port: loopback port of the clients; a free one by default.

    Raises:
        ColdwireError: Java is missing, or the storage cannot be prepared.
    """
    java = find_java()
    if java is None:
        raise ColdwireError("Kafka needs Java 17 or newer", "install a JDK 17 or set JAVA_HOME")
    directory.mkdir(parents=True, exist_ok=True)
    logs = directory.resolve() / "logs"
    chosen, controller = free_ports(2)
    chosen = port or chosen
    properties = directory / "server.properties"
    properties.write_text(_PROPERTIES.format(port=chosen, controller=controller, logs=logs))
    log4j = directory / "log4j2.properties"
    log4j.write_text(resources.files("agents.broker").joinpath("log4j2.properties").read_text())
    virtual_machine = [
        java,
        "-Xms128m",
        "-Xmx256m",
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        "-Xshare:auto",
        "-Djava.awt.headless=true",
        f"-Dlog4j2.configurationFile={log4j}",
        "-cp",
        str(cache_dir() / "*"),
    ]
    if not (logs / "meta.properties").exists():
        command = ["kafka.tools.StorageTool", "format", "-t", _CLUSTER_ID, "-c", str(properties)]
        done = subprocess.run([*virtual_machine, *command], capture_output=True, text=True)
        if done.returncode != 0:
            raise ColdwireError(
                f"Kafka's storage could not be prepared: {done.stderr.strip()[-300:]}",
                f"look at {directory}, or choose another data directory",
            )
    child = spawn([*virtual_machine, "kafka.Kafka", str(properties)], directory / "broker.log")
    return BrokerProcess("kafka", f"127.0.0.1:{chosen}", child)
