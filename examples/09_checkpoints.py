#!/usr/bin/env python
"""
A training that writes a checkpoint after each epoch, and can be interrupted
at any time.

Record it, and interrupt it with Ctrl-C or kill it::

  $ ./09_checkpoints.py -F my_runs

Repeat the command with ``--resume`` and the ID of the run: it continues after
the last checkpoint, and the run in ``my_runs`` has one curve::

  $ ./09_checkpoints.py -F my_runs --resume 1

With ``--resume auto``, the same command starts the run and continues it, as a
batch system needs it::

  $ ./09_checkpoints.py -F my_runs --resume auto
"""

import json
import time
from pathlib import Path

from sacred_core import Experiment

ex = Experiment("checkpoints")


@ex.config
def config():
    epochs = 5
    steps = 20  # of one epoch
    rate = 0.05
    pause = 0.0  # seconds for each step


def load_checkpoint(run):
    """Return the state to continue with: that of the last checkpoint, if there is one."""
    if run.resumed and "checkpoint.json" in run.resumed.artifacts:
        return json.loads(run.artifact_path("checkpoint.json").read_text())
    return {"epoch": 0, "weight": 1.0}


@ex.automain
def train(epochs, steps, rate, pause, _run):
    state = load_checkpoint(_run)
    print(f"starting with epoch {state['epoch']}")
    for epoch in range(state["epoch"], epochs):
        for step in range(epoch * steps, (epoch + 1) * steps):
            state["weight"] -= rate * state["weight"]
            _run.log_scalar("loss", state["weight"] ** 2, step)
            time.sleep(pause)
        state["epoch"] = epoch + 1
        Path("checkpoint.json").write_text(json.dumps(state))
        _run.add_artifact("checkpoint.json")
    return state["weight"]
