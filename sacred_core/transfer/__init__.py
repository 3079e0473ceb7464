"""Copies runs from one store to another.

`copying` sends what a target does not have, as the events that `sacred_core.stores.replay` makes of
a stored run, to the observer of the target.
"""
