"""Checks of text, time and space on this machine."""

import codecs
import locale
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import sacred_core
from sacred_core.doctor.findings import Finding, failure, passed, warning
from sacred_core.readable_numbers import size_text
from sacred_core.run.spools import spools_folder
from sacred_core.settings import SETTINGS

_UTF_8 = "utf-8"
#: Bytes of free space: below the first a run may fail, below the second it soon may.
_LEAST, _LITTLE = 100_000_000, 1_000_000_000
#: A name of the time zone database, such as Europe/Vienna; others are rules, such as CET-1CEST.
_ZONE = re.compile(r":?([A-Za-z_]+(?:/[\w+-]+)+)")


def check_text() -> Iterator[Finding]:
    """Find encodings that cannot represent every character, and locales that are missing."""
    streams = {
        "the standard output": getattr(sys.stdout, "encoding", None),
        "names of files": sys.getfilesystemencoding(),
        "files that a script opens without an encoding": locale.getpreferredencoding(False),
    }
    others = {what: name for what, name in streams.items() if name and not _is_utf_8(name)}
    for what, name in others.items():
        yield warning(
            f"the encoding of {what} is {name}: other characters cannot be written",
            "export PYTHONUTF8=1 PYTHONIOENCODING=utf-8, or choose a locale such as C.UTF-8",
        )
    missing = _missing_locale()
    if missing:
        yield warning(
            f"the locale {missing!r} is not installed",
            "export LC_ALL=C.UTF-8, or install the locale (locale -a lists those that are)",
        )
    if not others and not missing:
        yield passed("every encoding is UTF-8")


def _is_utf_8(name: str) -> bool:
    try:
        return codecs.lookup(name).name == _UTF_8
    except LookupError:
        return False


def _missing_locale() -> str | None:
    """Return the locale of the environment if the system does not have it."""
    before = locale.setlocale(locale.LC_CTYPE)
    try:
        locale.setlocale(locale.LC_CTYPE, "")
    except locale.Error:
        names = ("LC_ALL", "LC_CTYPE", "LANG")
        return next((os.environ[name] for name in names if os.environ.get(name)), "")
    finally:
        locale.setlocale(locale.LC_CTYPE, before)
    return None


def check_clock() -> Iterator[Finding]:
    """Find a clock that is behind, and a time zone that does not exist."""
    now = time.time()
    installed = os.stat(Path(sacred_core.__file__)).st_ctime  # noqa: PTH116 - of a module's file
    if now < installed:
        yield failure(
            f"the clock shows {_time_text(now)}, but sacred-core was installed at "
            f"{_time_text(installed)}: times of runs would be wrong",
            "set the clock (timedatectl set-ntp true)",
        )
    zone = _unknown_zone(os.environ.get("TZ", ""))
    if zone:
        yield warning(
            f"TZ={zone!r} is not a time zone of this machine: times are shown in UTC",
            "correct TZ, or install the time zone database (tzdata)",
        )
    if now >= installed and not zone:
        yield passed(f"{datetime.now().astimezone():%Y-%m-%d %H:%M %Z}")


def _unknown_zone(name: str) -> str | None:
    from zoneinfo import TZPATH, ZoneInfo, ZoneInfoNotFoundError

    found = _ZONE.fullmatch(name)
    if found is None:
        return None
    try:
        ZoneInfo(found[1])
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return name
    return None if any(Path(folder, found[1]).exists() for folder in TZPATH) else name


def _time_text(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M UTC}"


def check_disk() -> Iterator[Finding]:
    """Find folders that runs write to, and that are full or cannot be written to."""
    folders = {
        "the working directory": Path.cwd(),
        "temporary files": Path(tempfile.gettempdir()),
        "the output of running runs": spools_folder(),
    }
    if SETTINGS.SPOOL:
        folders["the spool"] = Path(SETTINGS.SPOOL).expanduser().absolute()
    disks: dict[int, list[str]] = {}
    spaces: dict[int, int] = {}
    for purpose, folder in folders.items():
        existing = next(path for path in (folder, *folder.parents) if path.exists())
        if existing.is_dir() and os.access(existing, os.W_OK | os.X_OK):
            disks.setdefault(existing.stat().st_dev, []).append(f"{purpose} ({folder})")
        else:
            yield warning(
                f"the folder for {purpose} cannot be written to: {folder}",
                f"change the permissions of {existing}, or choose another folder",
            )
        spaces[existing.stat().st_dev] = shutil.disk_usage(existing).free
    for disk, purposes in disks.items():
        yield _find_space(spaces[disk], ", ".join(purposes))


def _find_space(free: int, purposes: str) -> Finding:
    text = f"{size_text(free)} free for {purposes}"
    if free < _LEAST:
        return failure(text, "delete files, or choose a folder on another disk")
    if free < _LITTLE:
        return warning(text, "delete files: runs cannot record on a full disk")
    return passed(text)
