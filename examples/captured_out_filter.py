#!/usr/bin/env python3
"""
A filter of the recorded output: only the last state of a progress bar is stored.

    $ ./captured_out_filter.py -F my_runs
"""

import sys
import time

from sacred_core import Experiment
from sacred_core.utils import apply_backspaces_and_linefeeds

ex = Experiment("progress")
ex.captured_out_filter = apply_backspaces_and_linefeeds


@ex.automain
def main():
    for percent in range(0, 101, 10):
        sys.stdout.write(f"\rprogress {percent} %")
        sys.stdout.flush()
        time.sleep(0.01)
    print()
