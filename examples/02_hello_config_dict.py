#!/usr/bin/env python3
"""
A configurable Hello World "experiment", with the message in a dictionary.

You can run it like this:

    $ ./02_hello_config_dict.py
    INFO - 02_hello_config_dict - Running command 'main'
    INFO - 02_hello_config_dict - Started
    Hello world!
    INFO - 02_hello_config_dict - Completed after 0:00:00

The message is changed with the "with" argument:

    $ ./02_hello_config_dict.py with message='Ciao world!'
"""

from sacred_core import Experiment

ex = Experiment()
ex.add_config({"message": "Hello world!"})


@ex.automain
def main(message):
    print(message)
