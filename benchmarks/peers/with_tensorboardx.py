"""The questions for tensorboardX: ``python with_tensorboardx.py QUESTION``."""

import os
import sys
import time

from marks import begin, end
from tensorboardX import SummaryWriter

SIZE = int(os.environ["SIZE"])


def hello() -> None:
    """Record a configuration and print a message."""
    writer = SummaryWriter("runs")
    config = {"recipient": "world", "message": "Hello world!"}
    writer.add_hparams(config, {})
    print(config["message"])
    writer.close()


def points() -> None:
    """Log many points."""
    writer = SummaryWriter("runs")
    begin()
    for step in range(SIZE):
        writer.add_scalar("loss", step * 0.5, step)
    end()
    writer.close()


def scalar(flush: bool = False) -> None:
    """Log one point, and run until another process has read it."""
    writer = SummaryWriter("runs")
    time.sleep(0.5)
    begin()
    writer.add_scalar("loss", 0.7310585975646973, 0)
    if flush:
        writer.flush()
    time.sleep(150)


def quick_scalar() -> None:
    """Log one point and flush it."""
    scalar(flush=True)


globals()[sys.argv[1]]()
