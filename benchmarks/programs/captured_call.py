"""Call a captured function that takes two values of the configuration."""

import os

from marks import begin, end
from sacred_core import SETTINGS, Experiment

SETTINGS.CAPTURE_MODE = "no"
SIZE = int(os.environ["SIZE"])
ex = Experiment("calls", save_git_info=False)
ex.add_config(a=1, b=2)


@ex.capture
def add(a, b):
    return a + b


@ex.automain
def main():
    add()
    begin()
    for _ in range(SIZE):
        add()
    end()
