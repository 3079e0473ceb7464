"""Where runs are, as users write it: ``s3://BUCKET/FOLDERS?option=value``."""

from collections.abc import Iterable
from urllib.parse import parse_qsl

import attrs

from sacred_core.exceptions import OptionError
from sacred_core.masking import masked_text


@attrs.frozen
class Location:
    """A folder of a bucket.

    Attributes:
        bucket: Its name.
        basedir: The folder, perhaps empty.
        options: What stands behind the question mark.
    """

    bucket: str
    basedir: str
    options: dict[str, str]


def parsed(text: str, scheme: str, options: Iterable[str] = ()) -> Location:
    """Return what ``text`` says, with or without ``scheme://``.

    Args:
        text: As the user wrote it.
        scheme: Of the buckets' URLs.
        options: The names of those that there are.

    Raises:
        OptionError: it has another form.
    """
    given, separator, rest = text.strip().partition("://")
    path, _, query = (rest if separator else given).partition("?")
    bucket, _, basedir = path.partition("/")
    asked = dict(parse_qsl(query, keep_blank_values=True))
    unknown = sorted(set(asked) - set(options))
    if (separator and given.lower() != scheme) or not bucket or unknown:
        known = ", ".join(options)
        allowed = f"after '?' there may be {known}" if known else "it has no options"
        more = f": unknown option {unknown[0]!r}; {allowed}" if unknown else ""
        raise OptionError(f"runs are in {scheme}://BUCKET/FOLDER, not {masked_text(text)!r}{more}")
    return Location(bucket, basedir, asked)
