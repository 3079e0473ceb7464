#!/usr/bin/env python3
"""
Randomness that is controlled by one seed.

Each run draws a seed, which is in its configuration. The _seed and _rnd of each captured function
are derived from it: they differ for each call, and are the same if the root seed is the same.

Some things to try:

  - run it a few times: the results differ
  - run it a few times with seed=12345: they are the same
  - vary numbers: there are more or fewer of them, and the first ones do not change:
    calls are independent of each other
        $ ./06_randomness.py with seed=12345 numbers=3 -l ERROR
  - reverse the order of the calls: their results stay the same
        $ ./06_randomness.py with seed=12345 reverse=True -l ERROR
"""

import random

from sacred_core import Experiment

ex = Experiment("randomness")


@ex.config
def cfg():
    reverse = False  # call do_more before do_random_stuff
    numbers = 1  # how many numbers each call draws


@ex.capture
def do_random_stuff(numbers, _seed):
    generator = random.Random(_seed)
    print([generator.randint(1, 100) for _ in range(numbers)])


@ex.capture
def do_more(_seed):
    print(_seed)


@ex.automain
def run(reverse):
    if reverse:
        do_more()
    do_random_stuff()
    do_random_stuff()
    if not reverse:
        do_more()
    do_random_stuff()
