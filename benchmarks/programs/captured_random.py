"""Call a captured function that takes a random state and a seed."""

import os

from marks import begin, end
from sacred_core import SETTINGS, Experiment

SETTINGS.CAPTURE_MODE = "no"
SIZE = int(os.environ["SIZE"])
ex = Experiment("calls", save_git_info=False)
ex.add_config(seed=3)


@ex.capture
def draw(_rnd, _seed):
    return _seed


@ex.automain
def main():
    draw()
    begin()
    for _ in range(SIZE):
        draw()
    end()
