#!/usr/bin/env python3
"""
Child processes: the workers of a pool record in the run that starts them.

    $ ./pool_workers.py -F my_runs
    $ sacred runs show my_runs 1
"""

from concurrent.futures import ProcessPoolExecutor

from sacred_core import Experiment, attach

ex = Experiment("pool_workers")


@ex.config
def cfg():
    folds = 4  # parts of the data, each of which is trained by a worker
    epochs = 5
    workers = 2


@ex.capture
def train_fold(fold, epochs, _rnd):
    with attach() as child:
        accuracy = 0.5
        for epoch in range(epochs):
            accuracy += (1 - accuracy) * _rnd.random() / 2
            child.log_scalar(f"accuracy.fold{fold}", accuracy, epoch)
        return accuracy


@ex.automain
def main(folds, workers):
    with ProcessPoolExecutor(workers) as pool:
        return sum(pool.map(train_fold, range(folds))) / folds
