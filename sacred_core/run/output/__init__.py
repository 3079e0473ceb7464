"""What a run prints, recorded in one of the modes ``no``, ``sys`` and ``fd``."""
