"""Copies runs from one store to another, and compares the runs of two stores.

`copying` sends what a target does not have, as the events that `sacred_core.stores.replay` makes of
a stored run, to the observer of the target. `verification` compares two stores.
"""
