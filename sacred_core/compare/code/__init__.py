"""The code of recorded runs: what changed in it, and what a run can have executed.

`code_changes` compares two versions of a module, and `used_code` reads from the sources which
functions a run used. Stored sources are parsed and never executed.
"""
