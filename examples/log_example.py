#!/usr/bin/env python3
"""
Your own logger: set ex.logger, and use _log in captured functions.

    $ ./log_example.py
"""

import logging

from sacred_core import Experiment

logger = logging.getLogger("mylogger")
logger.handlers = [logging.StreamHandler()]
logger.handlers[0].setFormatter(logging.Formatter('[%(levelname).1s] %(name)s >> "%(message)s"'))
logger.setLevel("INFO")
logger.propagate = False

ex = Experiment("log_example")
ex.logger = logger


@ex.config
def cfg():
    number = 2
    got_gizmo = False


@ex.capture
def transmogrify(got_gizmo, number, _log):
    if got_gizmo:
        _log.debug("Got gizmo. Performing transmogrification...")
        return number * 42
    _log.warning("No gizmo. Can't transmogrify!")
    return 0


@ex.automain
def main(number, _log):
    _log.info("Attempting to transmogrify %d...", number)
    result = transmogrify()
    _log.info("Transmogrification complete: %d", result)
    return result
