"""The layout of a bucket: that of sacred-file, with additions for buckets.

Keys are ``BASEDIR/ID/run.json`` and so on. While a run is running, its output and its metrics are
in parts below `OUTPUT_PARTS` and `METRICS_PARTS`, as objects cannot be appended to.
"""

import ipaddress
import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl

import attrs

from sacred_core.exceptions import OptionError
from sacred_core.masking import mask_text
from sacred_core.stores.folder_format import (
    ARTIFACTS,
    CONFIG,
    INFO,
    LEASE,
    LONGEST_PART,
    METRICS,
    OUTPUT,
    RESOURCES,
    RUN,
    SOURCES,
    is_content_name,
    quote_artifact_name,
)
from sacred_core.stores.tokens import TOKEN
from sacred_objects.bucket import Bucket

OUTPUT_PARTS, METRICS_PARTS = "_output/", "_metrics/"
#: In the folder of a run, a folder of the runs that its writers record, with what they share.
WRITERS = "_writers"
#: Names of shared content that runs are about to store; what deletions have left.
PENDING, TRASH = "_pending/", "_deleted/"
#: Numbers of runs: of the newest ones that started, and the highest one that was deleted.
IDS = "_ids/"
STARTED_NUMBER, DELETED_NUMBER = f"{IDS}started-", f"{IDS}deleted-"
#: Copies of the small objects of runs, see `sacred_objects.run_index`.
INDEX = "_index/"
#: The last heartbeat, where the record is too long to be written for each.
HEARTBEAT = "heartbeat.json"
#: What may be shown as text by whoever looks into the bucket.
JSON, TEXT = "application/json", "text/plain; charset=utf-8"

#: Bytes of a key; S3 and GCS take 1,024, and the run's folder comes before it.
_LONGEST = 500
#: Names that no artifact beside the record has.
RESERVED = {
    RUN, CONFIG, INFO, METRICS, OUTPUT, HEARTBEAT, ARTIFACTS, "_output", "_metrics", WRITERS,
    LEASE,
}  # fmt: skip


@attrs.frozen
class BucketLayout:
    """The location of the runs of an observer.

    Attributes:
        bucket: The bucket.
        basedir: What the keys of runs begin with, without slashes at its ends; may be empty.
        resource_dir, source_dir: The same for what runs share.
    """

    bucket: Bucket
    basedir: str
    resource_dir: str
    source_dir: str

    @property
    def root(self) -> str:
        """The prefix of all runs."""
        return f"{self.basedir}/" if self.basedir else ""

    @property
    def display_name(self) -> str:
        """The URL of the runs."""
        return f"{self.bucket.url}/{self.basedir}".rstrip("/")

    def run(self, name: str) -> str:
        """Return the prefix of the run in the folder ``name``."""
        return f"{self.root}{name}/"

    def parts(self, name: str) -> "BucketLayout":
        """Return the location of the parts of a run, which are deleted with it."""
        return bucket_layout(self.bucket, f"{self.run(name)}{WRITERS}")

    def to_name(self, key: str) -> str:
        """Return a key as ``run.json`` has it: relative to the basedir."""
        return posixpath.relpath(f"/{key}", f"/{self.basedir}")

    def content_key(self, name: str) -> str | None:
        """Return the key of shared content that a record names; None for any other object.

        Shared content is directly in one of the two folders and has a digest in its name. A record
        may be edited, or name an object of another run.
        """
        key = self.to_key(name)
        folder, _, last = key.rpartition("/")
        is_shared = folder in (self.resource_dir, self.source_dir)
        return key if is_shared and is_content_name(last) else None

    def to_key(self, name: str) -> str:
        """Return the key that ``run.json`` has as ``name``."""
        return posixpath.normpath(f"/{self.basedir}/{name}").lstrip("/")


def parts_prefix(parts: str, entry: Mapping[str, Any]) -> str:
    """Return where below the run's prefix the parts of a file are.

    They are written without a look at the record: those of a deleted run are not found by readers
    of another one that has its id.

    Args:
        parts: `OUTPUT_PARTS` or `METRICS_PARTS`.
        entry: The record; that of an earlier release has no token.
    """
    token = entry.get(TOKEN)
    return f"{parts}{token}/" if isinstance(token, str) else parts


def bucket_layout(
    bucket: Bucket, basedir: str, resource_dir: str | None = None, source_dir: str | None = None
) -> BucketLayout:
    """Return the place below ``basedir``, written with or without slashes at its ends."""
    base = normalize_prefix(basedir)
    return BucketLayout(
        bucket,
        base,
        normalize_prefix(f"{base}/{RESOURCES}" if resource_dir is None else resource_dir),
        normalize_prefix(f"{base}/{SOURCES}" if source_dir is None else source_dir),
    )


def normalize_prefix(folder: str) -> str:
    """Return a prefix of keys without needless slashes.

    Raises:
        ValueError: it contains ``.`` or ``..``, which mean nothing in a key.
    """
    parts = [part for part in str(folder).split("/") if part]
    if "." in parts or ".." in parts:
        raise ValueError(f"{folder!r} is not a folder of a bucket: '.' and '..' are not supported")
    return "/".join(parts)


def annotation_key(number: int) -> str:
    """Return where below the run's prefix the annotation ``number``, from 1 on, is."""
    return "annotations.jsonl" if number == 1 else f"annotations.{number}.jsonl"


class ArtifactKeys:
    """The keys of the artifacts of one run.

    Where one name is that of the folder of another, as ``x`` and ``x/y``, the second is apart:
    stores on file systems and downloads cannot have both.
    """

    def __init__(self) -> None:
        self._keys: dict[str, str] = {}
        self._plain: set[str] = set()
        self._folders: set[str] = set()

    def key(self, name: str) -> str:
        """Return the key of an artifact; that of a name stays the same."""
        if name not in self._keys:
            self._keys[name] = self._new_key(name)
        return self._keys[name]

    def _new_key(self, name: str) -> str:
        if not _is_plain(name, LONGEST_PART):
            return _quoted_key(name, LONGEST_PART)
        folders = {name[:end] for end, character in enumerate(name) if character == "/"}
        if name in self._folders or folders & self._plain:
            return _quoted_key(name, LONGEST_PART)
        self._plain.add(name)
        self._folders |= folders
        return name


def possible_keys(name: str) -> Iterator[str]:
    """Yield the keys that the artifact ``name`` may have, in any order of artifacts.

    Earlier releases took longer parts of names.
    """
    if _is_plain(name, _LONGEST):
        yield name
    yield from dict.fromkeys((_quoted_key(name, LONGEST_PART), _quoted_key(name, _LONGEST)))


def _is_plain(name: str, longest_part: int) -> bool:
    parts = name.split("/")
    sizes = [len(part.encode("utf-8", "replace")) for part in parts]
    first = parts[0].casefold()
    return (
        all(part and part[0] != "." and part.isprintable() for part in parts)
        and max(sizes) <= longest_part
        and sum(sizes) + len(sizes) - 1 <= _LONGEST
        and "\\" not in name
        and first not in RESERVED
        and not first.startswith("annotations.")
    )


def _quoted_key(name: str, longest: int) -> str:
    return f"{ARTIFACTS}/{quote_artifact_name(name, longest)}"


@attrs.frozen
class Location:
    """A folder of a bucket.

    Attributes:
        bucket: Its name.
        basedir: The folder, perhaps empty.
        options: The options after the question mark.
    """

    bucket: str
    basedir: str
    options: dict[str, str]


def check_bucket_name(name: str, pattern: re.Pattern[str], rules: str) -> str:
    """Return the name of a bucket.

    Args:
        name: As the user wrote it.
        pattern: Matches each possible name, and perhaps IP addresses, which no bucket can have.
        rules: The end of the sentence that describes the names.

    Raises:
        ValueError: no bucket can have it.
    """
    if not isinstance(name, str) or not pattern.fullmatch(name) or _is_ip_address(name):
        raise ValueError(
            f"{mask_text(str(name))!r} cannot be the name of a bucket: it has 3 to 63 lower-case "
            f"letters, digits, {rules}"
        )
    return name


def _is_ip_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def parse_location(text: str, scheme: str, options: Iterable[str] = ()) -> Location:
    """Parse ``text``, with or without ``scheme://``.

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
        raise OptionError(f"runs are in {scheme}://BUCKET/FOLDER, not {mask_text(text)!r}{more}")
    return Location(bucket, basedir, asked)
