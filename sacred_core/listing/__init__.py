"""Runs as tables, groups and plain data: what ``sacred runs`` and programs with pages show."""
