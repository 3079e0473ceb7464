"""Reports of runs, made from a template with mako."""

import os
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from stat import S_ISVTX, S_IWGRP, S_IWOTH
from typing import Any

from sacred_core.atomic_files import replace_bytes
from sacred_core.contained_files import ContainedFolder
from sacred_core.exceptions import SacredError
from sacred_core.loggers import own_logger
from sacred_core.serialization import plain
from sacred_core.stores.folder_format import OUTPUT, decode_output, encode_output
from sacred_core.stores.locations import absolute_path
from sacred_file import layout

_logger = own_logger(__name__)
_warned: set[Path] = set()


class ReportError(SacredError):
    """A template could not be made into a report.

    Cause: The template of ``template=`` contains an error, or its report would replace an artifact
    of the run.

    Fix: Correct the line that the message names, or rename the artifact or the template.
    """


def template_path(template: str | os.PathLike[str]) -> Path:
    """Return the absolute path of the template that the user names.

    Raises:
        FileNotFoundError: it is not there.
        ModuleNotFoundError: mako is not installed.
    """
    path = absolute_path(template)
    if not path.is_file():
        raise FileNotFoundError(f"template {str(path)!r} not found")
    _require_mako(path)
    return path


def write_report(
    template: Path, folder: Path, run: Mapping[str, Any], config: Mapping[str, Any],
    info: Mapping[str, Any],
) -> None:  # fmt: skip
    """Render ``template`` into the ``folder`` of a run that ended.

    The template is the user's code: whatever goes wrong is a warning, and no report.
    """
    names = {"run": plain(run), "config": plain(config), "info": plain(info)}
    target = folder / f"report{template.suffix}"
    try:
        _check_is_free(target, names["run"])
        _require_mako(template)
        _warn_of_writers(template)
        text = _render(template, folder, names)
        # What cannot be encoded (half a character) is spelled out, as it is in the output.
        replace_bytes(target, encode_output(text))
    except (Exception, SystemExit) as error:  # foreign code must not harm the run
        reason = (
            str(error) if isinstance(error, (ReportError, ModuleNotFoundError)) else repr(error)
        )
        _logger.warning("No report in %s from the template %s: %s", folder, template, reason)
        _logger.debug("%s", template, exc_info=error)


def _require_mako(template: Path) -> None:
    if find_spec("mako") is None:
        raise ModuleNotFoundError(
            f"the template {str(template)!r} needs mako: pip install 'sacred-file[template]'",
            name="mako",
        )


def _check_is_free(target: Path, run: Mapping[str, Any]) -> None:
    folder = target.parent
    for name in run["artifacts"]:
        is_same = name.casefold() == target.name.casefold()  # on some systems that is one file
        if is_same and layout.artifact_path(folder, name).parent == folder:
            raise ReportError(f"the run has an artifact {name!r}, which is not overwritten")


def _render(template: Path, folder: Path, names: Mapping[str, Any]) -> str:
    from mako.exceptions import RichTraceback
    from mako.template import Template

    compiled = Template(filename=str(template))
    large = _large(compiled.code, folder)
    try:
        return str(compiled.render(**names, **large, savedir=str(folder)))
    except (Exception, SystemExit) as error:
        line = RichTraceback(error, error.__traceback__).lineno
        raise ReportError(f"{error!r} in line {line}") from error


def _large(code: str, folder: Path) -> dict[str, Any]:
    """Read what may be large, if the template's code speaks of it."""
    names: dict[str, Any] = {}
    if "cout" in code:
        names["cout"] = decode_output((folder / OUTPUT).read_bytes())
    if "metrics" in code:
        from sacred_file.run_folder import RunFolder

        with RunFolder(ContainedFolder(folder.parent), folder.name).metrics() as reader:
            names["metrics"] = reader.metrics()
    return names


def _warn_of_writers(template: Path) -> None:
    """Warn once of a template that others than the user may change."""
    place = next(_writable_by_others(template), None)
    if place is not None and template not in _warned:
        _warned.add(template)
        _logger.warning(
            "The template %s is code that runs with your permissions, and other users can "
            "write to %s: chmod go-w %s",
            template,
            place,
            place,
        )


def _writable_by_others(template: Path) -> Iterator[Path]:
    if os.name == "nt":  # its modes mean nothing
        return
    real = template.resolve()
    for place in dict.fromkeys((template, template.parent, real.parent)):
        mode = place.stat().st_mode
        is_sticky = place.is_dir() and mode & S_ISVTX  # like /tmp: each has separate files
        if mode & (S_IWGRP | S_IWOTH) and not is_sticky:
            yield place
