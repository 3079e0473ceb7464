#!/usr/bin/env python
"""
A script that is run with many configurations: it needs nothing for it.

Queue a run for each combination of values, three times with different seeds
(``pip install sacred-sweep sacred-file``), then let two workers execute them::

  $ ./10_sweep.py sweep with "rate=[0.03,0.1,0.3]" "noise=[0.1,1]" --seeds 3 \\
      --optimize metrics.error.last -F my_runs --launch local:2

See how far it is, and which point is the best so far::

  $ sacred sweep status my_runs

Repeat the command with more values: only what is missing is queued.
``--dry-run`` shows the points first. The same in Python::

  $ ./10_sweep.py explore -F my_runs
"""

from sacred_core import Experiment

ex = Experiment("sweep_example")


@ex.config
def config():
    rate = 0.1  # step size of the estimate
    noise = 1.0  # standard deviation of a measurement
    measurements = 200


@ex.command(unobserved=True)
def explore(_run):
    """Queue ten random points."""
    from sacred_sweep import loguniform

    sweep = ex.sweep(
        {"rate": loguniform(0.01, 1), "noise": [0.1, 1]},
        random=10,
        options={"--file_storage": _run.options["--file_storage"]},
    )
    print(f"{sweep.queued} runs were queued, of {len(sweep.points)} points")


@ex.automain
def main(rate, noise, measurements, _run, _rnd):
    """Estimate the number 7 from measurements of it."""
    estimate = 0.0
    for _ in range(measurements):
        measured = 7 + noise * _rnd.standard_normal()
        estimate += rate * (measured - estimate)
        _run.log_scalar("error", abs(estimate - 7))
    return estimate
