#!/usr/bin/env python3
"""
Captured functions take missing arguments from the configuration, like the main function.

Arguments of the call have priority. The example prints:

    $ ./04_captured_functions.py -l ERROR
    This is printed by function foo.
    This is printed by function bar.
    Overriding the default message for foo.
"""

from sacred_core import Experiment

ex = Experiment("captured_functions")


@ex.config
def cfg():
    message = "This is printed by function {}."


@ex.capture
def foo(message):
    print(message.format("foo"))


@ex.capture
def bar(message):
    print(message.format("bar"))


@ex.automain
def main():
    foo()
    bar()
    foo("Overriding the default message for {}.")
