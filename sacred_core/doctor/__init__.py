"""Examines an installation, the machine and stores: what would fail, or not be recorded, and why.

``sacred doctor`` prints what the checks find. Each check calls what a run or a command calls, so
that it finds what they would.
"""

from sacred_core.doctor.examination import CHECKS, Check, examine
from sacred_core.doctor.findings import Finding, Level

__all__ = ["CHECKS", "Check", "Finding", "Level", "examine"]
