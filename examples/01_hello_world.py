#!/usr/bin/env python3
"""
This is a minimal example of an experiment.

It has a command line:

    $ ./01_hello_world.py
    WARNING - 01_hello_world - No observers have been added to this run: ...
    INFO - 01_hello_world - Running command 'main'
    INFO - 01_hello_world - Started
    Hello world!
    INFO - 01_hello_world - Completed after 0:00:00

The log level is controlled with -l:

    $ ./01_hello_world.py -l ERROR
    Hello world!

If you want to learn more about the command line, try help or -h.
"""

from sacred_core import Experiment

ex = Experiment()


@ex.automain
def main():
    print("Hello world!")
