"""Log one point, and run until another process has read it."""

import time

from marks import begin
from sacred_core import SETTINGS, Experiment

SETTINGS.CAPTURE_MODE = "no"
ex = Experiment("scalar", save_git_info=False)


@ex.automain
def main(_run):
    time.sleep(0.5)  # the start of the run is recorded
    begin()
    _run.log_scalar("loss", 0.7310585975646973, 0)
    time.sleep(60)
