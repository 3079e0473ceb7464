#!/usr/bin/env python3
"""The smallest experiment: one decorated function."""

from sacred_core import Experiment

ex = Experiment()


@ex.automain
def my_main():
    print("Hello world!")
