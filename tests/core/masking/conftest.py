"""Each test begins without known secrets."""

from collections.abc import Iterator

import pytest

from sacred_core.hooks.manager import plugin_manager
from sacred_core.masking import known, use_patterns


@pytest.fixture(autouse=True)
def _no_known_values() -> Iterator[None]:
    """What one test calls a secret is an ordinary word in the next; no plugin adds a pattern."""
    known.forget()
    use_patterns([])
    yield
    known.forget()
    use_patterns(plugin_manager().secret_patterns)
