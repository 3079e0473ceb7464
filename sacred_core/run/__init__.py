"""One run, from its start to its end."""

from sacred_core.run.run import Run

__all__ = ["Run"]
