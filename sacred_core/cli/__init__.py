"""The command lines: a script's own, and ``sacred``."""
