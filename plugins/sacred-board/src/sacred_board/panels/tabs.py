"""The built-in tabs of the page of a run."""

from typing import Any

import attrs
from markupsafe import Markup

from sacred_board.data.output_positions import output_position
from sacred_board.panels import config_tree, text_parts
from sacred_board.panels.commands import with_line
from sacred_board.panels.metric_rows import metric_rows
from sacred_board.panels.views import RunView
from sacred_board.rendering import render_part
from sacred_board.terminal_output import last_part, render_output
from sacred_core.exceptions import StoreError, UnavailableError
from sacred_core.masking import mask_text
from sacred_core.printable import printable, printable_lines
from sacred_core.readable_numbers import format_value
from sacred_core.stores import StoredRun

#: Characters of the output that are shown at first, and at most on the page.
_OUTPUT_PART, _MOST_OUTPUT = 100_000, 5_000_000
#: Lines of the output, metrics and images on the overview.
_LAST_LINES, _MOST_METRICS, _MOST_IMAGES = 12, 12, 6
#: Entries of a configuration of which it is not known what was set for the run.
_MOST_ENTRIES = 12
#: Entries of a result that are shown in large type, and the characters of one.
_MOST_RESULTS, _SHORT_RESULT = 12, 24
#: Shown while a tab is not open: that it is not empty is all that matters.
_CLOSED = Markup("")


@attrs.frozen
class _OutputPart:
    """The end of an output, as scripts need it to add what follows.

    Attributes:
        content: HTML before the last lines.
        position: Of the end of the output.
        length: Characters of the whole output.
        first: The first character that is shown.
        start: Where the last lines begin, which may be overwritten.
        tail: The last lines.
        tail_content: The last lines as HTML.
        style: The classes of text at their beginning.
    """

    content: Markup
    position: str
    length: int
    first: int
    start: int
    tail: str
    tail_content: Markup
    style: str

    @classmethod
    def of(cls, text: str, first: int) -> "_OutputPart":
        """Return the part of an output from a character on."""
        position = output_position(text)
        start = max(first, int(position.partition("-")[0]))
        content, style = render_output(text[first:start])
        tail = text[start:]
        tail_content = render_output(tail, style)[0]
        return cls(content, position, len(text), first, start, tail, tail_content, style.classes)


def show_overview(view: RunView) -> Markup:
    """Return what one wants to see of a run first."""
    if not view.is_open:
        return _CLOSED
    run, problems = view.run, list[str]()
    output = _read(problems, lambda: view.store.output(run.id)) or ""
    limit = _MOST_METRICS + 1
    metrics = _read(problems, lambda: metric_rows(view.store, run.id, limit)) or []
    rows = config_tree.config_rows(run)
    values = [row for row in rows if not row.is_group]
    has_origins = any(row.origin for row in values)
    images = [
        file
        for file in (view.file("artifact", name) for name in run.artifacts)
        if file.content_type.startswith("image/")
    ]
    return render_part(
        "panels/overview.html",
        view=view,
        run=run,
        traceback="\n".join(printable_lines("".join(map(str, run.fail_trace)))),
        result=None if run.result is None else result_text(run),
        results=_short_results(run),
        metrics=metrics[:_MOST_METRICS],
        is_limited=len(metrics) > _MOST_METRICS,
        changed=config_tree.changed_rows(rows) if has_origins else values[:_MOST_ENTRIES],
        has_origins=has_origins,
        entries=len(values),
        images=images[:_MOST_IMAGES],
        output=_OutputPart.of(output, _last_lines_start(output)),
        problems=problems,
    )


def show_configuration(view: RunView) -> Markup | None:
    """Return the configuration with the origin of each entry."""
    if not view.run.config:
        return None
    if not view.is_open:
        return _CLOSED
    rows = config_tree.config_rows(view.run)
    return render_part(
        "panels/configuration.html",
        view=view,
        rows=rows,
        has_origins=any(row.origin for row in rows),
        updates=with_line(view.run),
        changed=len(config_tree.changed_rows(rows)),
    )


def show_output(view: RunView) -> Markup | None:
    """Return the end of the output, or all of it."""
    run = view.run
    if not view.is_open:
        return None if run.output_length == 0 and not run.is_running() else _CLOSED
    text = view.store.output(run.id)
    if not text and not run.is_running():
        return None
    size = _MOST_OUTPUT if view.parameters.get("part") == "all" else _OUTPUT_PART
    first = len(text) - len(last_part(text, size))
    can_show_all = size < _MOST_OUTPUT and len(text) <= _MOST_OUTPUT
    return render_part(
        "panels/output.html",
        view=view, run=run, part=_OutputPart.of(text, first), can_show_all=can_show_all,
    )  # fmt: skip


def show_metrics(view: RunView) -> Markup | None:
    """Return the metrics."""
    if not view.is_open:
        # Not all stores have summaries: whether a run that started has points is not read here.
        has_started = view.run.start_time is not None or view.run.damage is not None
        return _CLOSED if has_started else None
    rows = metric_rows(view.store, view.run.id)
    return render_part(
        "panels/metrics.html",
        view=view,
        run=view.run,
        metrics=rows,
        curves=view.curves,
        is_limited=False,
    )


def show_artifacts(view: RunView) -> Markup | None:
    """Return the artifacts, and the one that is chosen."""
    return _show_files(view, "artifact", view.run.artifacts)


def show_resources(view: RunView) -> Markup | None:
    """Return the resources, and the one that is chosen."""
    return _show_files(view, "resource", view.run.resources)


def show_sources(view: RunView) -> Markup | None:
    """Return the sources, and the chosen one with its line numbers."""
    names = [*view.run.sources]
    if not names:
        return None
    if not view.is_open:
        return _CLOSED
    chosen = _chosen(view, names)
    text, problem, is_cut = _read_text(view, "source", chosen)
    is_python = chosen.endswith((".py", ".pyi"))
    lines = text_parts.python_lines(text) if is_python else text_parts.text_lines(text)
    return render_part(
        "panels/sources.html",
        view=view,
        names=names,
        digests=view.run.sources,
        captured=view.run.captured,
        chosen=chosen,
        lines=lines,
        problem=problem,
        is_cut=is_cut,
    )


def show_patch(view: RunView) -> Markup | None:
    """Return the repositories of the sources, and the changes that were not committed."""
    run = view.run
    if not run.repositories:
        return None
    if not view.is_open:
        return _CLOSED
    patches = []
    for each in run.repositories:
        commit = str(each.get("commit"))
        found = _read_text(view, "patch", commit) if each.get("dirty") else ("", "", False)
        text, problem, is_cut = found
        patches.append((each, commit, text_parts.patch_lines(text), problem, is_cut))
    return render_part("panels/patch.html", view=view, patches=patches)


def show_packages(view: RunView) -> Markup | None:
    """Return the recorded packages."""
    packages = view.run.experiment.get("dependencies")
    if not isinstance(packages, list) or not packages:
        return None
    if not view.is_open:
        return _CLOSED
    found = [printable(each).partition("==") for each in packages]
    return render_part(
        "panels/facts.html", part="packages", packages=[(name, last) for name, _, last in found]
    )


def show_host(view: RunView) -> Markup | None:
    """Return the facts about the machine."""
    return _show_tree(view, view.run.host, "host")


def show_info(view: RunView) -> Markup | None:
    """Return what the run stored in its info."""
    return _show_tree(view, view.run.info, "info")


def show_result(view: RunView) -> Markup | None:
    """Return the result with all digits."""
    run = view.run
    if run.result is None:
        return None
    if not view.is_open:
        return _CLOSED
    rows = config_tree.tree_rows(run.result) if isinstance(run.result, dict) else []
    return render_part("panels/facts.html", part="result", rows=rows, text=result_text(run))


def result_text(run: StoredRun) -> str:
    """Return the result of a run with all digits and without secrets."""
    rows = config_tree.tree_rows({"result": run.result})
    if len(rows) == 1 and rows[0].value is not None:
        return rows[0].value
    return printable(format_value(config_tree.masked(run.result)))


def _short_results(run: StoredRun) -> list[config_tree.Row]:
    """Return the entries of a result that consists of a few short ones."""
    rows = config_tree.tree_rows(run.result) if isinstance(run.result, dict) else []
    are_short = all(row.value is not None and len(row.value) <= _SHORT_RESULT for row in rows)
    return rows if are_short and len(rows) <= _MOST_RESULTS else []


def _show_tree(view: RunView, tree: Any, title: str) -> Markup | None:
    if not tree:
        return None
    if not view.is_open:
        return _CLOSED
    rows = config_tree.tree_rows(tree)
    return render_part("panels/facts.html", part=title, rows=rows, title=title)


def _show_files(view: RunView, kind: str, names: list[str]) -> Markup | None:
    if not names:
        return None
    if not view.is_open:
        return _CLOSED
    files = [view.file(kind, name) for name in names]
    chosen = view.file(kind, _chosen(view, names))
    return render_part(
        "panels/files.html", view=view, kind=kind, files=files, chosen=chosen,
        content=view.show_file(chosen),
    )  # fmt: skip


def _chosen(view: RunView, names: list[str]) -> str:
    """Return the file of the address, by default the first."""
    wanted = view.parameters.get("file", "")
    return wanted if wanted in names else names[0]


def _read_text(view: RunView, kind: str, name: str) -> tuple[str, str, bool]:
    """Return the text of a file, why it cannot be read, and whether it was cut."""
    try:
        content = view.file(kind, name).read(text_parts.MOST_BYTES + 1)
    except UnavailableError:
        raise
    except StoreError as error:  # the file is missing, or damaged
        return "", mask_text(str(error)), False
    is_cut = len(content) > text_parts.MOST_BYTES
    text = content[: text_parts.MOST_BYTES].decode("utf-8", "replace")
    return text, "", is_cut


def _last_lines_start(text: str) -> int:
    """Return where the last lines of an output begin."""
    start = len(text.rstrip("\n"))
    for _ in range(_LAST_LINES):
        start = text.rfind("\n", 0, max(start, 0))
        if start < 0:
            break
    return max(start + 1, len(text) - _OUTPUT_PART)


def _read(problems: list[str], read: Any) -> Any:
    try:
        return read()
    except StoreError as error:
        problems.append(mask_text(str(error)))
        return None
