"""The questions for trackio: ``python with_trackio.py QUESTION``."""

import os
import sys
import time

import trackio
from marks import begin, end

SIZE = int(os.environ["SIZE"])


def hello() -> None:
    """Record a configuration and print a message."""
    config = {"recipient": "world", "message": "Hello world!"}
    trackio.init(project="benchmark", config=config)
    print(config["message"])
    trackio.finish()


def points() -> None:
    """Log many points."""
    trackio.init(project="benchmark")
    begin()
    for step in range(SIZE):
        trackio.log({"loss": step * 0.5}, step=step)
    end()
    trackio.finish()


def artifacts() -> None:
    """Add many small files to one artifact."""
    trackio.init(project="benchmark")
    begin()
    artifact = trackio.Artifact("files", type="dataset")
    for number in range(SIZE):
        name = f"file{number}.txt"
        with open(name, "w") as file:
            file.write(f"content {number} " * 100)
        artifact.add_file(name)
    trackio.log_artifact(artifact)
    trackio.finish()


def scalar() -> None:
    """Log one point, and run until another process has read it."""
    trackio.init(project="benchmark")
    time.sleep(0.5)
    begin()
    trackio.log({"loss": 0.7310585975646973})
    time.sleep(60)


quick_scalar = scalar  # there is no interval to change
globals()[sys.argv[1]]()
