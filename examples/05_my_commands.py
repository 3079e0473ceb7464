#!/usr/bin/env python3
"""
An experiment with several commands.

    $ ./05_my_commands.py greet
    INFO - my_commands - Running command 'greet'
    INFO - my_commands - Started
    Hello John! Nice to greet you!
    INFO - my_commands - Completed after 0:00:00

    $ ./05_my_commands.py shout
    WHAZZZUUUUUUUUUUUP!!!???

They take entries of the configuration, and all flags work with them:

    $ ./05_my_commands.py greet with name='Jane' -l ERROR
    Hello Jane! Nice to greet you!

The main function is a command, too. To see what each one does, run

    $ ./05_my_commands.py help greet
"""

from sacred_core import Experiment

ex = Experiment("my_commands")


@ex.config
def cfg():
    name = "John"


@ex.command
def greet(name):
    """Print a nice greeting to the person called name."""
    print(f"Hello {name}! Nice to greet you!")


@ex.command
def shout():
    """Shout slang question for 'what is up?'."""
    print("WHAZZZUUUUUUUUUUUP!!!???")


@ex.automain
def main():
    """Print how to use the example."""
    print("This is just the main command. Try greet or shout.")
