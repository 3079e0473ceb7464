"""The questions for DVCLive: ``python with_dvclive.py QUESTION``."""

import os
import sys
import time

from dvc.repo import Repo
from dvclive import Live
from marks import begin, end

SIZE = int(os.environ["SIZE"])


def start() -> Live:
    """Start a run without a Git repository, and without reports."""
    return Live("dvclive", save_dvc_exp=False, report=None, dvcyaml=None)


def hello() -> None:
    """Record a configuration and print a message."""
    with start() as live:
        config = {"recipient": "world", "message": "Hello world!"}
        live.log_params(config)
        print(config["message"])


def points() -> None:
    """Log many points, each with a step of its own."""
    with start() as live:
        begin()
        for step in range(SIZE):
            live.log_metric("loss", step * 0.5)
            live.next_step()
        end()


def artifacts() -> None:
    """Add many small files, in a DVC repository, without its cache."""
    Repo.init(no_scm=True, force=True)
    with start() as live:
        begin()
        for number in range(SIZE):
            name = f"file{number}.txt"
            with open(name, "w") as file:
                file.write(f"content {number} " * 100)
            live.log_artifact(name, copy=True, cache=False)


def scalar() -> None:
    """Log one point, and run until another process has read it."""
    with start() as live:
        time.sleep(0.5)
        begin()
        live.log_metric("loss", 0.7310585975646973)
        time.sleep(60)


quick_scalar = scalar  # there is no interval to change
globals()[sys.argv[1]]()
