#!/usr/bin/env python3
"""
A configurable Hello World "experiment", with the message in a config scope.

Change the message as in the previous example:

    $ ./03_hello_config_scope.py with message='Ciao world!'

The scope builds the message from a recipient, which can be changed as well:

    $ ./03_hello_config_scope.py with recipient='Bob'
    INFO - hello_cs - Running command 'main'
    INFO - hello_cs - Started
    Hello Bob!
    INFO - hello_cs - Completed after 0:00:00
"""

from sacred_core import Experiment

ex = Experiment("hello_cs")


@ex.config
def cfg():
    recipient = "world"  # whom to greet
    message = f"Hello {recipient}!"


@ex.automain
def main(message):
    print(message)
