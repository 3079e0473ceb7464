"""Commands of git that are executed at the same time.

A library for git takes longer to import than all of these commands, and executes them, too.
"""

import os
import subprocess
import tempfile
from pathlib import Path

#: What git sets for its hooks: these would be about the repository of the hook.
_FOREIGN = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR")


class GitCommand:
    """A running command, which ends with the ``with`` block at the latest.

    Args:
        root: The top of a repository. One that contains it is not used in its place.
        arguments: Of git.

    Raises:
        FileNotFoundError: git is missing.
    """

    def __init__(self, root: Path, *arguments: str) -> None:
        inherited = {key: value for key, value in os.environ.items() if key not in _FOREIGN}
        english = {"LANGUAGE": "C", "LC_ALL": "C"}
        # A pipe that nobody reads would stop a command that reports more than it takes.
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the command
        try:
            self._process = subprocess.Popen(
                ["git", *arguments], cwd=root,
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self._errors,
                env=inherited | english | {"GIT_CEILING_DIRECTORIES": str(root.parent)},
            )  # fmt: skip
        except BaseException:
            self._errors.close()
            raise

    def __enter__(self) -> "GitCommand":
        return self

    def __exit__(self, *error: object) -> None:
        """Kill the command if it is running."""
        self._process.kill()
        self._process.communicate()
        self._errors.close()

    def output(self, limit: int = -1, none_found: int = 0) -> bytes:
        """Return what the command writes, at its end or when it has written ``limit`` bytes.

        Args:
            limit: Bytes; -1 for all.
            none_found: The exit code by which the command reports that there is no output.

        Raises:
            OSError: the command failed; the message is that of git.
        """
        assert self._process.stdout is not None
        data = self._process.stdout.read(limit)
        if 0 <= limit <= len(data):
            return data
        code = self._process.wait()
        if code not in (0, none_found):
            self._errors.seek(0)
            text = self._errors.read().decode(errors="replace").strip()
            raise OSError(text or f"git ended with the exit code {code}")
        return data
