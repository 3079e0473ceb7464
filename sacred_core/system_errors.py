"""What the operating system reports, as a part of a message."""

import os
from typing import Any


def system_error_text(error: OSError) -> str:
    """Return the reason that the operating system reports and the file, without a number.

    Args:
        error: Of a file or a connection; one without a reason is described as Python does.
    """
    if not error.strerror:
        return str(error)
    name = error.filename  # a descriptor, or any kind of path
    return error.strerror + ("" if name is None else f": {_path_text(name)}")


def _path_text(name: Any) -> str:
    return f"descriptor {name}" if isinstance(name, int) else repr(os.fsdecode(name))
