"""Tests of the entry with files like those of the kernel."""

from pathlib import Path

import pytest
from example_container import gather

from sacred_core import Experiment, SkipHostInfo
from sacred_core.testing import PluginContract


class TestPlugin(PluginContract):
    distribution = "example-container"


@pytest.fixture
def own_group(tmp_path: Path) -> Path:
    """The group ``/jobs/7``."""
    (tmp_path / "jobs" / "7").mkdir(parents=True)
    (tmp_path / "own").write_text("12:pids:/other\n0::/jobs/7\n")
    return tmp_path / "own"


def test_the_lowest_limit_of_all_groups_counts(tmp_path: Path, own_group: Path) -> None:
    """The limit of a group holds for all groups in it."""
    (tmp_path / "jobs/7/memory.max").write_text("max\n")
    (tmp_path / "jobs/memory.max").write_text("2000\n")
    (tmp_path / "memory.max").write_text("3000\n")
    (tmp_path / "jobs/7/cpu.max").write_text("150000 100000\n")
    assert gather(tmp_path, own_group) == {"memory_bytes": 2000, "cpus": 1.5}


def test_without_limits_there_is_no_entry(tmp_path: Path, own_group: Path) -> None:
    """Neither groups without limits nor a system without groups are a problem."""
    (tmp_path / "jobs/7/cpu.max").write_text("max 100000\n")
    for group in (own_group, tmp_path / "missing"):
        with pytest.raises(SkipHostInfo):
            gather(tmp_path, group)


def test_a_run_is_recorded_on_this_machine() -> None:
    """On the machine of the tests a run has the entry, or none without a warning."""
    ex = Experiment("contained", save_git_info=False)

    @ex.main
    def main() -> None:
        pass

    try:
        expected = gather()
    except SkipHostInfo:
        expected = None
    assert ex.run().host_info.get("container") == expected
