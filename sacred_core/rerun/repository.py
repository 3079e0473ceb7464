"""The other tracked files of a recorded commit, and its uncommitted patch."""

import contextlib
import os
import re
import subprocess
import tempfile
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from sacred_core.exceptions import RerunError, StoreError
from sacred_core.masking import mask_text
from sacred_core.stores.model import StoredRun
from sacred_core.stores.run_store import RunStore

_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://|[\w.-]+@[\w.-]+:")
_FOREIGN = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR")
_HEADER = re.compile(rb"^diff --git ", re.MULTILINE)
_NEW = re.compile(rb"^new file mode ", re.MULTILINE)
#: The name after ``b/`` in the first line of a part of a patch, which may be quoted.
_NAME = re.compile(rb' "?b/(.+?)"?$')


@contextlib.contextmanager
def opened_repository(place: str) -> Iterator[Path]:
    """Yield the folder of a repository; one with a URL is cloned for the block.

    Raises:
        RerunError: it is not a git repository, or cannot be cloned.
    """
    if not _URL.match(place):
        root = Path(place).expanduser().absolute()
        if not root.is_dir():
            raise RerunError(f"--repo: there is no folder {place!r}")
        try:
            run_git(root, "rev-parse", "--git-dir")
        except RerunError as error:  # not a repository, or of another user, or no git
            raise RerunError(f"--repo: {place!r} cannot be read: {error}") from None
        yield root
        return
    with tempfile.TemporaryDirectory(prefix="sacred-rerun-") as folder:
        run_git(Path(folder), "clone", "--quiet", "--bare", "--", place, "repository")
        yield Path(folder, "repository")


def find_recorded(repository: Path, run: StoredRun, place: str) -> dict[str, Any]:
    """Return the recorded repository of a run whose commit ``repository`` contains.

    Args:
        repository: Its folder.
        run: The run.
        place: Its path or URL, for messages.

    Raises:
        RerunError: there is none.
    """
    commits = []
    for recorded in run.repositories:
        commit = str(recorded["commit"])
        if not _COMMIT.fullmatch(commit):
            continue
        commits.append(commit)
        with contextlib.suppress(RerunError):
            run_git(repository, "cat-file", "-e", f"{commit}^{{commit}}")
            return recorded
    if not commits:
        raise RerunError(f"--repo: no commit is recorded for run {str(run.id)!r}")
    raise RerunError(
        f"--repo: {mask_text(place)!r} does not contain the commit {', '.join(commits)}: fetch it, "
        "or name another repository"
    )


def tracked_names(repository: Path, commit: str) -> list[str]:
    """Return the names of the files of a commit."""
    listed = run_git(repository, "ls-tree", "-r", "-z", "--name-only", "--full-tree", commit)
    return [os.fsdecode(name) for name in listed.split(b"\0") if name]


def check_out(repository: Path, commit: str, target: Path) -> None:
    """Write the files of a commit to a folder; the repository itself is not changed."""
    target.mkdir(parents=True, exist_ok=True)
    git_dir = os.fsdecode(run_git(repository, "rev-parse", "--absolute-git-dir")).strip()
    with tempfile.TemporaryDirectory(prefix="sacred-rerun-") as folder:
        places = {
            "GIT_DIR": git_dir,
            "GIT_WORK_TREE": str(target),
            "GIT_INDEX_FILE": str(Path(folder, "index")),
        }
        run_git(target, "read-tree", commit, env=places)
        run_git(target, "checkout-index", "--all", "--force", env=places)


def apply_patch(target: Path, patch: bytes) -> str | None:
    """Apply a patch to the files of a folder; return why it cannot be applied, or None."""
    target.mkdir(parents=True, exist_ok=True)
    alone = {"GIT_CEILING_DIRECTORIES": str(target.parent)}  # no repository that contains it
    try:
        run_git(target, "apply", "--whitespace=nowarn", "-", content=patch, env=alone)
    except RerunError as error:
        return str(error)
    return None


def read_patch(store: RunStore, run: StoredRun, commit: str) -> bytes | None:
    """Return the uncommitted changes of a run, None if they are not stored."""
    try:
        with store.open_file(run.id, "patch", commit) as file:
            return file.read()
    except StoreError:
        return None


def split_patch(patch: bytes) -> dict[str, bytes]:
    """Return the parts of a patch by the name of their file."""
    starts = [found.start() for found in _HEADER.finditer(patch)]
    parts = {}
    for start, stop in zip(starts, [*starts[1:], len(patch)], strict=True):
        part = patch[start:stop]
        name = _NAME.search(part.split(b"\n", 1)[0])
        if name is not None:
            parts[os.fsdecode(name[1])] = part
    return parts


def is_new_file(part: bytes) -> bool:
    """Return whether a part of a patch contains all of its file."""
    return _NEW.search(part.split(b"\n@@", 1)[0]) is not None


def top_of(
    names: Collection[str], sources: Collection[str], base_parts: tuple[str, ...]
) -> tuple[int, PurePosixPath] | None:
    """Return where the top of a repository is, seen from the folder of the sources.

    It is the place where most of the sources are in the repository.

    Args:
        names: Of files in the repository.
        sources: Their names, relative to their folder.
        base_parts: The path of this folder.

    Returns:
        The number of folders above it, and the path below that; None if no source matches.
    """
    known = set(names)
    best: tuple[int, int, PurePosixPath] | None = None
    for levels in range(len(base_parts) + 1):
        prefix = PurePosixPath(*base_parts[len(base_parts) - levels :])
        count = sum(_normal(prefix / name) in known for name in sources)
        if count and (best is None or count > best[0]):
            best = (count, levels, PurePosixPath())
    for below in {parent for name in sources for parent in PurePosixPath(name).parents}:
        inside = [name for name in sources if PurePosixPath(name).is_relative_to(below)]
        count = sum(str(PurePosixPath(name).relative_to(below)) in known for name in inside)
        if count and (best is None or count > best[0]):
            best = (count, 0, below)
    return None if best is None else best[1:]


def run_git(
    folder: Path, *arguments: str, content: bytes = b"", env: Mapping[str, str] | None = None
) -> bytes:
    """Return what git writes.

    Raises:
        RerunError: it fails; the message is that of git. Or it is not installed.
    """
    inherited = {key: value for key, value in os.environ.items() if key not in _FOREIGN}
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=folder, input=content, capture_output=True, check=False,
            env={**inherited, "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", **(env or {})},
        )  # fmt: skip
    except FileNotFoundError:
        raise RerunError("the program git is not installed") from None
    if done.returncode:
        text = " ".join(done.stderr.decode(errors="replace").split())
        raise RerunError(mask_text(f"git {arguments[0]}: {text or done.returncode}"))
    return done.stdout


def _normal(path: PurePosixPath) -> str:
    return os.path.normpath(path).replace(os.sep, "/")
