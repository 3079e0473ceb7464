"""What the tests of the core and of the plugins share."""

import importlib.util
import logging
import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from sacred_core import SETTINGS

pytest_plugins = ["sacred_core.testing.summary"]

_GOLDEN = Path(__file__).parent / "tests" / "golden"


@pytest.fixture(scope="session")
def golden() -> ModuleType:
    """The data that releases of Sacred recorded: the module `tests/golden/sacred/golden.py`."""
    return _module("sacred_golden", _GOLDEN / "sacred" / "golden.py")


@pytest.fixture(scope="session")
def golden_rich() -> ModuleType:
    """Rich runs that releases of Sacred recorded: the module `tests/golden/sacred/rich.py`."""
    return _module("sacred_golden_rich", _GOLDEN / "sacred" / "rich.py")


@pytest.fixture(scope="module")
def recorded(golden: ModuleType) -> dict[str, Any]:
    """The values that releases of Sacred recorded."""
    pytest.importorskip("numpy")
    pytest.importorskip("pandas")
    values: dict[str, Any] = golden.recorded()
    return values


@pytest.fixture(scope="session")
def golden_records() -> ModuleType:
    """What release 0.1.0 stores: the module `tests/golden/records/runs.py`."""
    return _module("golden_records", _GOLDEN / "records" / "runs.py")


def _module(name: str, path: Path) -> ModuleType:
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None and spec.loader is not None
        sys.modules[name] = module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return sys.modules[name]


#: What ends a process without an end of its run.
CRASHES = {
    "abort": "os.abort()",
    "segfault": "ctypes.string_at(0)",
    "os._exit": "os._exit(3)",
    "exec": "os.execvp('true', ['true'])",
    "kill -9": "os.kill(os.getpid(), 9)",
}
SCRIPT = """
    import ctypes, faulthandler, os, sys
    from sacred_core import Experiment

    ex = Experiment("crash", save_git_info=False)
    faulthandler.enable(open(os.devnull, "w"))

    @ex.automain
    def main(_run):
        print("printed with Python")
        os.system("echo from a child")
        _run.lifecycle.beat()
        os.write(1, b"written to stdout\\n" * 1000)
        os.write(2, "db://ann:hunter2@host CUDA error \u00e4".encode())
        {crash}
"""
EXPECTED = "written to stdout\n" * 1000 + "db://ann:***@host CUDA error \u00e4"


class CrashScript:
    """A script that crashes while it is recorded, and what `sacred runs recover` makes of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.variables = {"SACRED_SPOOL_DIR": str(folder / "spools")}

    @property
    def environment(self) -> Mapping[str, str]:
        """That of the script and the command, with what other fixtures have set meanwhile."""
        return {**os.environ, **self.variables}

    def run(self, crash: str, *flags: str) -> bytes:
        """Run the script until it crashes and return what was shown."""
        source = textwrap.dedent(SCRIPT).replace("{crash}", CRASHES[crash])
        (self.folder / "crash.py").write_text(source)
        command = [sys.executable, "crash.py", "-l", "ERROR", "-b", "1000", *flags]
        done = subprocess.run(
            command, cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            timeout=120, check=False, env=self.environment,
        )  # fmt: skip
        return done.stdout

    def recover(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run ``sacred runs recover``."""
        command = [sys.executable, "-m", "sacred_core", "runs", "recover", *arguments]
        return subprocess.run(
            command, cwd=self.folder, capture_output=True, text=True, timeout=120, check=False,
            env=self.environment,
        )  # fmt: skip

    @property
    def entries(self) -> list[Path]:
        """The descriptions that are left."""
        return list((self.folder / "spools").glob("run-*.json"))

    def assert_recovered(self, location: str, *flags: str) -> None:
        """Crash; all output is shown and stored, once, and nothing is left."""
        from sacred_core.stores import RunQuery, open_store
        from sacred_core.testing.effort import examples

        for crash in list(CRASHES)[: examples(1, len(CRASHES))]:
            shown = self.run(crash, *flags).decode()
            assert shown.endswith(EXPECTED.replace("***", "hunter2")), (crash, shown[-2000:])
            assert len(self.entries) == 1
            described = self.entries[0].read_text()
            assert "hunter2" not in described
            done = self.recover()
            assert (done.returncode, done.stderr) == (0, ""), crash
            store = open_store(location)
            (run,) = store.list(RunQuery(limit=1))
            output = store.output(run.id)
            assert output.count("written to stdout\n") == 1000, crash
            assert output.endswith(EXPECTED), (crash, output[-200:])
            assert output.startswith(("printed with Python\n", "from a child\n")), output[:100]
            assert list((self.folder / "spools").iterdir()) == []
            assert self.recover().stdout == ""


@pytest.fixture
def crash_script(tmp_path: Path) -> CrashScript:
    """A script that crashes while it is recorded."""
    return CrashScript(tmp_path)


@pytest.fixture(scope="session")
def http_server() -> Iterator[Any]:
    """A server of pytest-httpserver in threads, so that one request may wait while others come.

    It would log every address; what else does is to be seen.
    """
    httpserver = pytest.importorskip("pytest_httpserver")
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    with httpserver.HTTPServer(host="127.0.0.1", port=0, threaded=True) as server:
        yield server


@pytest.fixture(autouse=True, scope="session")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Store the state of the user in a folder of the tests, also that of child processes."""
    folder = tmp_path_factory.mktemp("state")
    before = os.environ.get("XDG_STATE_HOME")
    os.environ["XDG_STATE_HOME"] = str(folder)
    SETTINGS.SPOOL_DIR = os.environ["SACRED_SPOOL_DIR"] = str(folder / "spools")
    yield
    SETTINGS.SPOOL_DIR = ""
    del os.environ["SACRED_SPOOL_DIR"], os.environ["XDG_STATE_HOME"]
    if before is not None:
        os.environ["XDG_STATE_HOME"] = before
