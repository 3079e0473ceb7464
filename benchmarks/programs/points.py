"""Log many points of one metric."""

import os

from marks import begin, end
from sacred_core import SETTINGS, Experiment

SETTINGS.CAPTURE_MODE = "no"
SIZE = int(os.environ["SIZE"])
ex = Experiment("points", save_git_info=False)


@ex.automain
def main(_run):
    begin()
    for step in range(SIZE):
        _run.log_scalar("loss", step * 0.5, step)
    end()
