"""Run an experiment many times in one process, with storage in files."""

import os

from marks import begin, end
from sacred_core import SETTINGS, Experiment
from sacred_core.observers import FileStorageObserver

RUNS = int(os.environ.get("RUNS", os.environ["SIZE"]))
if os.environ.get("PLAIN"):
    SETTINGS.CAPTURE_MODE = "no"
    SETTINGS.HOST_INFO.INCLUDE_CPU_INFO = False
    SETTINGS.HOST_INFO.INCLUDE_GPU_INFO = False

ex = Experiment("many", save_git_info=False)
ex.observers.append(FileStorageObserver("runs"))
ex.add_config(x=1)


@ex.main
def main(x):
    return x


def run(number):
    ex.run(config_updates={"x": number}, options={"--loglevel": "ERROR"})


run(-1)
begin()
for number in range(RUNS):
    run(number)
end()
