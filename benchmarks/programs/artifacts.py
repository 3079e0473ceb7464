"""Add many small files to a run."""

import os

from marks import begin
from sacred_core import SETTINGS, Experiment

SETTINGS.CAPTURE_MODE = "no"
SIZE = int(os.environ["SIZE"])
ex = Experiment("artifacts", save_git_info=False)


@ex.automain
def main(_run):
    begin()
    for number in range(SIZE):
        name = "file%d.txt" % number
        with open(name, "w") as file:
            file.write("content %d " % number * 100)
        _run.add_artifact(name)
