"""The version of sacred-core."""

__version__ = "0.1.0"
