"""What the tests of the core and of the plugins share."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

_GOLDEN = Path(__file__).parent / "tests" / "golden" / "sacred" / "golden.py"


@pytest.fixture(scope="session")
def golden() -> ModuleType:
    """The data that releases of Sacred recorded: the module `tests/golden/sacred/golden.py`."""
    name = "sacred_golden"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, _GOLDEN)
        assert spec is not None and spec.loader is not None
        sys.modules[name] = module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return sys.modules[name]
