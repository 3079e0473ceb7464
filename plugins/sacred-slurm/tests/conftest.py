"""Assertions of the contract show what they compare."""

import pytest

pytest.register_assert_rewrite("sacred_sweep.testing")
