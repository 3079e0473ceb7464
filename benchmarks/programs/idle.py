"""Wait for some seconds, with many points already stored."""

import os
import time

from marks import begin, end
from sacred_core import SETTINGS, Experiment

SETTINGS.CAPTURE_MODE = "no"
SIZE, SECONDS = int(os.environ["SIZE"]), float(os.environ["SECONDS"])
ex = Experiment("idle", save_git_info=False)


@ex.automain
def main(_run):
    for step in range(SIZE):
        _run.log_scalar("loss", step * 0.5, step)
    time.sleep(SECONDS / 2)  # all points are stored
    begin()
    time.sleep(SECONDS)
    end()
