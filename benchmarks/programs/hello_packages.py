"""Greet someone, in a script that uses three packages, whose versions are recorded."""

import numpy  # noqa: F401
import sklearn  # noqa: F401
import yaml  # noqa: F401
from sacred_core import Experiment

ex = Experiment("hello")


@ex.config
def config():
    recipient = "world"
    message = "Hello %s!" % recipient


@ex.automain
def main(message):
    print(message)
