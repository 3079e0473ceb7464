"""The names that buckets can have."""

import functools
import re

from sacred_objects import check_bucket_name

# https://cloud.google.com/storage/docs/buckets#naming; no part is empty or over 63 characters.
_NAME = re.compile(r"(?!goog)(?!.*\.\.)(?!.*[^.]{64})[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]")

validate_bucket_name = functools.partial(
    check_bucket_name,
    pattern=_NAME,
    rules="hyphens, underscores and single dots, begins and ends with a letter or digit, does not "
    "begin with 'goog', and is not an IP address",
)
