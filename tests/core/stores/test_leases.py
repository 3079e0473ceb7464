"""Tests of who may start a run in a store without transactions."""

import json
import os
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sacred_core.exceptions import RunIdError
from sacred_core.stores.leases import Owner, claim, exclusively, is_claimed, releasing


class Files:
    """Claims in memory."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}

    def read(self, name: str) -> bytes | None:
        return self.files.get(name)

    def create(self, name: str, data: bytes) -> bool:
        return self.files.setdefault(name, data) is data

    def replace(self, name: str, data: bytes) -> None:
        assert name in self.files
        self.files[name] = data

    def remove(self, name: str) -> None:
        self.files.pop(name, None)


@pytest.fixture
def files() -> Files:
    return Files()


def change(files: Files, name: str, **values: Any) -> None:
    """Change a claim as if another process had written it."""
    stored = json.loads(files.files[name])
    owner = {**stored["owner"], **{k: v for k, v in values.items() if k != "expires"}}
    files.files[name] = json.dumps({**stored, **values, "owner": owner}).encode()


def ended_process() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_a_valid_claim_is_respected(files: Files) -> None:
    """A valid claim is respected, of the same process too: another thread may be starting
    the run.
    """
    assert not is_claimed(files)
    lease = claim(files)
    assert lease is not None
    lease.require(1)
    assert is_claimed(files)
    assert claim(files) is None
    assert list(files.files) == [".claim-0"]


def test_a_claim_names_its_owner_and_when_it_expires(files: Files) -> None:
    """The claim expires within a minute."""
    claim(files)
    stored = json.loads(files.files[".claim-0"])
    assert stored["owner"]["pid"] == os.getpid()
    left = datetime.fromisoformat(stored["expires"]) - datetime.now(UTC)
    assert timedelta(seconds=50) < left <= timedelta(seconds=60)


@pytest.mark.skipif(sys.platform != "linux", reason="the owner is known on Linux only")
def test_the_claim_of_a_process_that_ended_is_abandoned(files: Files) -> None:
    """On this machine that is known at once, also where its id was given to another process."""
    claim(files)
    change(files, ".claim-0", pid=ended_process())
    assert claim(files) is not None
    change(files, ".claim-1", started="1")
    assert claim(files) is not None
    assert sorted(files.files) == [".claim-0", ".claim-1", ".claim-2"]


@pytest.mark.skipif(sys.platform != "linux", reason="zombies of Linux")
def test_a_process_that_nobody_waited_for_has_ended() -> None:
    """It holds its id until then, for example in a container without an init process."""
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    owner = Owner.of(process.pid)
    assert not owner.is_dead()
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert owner.is_dead()
    process.communicate()
    assert owner.is_dead()


@pytest.mark.parametrize("system", ["another machine or container", None])
def test_of_elsewhere_only_the_time_counts(files: Files, system: str | None) -> None:
    """Its process ids mean nothing here; after a minute the claim is abandoned."""
    claim(files)
    change(files, ".claim-0", system=system, pid=ended_process())
    assert claim(files) is None
    change(files, ".claim-0", expires=(datetime.now(UTC) - timedelta(seconds=1)).isoformat())
    assert claim(files) is not None


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[]", b"{}", b'{"owner": {}, "expires": ""}', b"\xff"]
)
def test_an_unreadable_claim_is_abandoned(files: Files, data: bytes) -> None:
    """Its writer was killed, or was an earlier version."""
    files.files[".claim-0"] = data
    assert claim(files) is not None


def test_of_several_that_follow_a_claim_one_succeeds(files: Files) -> None:
    """Of several that follow a claim one succeeds, also where they all found the same claim
    abandoned.
    """
    files.files[".claim-0"] = b""

    class Slow(Files):
        def create(self, name: str, data: bytes) -> bool:
            self.create = super().create  # type: ignore[method-assign]
            assert claim(self) is not None
            return super().create(name, data)

    slow = Slow()
    slow.files = files.files
    assert claim(slow) is None


def test_an_owner_that_was_too_slow_does_not_start(files: Files) -> None:
    """Its claim expired, and another process has the run."""
    lease = claim(files)
    assert lease is not None
    change(files, ".claim-0", expires="2000-01-01T00:00:00+00:00")
    other = claim(files)
    assert other is not None
    with pytest.raises(RunIdError, match="run '7' has already been started by another process"):
        lease.require(7)
    other.require(7)


@pytest.mark.parametrize("fails", [True, False])
@pytest.mark.parametrize("always", [True, False])
def test_a_claim_is_released(files: Files, fails: bool, always: bool) -> None:
    """After a failure, and where the run was only queued; the numbers go on."""
    try:
        with releasing(claim(files), always=always):
            if fails:
                raise OSError("full")
    except OSError:
        assert fails
    assert (claim(files) is not None) == (fails or always)
    assert (".claim-1" in files.files) == (fails or always)


def test_a_release_that_fails_hides_no_error(files: Files) -> None:
    """What the block raised is what the user reads."""
    lease = claim(files)
    files.files.clear()
    with pytest.raises(OSError, match="full"), releasing(lease, always=False):
        raise OSError("full")


def test_nothing_is_released_without_a_claim() -> None:
    """For a run with a free id there is none."""
    with releasing(None, always=True):
        pass


def test_one_thread_at_a_time_has_exclusive_access() -> None:
    """The second thread waits until the first has left; then no claim remains."""
    asked, order = threading.Event(), []

    class Noting(Files):
        def read(self, name: str) -> bytes | None:
            if threading.current_thread() is thread:
                asked.set()
            return super().read(name)

    def follow() -> None:
        with exclusively(files):
            order.append("second")

    files, thread = Noting(), threading.Thread(target=follow)
    with exclusively(files):
        thread.start()
        asked.wait()
        order.append("first")
    thread.join()
    assert order == ["first", "second"] and not files.files


def test_exclusive_access_follows_an_abandoned_claim(files: Files) -> None:
    """An expired claim is followed, and removed with the own one."""
    claim(files)
    change(files, ".claim-0", expires="2020-01-01T00:00:00+00:00")
    with exclusively(files):
        assert list(files.files) == [".claim-0", ".claim-1"]
    assert not files.files


def test_exclusive_access_ends_with_an_error(files: Files) -> None:
    """The claim is removed."""
    with pytest.raises(KeyError), exclusively(files):
        raise KeyError
    assert not files.files
