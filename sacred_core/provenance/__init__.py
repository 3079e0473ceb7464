"""The provenance of a run: its code, its packages and its machine."""
