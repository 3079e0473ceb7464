"""Tests of what is recorded about the machine."""

import json
import os
import platform
import socket
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from sacred_core import SETTINGS, Experiment, SkipHostInfo, host_info_gatherer
from sacred_core.host_info import get_host_info, host_info_gatherers, host_info_getter
from sacred_core.provenance.host import operating_system

NVIDIA_SMI = """#!/bin/sh
echo '<nvidia_smi_log><driver_version>123.45</driver_version><gpu>
<product_name>Fake GPU</product_name><persistence_mode>Enabled</persistence_mode>
<fb_memory_usage><total>4096 MiB</total></fb_memory_usage></gpu></nvidia_smi_log>'
"""


@pytest.fixture
def nvidia_smi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    program = tmp_path / "nvidia-smi"
    program.write_text(NVIDIA_SMI)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    return program


def test_default_entries() -> None:
    """The keys of section 1.5.3, as plain data."""
    info = get_host_info()
    assert info["hostname"] == socket.gethostname()
    assert info["python_version"] == platform.python_version()
    assert info["os"][0] == platform.system()
    assert info["cpu"]
    assert info["cpu_count"] >= 1
    assert info["ENV"] == {}
    assert json.loads(json.dumps(info)) == info


@pytest.mark.parametrize(
    "release", ["6.1.0-13-amd64", "5.15.90.1-microsoft-standard-WSL2", "1.0 (x)", "1.0--a", ""]
)
def test_the_operating_system_is_what_platform_describes(
    release: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the name of a release has characters that `platform` replaces."""
    found = platform.uname()
    names = platform.uname_result(
        found.system, found.node, release or found.release, found.version, found.machine
    )
    monkeypatch.setattr("platform._uname_cache", names)
    monkeypatch.setattr("platform._platform_cache", {})
    expected = [platform.system(), platform.platform()]
    platform._platform_cache.clear()  # type: ignore[attr-defined]

    assert operating_system() == expected


def test_host_information_starts_no_process() -> None:
    """Where no GPU is asked for, everything is read from files or from Python."""
    code = """if True:
        import sys
        started = []
        sys.addaudithook(
            lambda event, arguments: started.append(arguments)
            if event in ("subprocess.Popen", "os.posix_spawn", "os.fork", "os.exec") else None
        )
        from sacred_core.host_info import get_host_info
        assert get_host_info()["os"]
        print(started)
    """
    environment = {**os.environ, "PATH": "/nowhere"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    assert done.stdout == "[]\n"


def test_captured_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Variables that are named and set."""
    monkeypatch.setattr(SETTINGS.HOST_INFO, "CAPTURED_ENV", ["MINE", "UNSET"])
    monkeypatch.setenv("MINE", "value")
    assert get_host_info()["ENV"] == {"MINE": "value"}


def test_gpus(nvidia_smi: Path) -> None:
    """What the tool reports, under the manual's key and under Sacred's."""
    info = get_host_info()
    assert info["gpu"] == info["gpus"]
    assert info["gpus"] == {
        "driver_version": "123.45",
        "gpus": [{"model": "Fake GPU", "total_memory": "4096 MiB", "persistence_mode": "Enabled"}],
    }


BROKEN = {
    "no driver": "echo 'NVIDIA-SMI has failed because it could not talk to the driver'; exit 9",
    "no output": "exit 0",
    "half a report": "echo '<nvidia_smi_log><gpu>'",
    "not text": "head -c 1000 /dev/urandom",
    "killed": "kill -9 $$",
    "hangs": "exec sleep 60",
}


@pytest.mark.parametrize("state", BROKEN)
def test_a_driver_that_does_not_answer_is_left_out(
    nvidia_smi: Path,
    state: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """One warning, no error, and no wait to speak of."""
    monkeypatch.setattr("sacred_core.provenance.host.COMMAND_TIMEOUT", 0.5)
    nvidia_smi.write_text("#!/bin/sh\n" + BROKEN[state] + "\n")
    ex = Experiment("gpus", save_git_info=False)
    ex.main(lambda: None)
    run = ex.run(options={"--unobserved": True})
    assert run.status == "COMPLETED"
    assert "gpus" not in run.host_info
    messages = [text for text in caplog.messages if "'gpus' is skipped" in text]
    assert len(messages) == 1 and "nvidia-smi" in messages[0]


def test_values_that_a_gpu_does_not_report_are_none(nvidia_smi: Path) -> None:
    """What is not available is None, as what is missing."""
    text = NVIDIA_SMI.replace("4096 MiB", "[N/A]").replace("Enabled", "N/A")
    nvidia_smi.write_text(text.replace("<product_name>Fake GPU</product_name>", ""))
    assert get_host_info()["gpus"]["gpus"] == [
        {"model": None, "total_memory": None, "persistence_mode": None}
    ]


def test_settings_switch_information_off(nvidia_smi: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`INCLUDE_GPU_INFO` and `INCLUDE_CPU_INFO` remove their entries."""
    monkeypatch.setattr(SETTINGS.HOST_INFO, "INCLUDE_GPU_INFO", False)
    monkeypatch.setattr(SETTINGS.HOST_INFO, "INCLUDE_CPU_INFO", False)
    assert {"gpus", "gpu", "cpu"}.isdisjoint(get_host_info())


def test_additional_host_info(caplog: pytest.LogCaptureFixture) -> None:
    """Host information of a script is added to the rest; one that raises is a warning."""

    @host_info_gatherer("host IP address")
    def ip() -> Any:
        return ("10.0.0.1", {1})

    @host_info_gatherer("broken")
    def broken() -> None:
        raise OSError("no network")

    @host_info_gatherer("skipped")
    def skipped() -> None:
        raise SkipHostInfo

    ex = Experiment("cool experiment", additional_host_info=[ip, broken, skipped])
    ex.main(lambda: None)
    info = ex.run().host_info
    assert info["host IP address"] == ["10.0.0.1", [1]]
    assert {"broken", "skipped"}.isdisjoint(info)
    assert "The host information 'broken' is skipped: OSError: no network" in caplog.text
    assert ip() == ("10.0.0.1", {1})


def test_host_info_getter_adds_to_every_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """The documented function returns what it was given."""

    def users() -> int:
        return 3

    assert host_info_getter(users) is users
    assert host_info_getter(users, "people") is users
    try:
        info = get_host_info()
    finally:
        del host_info_gatherers["users"], host_info_gatherers["people"]
    assert info["users"] == info["people"] == 3


def test_variables_that_change_results_are_switches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Variables of Python, of threads, of processors and of GPUs are recorded if they are set."""
    values = {
        "OMP_NUM_THREADS": "3", "MKL_NUM_THREADS": "4", "OPENBLAS_NUM_THREADS": "5",
        "OPENBLAS_CORETYPE": "Haswell", "MKL_CBWR": "AVX2", "CUDA_VISIBLE_DEVICES": "1",
        "CUBLAS_WORKSPACE_CONFIG": ":4096:8", "PYTHONHASHSEED": "0", "PYTHONPATH": "src",
        "TZ": "UTC",
    }  # fmt: skip
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.delenv("NUMBA_NUM_THREADS", raising=False)
    found = get_host_info()["switches"]
    assert found.items() >= values.items()
    assert not {"HOME", "NUMBA_NUM_THREADS"} & found.keys()


def pool(api: str, path: str, threads: int) -> dict[str, Any]:
    return {"internal_api": api, "filepath": path, "num_threads": threads, "prefix": "lib"}


@pytest.mark.parametrize(
    ("pools", "expected"),
    [
        ([], {}),
        (
            [pool("openblas", "/a/numpy.libs/b.so", 2), pool("openmp", "/a/lib/gomp.so", 4)],
            {"openblas": 2, "openmp": 4},
        ),
        (
            [pool("openblas", "/a/numpy.libs/b.so", 2), pool("openblas", "/a/scipy.libs/b.so", 2)],
            {"openblas": 2},
        ),
        (
            [pool("openblas", "/a/numpy.libs/b.so", 1), pool("openblas", "/a/scipy.libs/b.so", 2)],
            {"openblas numpy": 1, "openblas scipy": 2},
        ),
    ],
)
def test_threads_of_libraries_in_use(
    pools: list[dict[str, Any]], expected: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are those that threadpoolctl and torch report, if these are imported already."""
    monkeypatch.setitem(sys.modules, "torch", None)  # type: ignore[arg-type]
    monkeypatch.setitem(sys.modules, "threadpoolctl", None)  # type: ignore[arg-type]
    alone = get_host_info().get("threads", {})
    assert alone.keys() <= {"processors"}
    control = SimpleNamespace(threadpool_info=lambda: pools)
    monkeypatch.setitem(sys.modules, "threadpoolctl", control)  # type: ignore[arg-type]
    assert get_host_info().get("threads", {}) == alone | expected
    torch = SimpleNamespace(get_num_threads=lambda: 7, get_num_interop_threads=lambda: 8)
    monkeypatch.setitem(sys.modules, "torch", torch)  # type: ignore[arg-type]
    assert get_host_info()["threads"] == alone | expected | {"torch": 7, "torch_interop": 8}
