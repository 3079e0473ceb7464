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


def scalar(**options: float) -> None:
    """Log one point, and run until another process has read it."""
    writer = SummaryWriter("runs", **options)
    time.sleep(0.5)
    begin()
    writer.add_scalar("loss", 0.7310585975646973, 0)
    time.sleep(60)


def quick_scalar() -> None:
    """Log one point with a short interval; ``flush()`` does not wait for the thread that writes."""
    scalar(flush_secs=0.01)


globals()[sys.argv[1]]()
