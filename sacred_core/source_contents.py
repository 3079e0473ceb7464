"""The contents of sources that are copied from another store: their files are elsewhere."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

_Files = Mapping[tuple[Path, str], Path]
_copied: ContextVar[_Files | None] = ContextVar("sacred_source_contents", default=None)


@contextmanager
def using_contents(files: _Files) -> Iterator[None]:
    """Use other files in the place of sources, within the block and this context.

    Args:
        files: By the paths of the sources and their MD5 digests.
    """
    token = _copied.set(files)
    try:
        yield
    finally:
        _copied.reset(token)


def copied_content(path: Path, md5: str) -> Path | None:
    """Return the file that is used in the place of a source, None if there is none."""
    files = _copied.get()
    return None if files is None else files.get((path, md5))
