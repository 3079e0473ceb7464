"""The questions for W&B without a server: ``python with_wandb.py QUESTION``."""

import os
import sys
import time

import wandb
from marks import begin, end

SIZE = int(os.environ["SIZE"])


def init(**config: str) -> "wandb.Run":
    """Start a run that is stored in this folder."""
    return wandb.init(project="benchmark", mode="offline", config=config)


def hello() -> None:
    """Record a configuration and print a message."""
    with init(recipient="world", message="Hello world!") as run:
        print(run.config.message)


def points() -> None:
    """Log many points."""
    with init() as run:
        begin()
        for step in range(SIZE):
            run.log({"loss": step * 0.5}, step=step)
        end()


def artifacts() -> None:
    """Add many small files to one artifact."""
    with init() as run:
        begin()
        artifact = wandb.Artifact("files", type="dataset")
        for number in range(SIZE):
            name = f"file{number}.txt"
            with open(name, "w") as file:
                file.write(f"content {number} " * 100)
            artifact.add_file(name)
        run.log_artifact(artifact)


def scalar() -> None:
    """Log one point, and run until another process has read it."""
    with init() as run:
        time.sleep(0.5)
        begin()
        run.log({"loss": 0.7310585975646973})
        time.sleep(60)


quick_scalar = scalar  # there is no interval to change
globals()[sys.argv[1]]()
