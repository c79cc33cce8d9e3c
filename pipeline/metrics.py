"""Counts of a worker as Prometheus metrics."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector


class _Report(Collector):
    def __init__(self, worker: str, report: Callable[[], Mapping[str, int]]) -> None:
        self._worker = worker
        self._report = report

    def collect(self) -> Iterator[CounterMetricFamily]:
        for name, value in self._report().items():
            family = CounterMetricFamily(
                f"coldwire_{name}", f"{name} of the worker since its start", labels=["worker"]
            )
            family.add_metric([self._worker], value)
            yield family


def serve_metrics(port: int, worker: str, report: Callable[[], Mapping[str, int]]) -> None:
    """Serve the counts on a loopback port; 0 serves none."""
    if port == 0:
        return
    registry = CollectorRegistry()
    registry.register(_Report(worker, report))
    start_http_server(port, addr="127.0.0.1", registry=registry)
