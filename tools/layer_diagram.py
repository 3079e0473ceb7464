"""The picture of the layers of a configuration, from the script of docs/configuration.md."""

import contextlib
import logging
import re
import runpy
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from tools.svg import Drawing

ROOT = Path(__file__).resolve().parents[1]
#: What the picture traces: an update, and an entry that is computed from it.
TRACED, COMPUTED = "batch", "steps"
UPDATES = {TRACED: 128}
#: Widths of the columns of entries.
COLUMNS = {"batch": 92, "rate": 80, "epochs": 80, "steps": 190, "warmup": 92}
_FILES = ("layers.py", "long.yaml")
_LEFT, _TOP, _ROW = 206, 46, 60


class Layer(NamedTuple):
    """What one layer of a configuration sets.

    Attributes:
        title, source: What it is called, and what it is in the script or on the command line.
        values: Of its entries, as text.
        origin: What the record names as the origin of its entries.
    """

    title: str
    source: str
    values: Mapping[str, str]
    origin: str


class Resolved(NamedTuple):
    """A configuration and its layers, in the order in which they are applied."""

    layers: list[Layer]
    config: dict[str, Any]
    origins: dict[str, str]


def draw_layers() -> str:
    """Return the picture."""
    resolved = resolve_example()
    bottom = _TOP + _ROW * len(resolved.layers)
    drawing = Drawing(760, bottom + 122, "The layers of a configuration, in the order of their use")
    drawing.text(20, 30, "Layers, in order", "bold")
    for entry, (left, width) in _columns().items():
        kind = "code bold blue" if entry == TRACED else "code bold"
        drawing.text(left + width / 2, 30, entry, kind, "middle")
    for number, layer in enumerate(resolved.layers):
        _draw_layer(drawing, number, layer, resolved.origins)
    _draw_trace(drawing, [layer.title for layer in resolved.layers].index("Scope"), bottom)
    _draw_result(drawing, resolved, bottom + 12)
    drawing.text(
        20, bottom + 92, "Blue: the value of batch, and what is computed from it.", "small muted"
    )
    drawing.text(20, bottom + 110, "Struck through: another layer sets the entry.", "small muted")
    return str(drawing)


def _columns() -> dict[str, tuple[int, int]]:
    """Return the left edge and the width of the column of each entry."""
    places, left = {}, _LEFT
    for entry, width in COLUMNS.items():
        places[entry] = (left, width)
        left += width
    return places


def _draw_layer(drawing: Drawing, number: int, layer: Layer, origins: Mapping[str, str]) -> None:
    top = _TOP + _ROW * number
    drawing.box(14, top, 732, _ROW - 6)
    drawing.text(26, top + 21, f"{number + 1}  {layer.title}", "bold")
    drawing.text(42, top + 38, layer.source, "code muted")
    for entry, value in layer.values.items():
        left, width = _columns()[entry]
        if origins[entry] != layer.origin:
            drawing.text(left + width / 2, top + 26, value, "code muted lost", "middle")
            continue
        kind = "blue" if entry in (TRACED, COMPUTED) else "green"
        drawing.box(left + 5, top + 7, width - 10, 30, kind)
        drawing.text(left + width / 2, top + 26, value, f"code bold {kind}", "middle")


def _draw_trace(drawing: Drawing, scope: int, bottom: int) -> None:
    """Draw the way of the traced value: down to the result, and into the computed entry."""
    left, _ = _columns()[TRACED]
    across = left + 16
    drawing.arrow([(across, _TOP + 37), (across, bottom + 20)], "blue")
    edge = _TOP + _ROW * scope + 37
    target, width = _columns()[COMPUTED]
    middle = target + width / 2
    drawing.arrow([(across, edge + 10), (target + 30, edge + 10), (target + 30, edge)], "blue")
    drawing.arrow([(middle, edge), (middle, bottom + 20)], "blue")


def _draw_result(drawing: Drawing, resolved: Resolved, top: int) -> None:
    drawing.text(26, top + 21, "The configuration", "bold")
    drawing.text(26, top + 38, "of functions and record", "small muted")
    for entry, (left, width) in _columns().items():
        kind = "blue" if entry in (TRACED, COMPUTED) else "green"
        drawing.box(left + 5, top + 8, width - 10, 34, kind)
        value = str(resolved.config[entry])
        drawing.text(left + width / 2, top + 29, value, f"code bold {kind}", "middle")


def files_of(page: str) -> dict[str, str]:
    """Return the blocks of a page of docs/ that have a title, by it."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    return dict(re.findall(r'^```\w+ title="([^"]+)"\n(.*?)^```$', text, re.MULTILINE | re.DOTALL))


def resolve_example() -> Resolved:
    """Run the script of docs/configuration.md and return its configuration."""
    files = {name: block for name, block in files_of("configuration.md").items() if name in _FILES}
    with tempfile.TemporaryDirectory() as name, contextlib.chdir(name):
        for file, content in files.items():
            Path(file).write_text(content, encoding="utf-8")
        names = runpy.run_path(str(Path("layers.py").resolve()), run_name="layers")
        logging.disable()
        try:
            with contextlib.redirect_stdout(None):
                run = names["ex"].run(named_configs=["large", "long.yaml"], config_updates=UPDATES)
        finally:
            logging.disable(logging.NOTSET)
        fixed = {"epochs": int(files["long.yaml"].partition(":")[2])}
        defaults, large = names["defaults"](), names["large"]()
        changed = names["warm_up"](run.config, "main", logging.getLogger())
    formulas = dict(re.findall(r"^ +(\w+) = ([^#\n]+?)(?:  #.*)?$", files["layers.py"], re.M))
    scope = {entry: str(value) for entry, value in defaults.items()} | {"steps": formulas["steps"]}
    layers = [
        Layer("Update", "batch=128", _texts(UPDATES), "update"),
        Layer("Named configuration", "large", _texts(large), "named config large"),
        Layer("File", "long.yaml", _texts(fixed), "named config long.yaml"),
        Layer("Scope", "defaults", scope, "scope defaults"),
        Layer("Config hook", "warm_up", _texts(changed), "config hook warm_up"),
    ]
    origins = {
        entry: origin for origin, entries in run.meta_info["origins"].items() for entry in entries
    }
    return Resolved(layers, run.config, origins)


def _texts(values: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in values.items()}
