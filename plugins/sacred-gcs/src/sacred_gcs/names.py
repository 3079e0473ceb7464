"""The names that buckets can have."""

import ipaddress
import re

from sacred_core.masking import mask_text

# https://cloud.google.com/storage/docs/buckets#naming
_NAME = re.compile(r"(?!goog)[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]")
_LONGEST_PART = 63


def validate_bucket_name(name: str) -> str:
    """Return the name of a bucket.

    Raises:
        ValueError: no bucket can have it.
    """
    is_name = isinstance(name, str) and _NAME.fullmatch(name) and not _is_address(name)
    if not is_name or any(not 0 < len(part) <= _LONGEST_PART for part in name.split(".")):
        raise ValueError(
            f"{mask_text(str(name))!r} cannot be the name of a bucket: it has 3 to 63 lower-case "
            "letters, digits, "
            "hyphens, underscores and single dots, begins and ends with a letter or digit, does "
            "not begin with 'goog', and is no IP address"
        )
    return name


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
