"""Greet someone, with a configuration of two entries."""

from sacred_core import Experiment

ex = Experiment("hello")


@ex.config
def config():
    recipient = "world"
    message = "Hello %s!" % recipient


@ex.automain
def main(message):
    print(message)
