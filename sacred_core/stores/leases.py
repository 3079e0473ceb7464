"""Which process may start a run, where the store has no transactions: folders and buckets.

A run is claimed before its start is written, so that of several processes one starts it. A claim
names its owner and expires: where its owner died before the start was written, the next process
claims the run. Claims are numbered from 0, each a file or object that is created only if it is
absent; the one with the highest number is valid. So exactly one process follows an abandoned claim.
"""

import contextlib
import json
import os
import random
import time
from abc import abstractmethod
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from sacred_core.stores.claims import RunIds, already_exists_error, already_started_error

#: What a claim of this number is called.
NAME = ".claim-{}"
#: How long a claim is valid at most; from the claim to the start there are a few writes.
LIFETIME = timedelta(seconds=60)
#: Seconds that a process waits at most before it tries to claim again.
_PAUSE = 0.05
_BOOT = Path("/proc/sys/kernel/random/boot_id")
_PID_NAMESPACE = Path("/proc/self/ns/pid")
#: Position of the state and of the start time in what follows the name in ``/proc/PID/stat``.
_STATE, _START = 0, 19


class ClaimFiles(Protocol):
    """The claims of one run, small files by name. Each method raises if the store is away."""

    def read(self, name: str) -> bytes | None:
        """Return the content of a file, None if there is none."""

    def create(self, name: str, data: bytes) -> bool:
        """Write a file unless there is one, in one step, and return whether it was written."""

    def replace(self, name: str, data: bytes) -> None:
        """Write a file in place of the one that is there."""

    def remove(self, name: str) -> None:
        """Remove a file, if it is there."""


class Owner(NamedTuple):
    """A process.

    Attributes:
        token: Differs between any two claims.
        system: The machine since its last start, and the namespace of its process ids; None where
            that is not known.
        pid: The process id.
        started: The start time of the process in the units of the kernel, or None.
    """

    token: str
    system: str | None
    pid: int
    started: str | None

    @classmethod
    def of(cls, pid: int) -> "Owner":
        """Return the process with this id, on this machine."""
        return cls(token=os.urandom(8).hex(), system=_system(), pid=pid, started=_stat(pid, _START))

    def is_dead(self) -> bool:
        """Return whether the process has certainly ended; elsewhere than on its machine, False."""
        if self.system is None or self.system != _system():
            return False
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return True
        except OSError:  # of another user
            return False
        return _stat(self.pid, _STATE) in ("Z", "X") or _stat(self.pid, _START) != self.started


class Lease:
    """The claim of this process on one run.

    Args:
        files: The claims of the run.
        number: Of this claim.
        owner: This process.
    """

    def __init__(self, files: ClaimFiles, number: int, owner: Owner) -> None:
        self._files = files
        self._number = number
        self._owner = owner

    def require(self, run_id: Any) -> None:
        """Check that the claim is valid still; to be called right before the start is written.

        Args:
            run_id: That of the run, for the message.

        Raises:
            RunIdError: it expired, and another process has claimed the run.
        """
        if self._files.read(NAME.format(self._number + 1)) is not None:
            raise already_started_error(run_id)

    def release(self) -> None:
        """Expire the claim now: the run was queued, or its start was not written."""
        self._files.replace(NAME.format(self._number), _data(self._owner, datetime.now(UTC)))

    def remove(self) -> None:
        """Remove this claim and those before it, so that another process can claim at once."""
        for number in range(self._number + 1):
            self._files.remove(NAME.format(number))


class LeasedIds(RunIds):
    """The ids of a store in which a run has a name before its record is written.

    Args:
        display_name: See `RunIds`.
        asked_id: The id that the user requested, or None.

    Attributes:
        lease: The claim of ``asked_id``, to be checked before the start is written; or None.
    """

    def __init__(self, display_name: str, asked_id: int | str | None) -> None:
        super().__init__(display_name)
        self.lease: Lease | None = None
        self._asked_id = asked_id

    @abstractmethod
    def create(self, run_id: int | str) -> bool:
        """Reserve the name of a run in one step, and return False if another run has it."""

    @abstractmethod
    def claim_files(self, run_id: int | str) -> ClaimFiles:
        """Return the claims of a run."""

    @abstractmethod
    def status(self, run_id: int | str) -> Any:
        """Return the status in the record of a run, None if it has no record."""

    def insert(self, run_id: int | str, other_id: int | str | None) -> bool:
        """Reserve the name of the run, and claim the run if its id was requested."""
        if not self.create(run_id):
            return False
        if run_id == self._asked_id:
            self._claim(run_id, is_start=True)
        return True

    def take_over(self, run_id: int | str, is_start: bool) -> bool:
        """Claim a run that is queued, or that was claimed and never started."""
        if not self._is_startable(run_id, is_start, is_claimed(self.claim_files(run_id))):
            return False
        self._claim(run_id, is_start)
        return True

    def _claim(self, run_id: int | str, is_start: bool) -> None:
        self.lease = claim(self.claim_files(run_id))
        if self.lease is None:
            raise already_started_error(run_id)
        # Another process may have written its start before this one claimed the run.
        if not self._is_startable(run_id, is_start, has_claims=True):
            raise already_exists_error(run_id, self.display_name)

    def _is_startable(self, run_id: int | str, is_start: bool, has_claims: bool) -> bool:
        status = self.status(run_id)
        return (is_start and status == "QUEUED") or (has_claims and status is None)


def claim(files: ClaimFiles) -> Lease | None:
    """Claim a run.

    Returns:
        The claim, or None if another process has a valid one.
    """
    number, newest = 0, None
    while (data := files.read(NAME.format(number))) is not None:
        number, newest = number + 1, data
    now = datetime.now(UTC)
    if newest is not None and not _is_abandoned(newest, now):
        return None
    owner = Owner.of(os.getpid())
    if not files.create(NAME.format(number), _data(owner, now + LIFETIME)):
        return None
    return Lease(files, number, owner)


def is_claimed(files: ClaimFiles) -> bool:
    """Return whether a process has claimed the run, also one that has ended."""
    return files.read(NAME.format(0)) is not None


@contextlib.contextmanager
def exclusively(files: ClaimFiles) -> Iterator[None]:
    """Return a context that one thread or process is in at a time; others wait.

    Args:
        files: The claims; they are removed at the end.
    """
    while (lease := claim(files)) is None:
        time.sleep(random.uniform(0, _PAUSE))
    try:
        yield
    finally:
        lease.remove()


@contextlib.contextmanager
def releasing(lease: Lease | None, always: bool) -> Iterator[None]:
    """Release ``lease`` where the block raises, so that others need not wait; or ``always``."""
    try:
        yield
    except BaseException:
        if lease is not None:
            with contextlib.suppress(Exception):  # what the block raised counts
                lease.release()
        raise
    if lease is not None and always:
        lease.release()


def _data(owner: Owner, expires: datetime) -> bytes:
    return json.dumps({"owner": owner._asdict(), "expires": expires.isoformat()}).encode()


def _is_abandoned(data: bytes, now: datetime) -> bool:
    """What cannot be read was written by an earlier version, or by a process that was killed."""
    try:
        stored = json.loads(data)
        owner, expires = Owner(**stored["owner"]), datetime.fromisoformat(stored["expires"])
        return expires <= now or owner.is_dead()
    except (ValueError, TypeError, KeyError):
        return True


def _system() -> str | None:
    try:
        return f"{_BOOT.read_text('ascii').strip()} {_PID_NAMESPACE.readlink()}"
    except OSError:
        return None


def _stat(pid: int, field: int) -> str | None:
    try:
        # The name of the program may contain spaces and brackets.
        return (
            Path(f"/proc/{pid}/stat")
            .read_text("utf-8", "replace")
            .rpartition(")")[2]
            .split()[field]
        )
    except (OSError, IndexError):
        return None
