#!/usr/bin/env python
"""
A training that ends early if its loss is worse than that of other runs.

Let Optuna choose 20 points, each worker the next one as soon as it is idle, and
start two workers::

  $ ./10_early_stopping.py sweep with "rate=loguniform(1e-3,1)" "momentum=[0,0.5,0.9]" \
        -F my_runs --sampler optuna:tpe,pruner=median --optimize metrics.loss.min \
        --trials 20 --launch local:2

Show the progress, with the uid that the command has printed, and the best runs::

  $ sacred sweep status my_runs UID
  $ sacred runs list my_runs --sort metrics.loss.min --limit 5

Without a sweep, ``should_stop`` returns False::

  $ ./10_early_stopping.py
"""

import time

from sacred_core import Experiment

ex = Experiment("early_stopping")


@ex.config
def config():
    epochs = 30
    rate = 0.1
    momentum = 0.0
    pause = 0.0  # seconds for each epoch


@ex.automain
def train(epochs, rate, momentum, pause, _run):
    x, y, speed_x, speed_y = 4.0, 2.0, 0.0, 0.0
    for epoch in range(epochs):
        speed_x = momentum * speed_x - rate * 2 * x / 10
        speed_y = momentum * speed_y - rate * 2 * y
        x, y = x + speed_x, y + speed_y
        _run.log_scalar("loss", x * x / 10 + y * y, epoch)
        time.sleep(pause)
        if _run.should_stop():
            break
    return x * x / 10 + y * y
