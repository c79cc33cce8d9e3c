"""How near a world comes to the real one: measures, pictures, report."""

from simulators.fidelity.measures import Fidelity, measure
from simulators.fidelity.motifs import Payments
from simulators.fidelity.report import write_report

__all__ = ["Fidelity", "Payments", "measure", "write_report"]
