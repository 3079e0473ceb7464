"""Child processes of a run: they record in it as writers, see `sacred_core.attach`."""
