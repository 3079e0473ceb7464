"""Tests of findings."""

import logging

from sacred_core.doctor.findings import Level, failure, logged_warnings, passed, warning


def test_the_kind_of_a_finding_is_its_level() -> None:
    """What is not wrong has no fix."""
    found = [passed("a"), warning("b", "fix b"), failure("c", "fix c")]
    assert [each.level for each in found] == [Level.OK, Level.WARNING, Level.ERROR]
    assert [each.fix for each in found] == ["", "fix b", "fix c"]


def test_a_finding_has_no_secrets() -> None:
    """Passwords in messages and fixes are masked."""
    found = failure("mongodb://ada:hunter2@host", "use mongodb://ada:hunter2@host")
    assert (found.message, found.fix) == ("mongodb://ada:***@host", "use mongodb://ada:***@host")


def test_logged_warnings_are_collected_and_not_shown() -> None:
    """Those of loggers below are included; afterwards the logger is as before."""
    logger = logging.getLogger("doctor_test")
    logger.setLevel(logging.CRITICAL)
    with logged_warnings("doctor_test") as messages:
        logging.getLogger("doctor_test.below").warning("low %s", "battery")
        logger.info("not a warning")
    logger.error("not in the block")
    assert messages == ["low battery"]
    assert (logger.propagate, logger.level, logger.handlers) == (True, logging.CRITICAL, [])
