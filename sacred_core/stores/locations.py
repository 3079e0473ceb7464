"""Paths as users write them."""

import os
import re
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from sacred_core.exceptions import UsageError
from sacred_core.hooks.manager import plugin_manager
from sacred_core.hooks.records import flag_name
from sacred_core.masking import mask_text

_URL = re.compile("[A-Za-z][A-Za-z0-9+.-]+://")
FilePath = str | os.PathLike[str]


def absolute_path(path: FilePath | bytes | os.PathLike[bytes]) -> Path:
    """Return ``path`` as an absolute path, with ``~`` and ``~user`` as their folders."""
    return Path(os.path.abspath(os.path.expanduser(os.fsdecode(path))))  # noqa: PTH111 - never raises


def short_path(path: FilePath) -> str:
    """Return an absolute path as users write it: relative if it is in the working directory."""
    try:
        found = os.path.relpath(path)
    except (OSError, ValueError):  # there is no working directory, or it is on another drive
        return os.fspath(path)
    if Path(found).parts[:1] == (os.pardir,):
        return os.fspath(path)
    return os.path.join(os.curdir, found) if found.startswith(("-", "~")) else found  # noqa: PTH118


def location_path(location: FilePath, scheme: str) -> str:
    """Return the path of a location, which is a path or a URL.

    Args:
        location: Such as ``my_runs``, ``file:///data/runs`` or ``tinydb://my_runs``.
        scheme: Of the URLs that are paths. Of ``file://localhost/data`` the host is left out
            (https://www.rfc-editor.org/rfc/rfc8089#section-2).

    Raises:
        UsageError: it is a URL of another scheme, of which a path would be made otherwise.
    """
    text = os.fsdecode(location)
    if not _URL.match(text):
        return text
    parts = urlsplit(text)
    if parts.scheme != scheme:
        raise UsageError(f"{mask_text(text)!r} is a URL, not a folder{_flag_of(parts.scheme)}")
    first = "" if (scheme, parts.netloc) == ("file", "localhost") else parts.netloc
    if os.name == "nt":
        from urllib.request import url2pathname  # takes 10 ms, and most locations are paths

        return url2pathname(first + parts.path)
    return unquote(first + parts.path, errors="surrogateescape")  # `url2pathname` replaces bytes


def path_url(path: FilePath, scheme: str) -> str:
    """Return the URL of a path, of which `location_path` returns the path again."""
    return f"{scheme}://{quote(os.fspath(path), errors='surrogateescape')}"


def _flag_of(scheme: str) -> str:
    """Return the end of a message: the flag of the observer that takes such URLs."""
    kind = scheme.partition("+")[0]
    for spec in plugin_manager().observers:
        if kind in spec.schemes and spec.flags:
            return f": use {flag_name(spec.flags)}"
    return ""
