"""Tests of what a run that is recorded in a folder imports."""

import subprocess
import sys
from pathlib import Path

UNNEEDED = {
    "click",
    "difflib",
    "email",
    "http.client",
    "importlib.metadata",
    "importlib.resources",
    "locale",
    "numpy",
    "sacred_core.cli",
    "sacred_core.jsonpickle_data",
    "sacred_core.provenance.cells",
    "sacred_core.stores.guarded",
    "sacred_core.stores.query",
    "sacred_core.stores.tables",
    "ssl",
    "subprocess",
    "sysconfig",
    "urllib.request",
    "wcwidth",
    "xml.etree.ElementTree",
}
#: How many modules of sacred-core and sacred-file the script may load.
MOST = 160
#: How many classes of attrs these modules may define: each takes as long as a module.
MOST_CLASSES = 40


def loaded_by_a_run(tmp_path: Path) -> tuple[set[str], set[str]]:
    """Return the modules and classes of attrs that a script has after a run in a folder."""
    script = tmp_path / "train.py"
    script.write_text(
        "import sys\n"
        "from sacred_core import Experiment\n"
        "ex = Experiment('train')\n"
        "ex.main(lambda: 1)\n"
        "ex.run_commandline()\n"
        "print('loaded:', *sys.modules)\n"
        "print('classes:', *{\n"
        "    f'{value.__module__}.{value.__qualname__}'\n"
        "    for module in list(sys.modules.values())\n"
        "    for value in list(vars(module).values())\n"
        "    if isinstance(value, type) and '__attrs_attrs__' in vars(value)\n"
        "})\n"
    )
    command = [sys.executable, str(script), "-F", str(tmp_path / "my_runs")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    modules, _, classes = done.stdout.partition("loaded:")[2].partition("classes:")
    return set(modules.split()), set(classes.split())


def package_of(module: str) -> str:
    """Return the name of the package of a module."""
    return module.partition(".")[0]


def test_a_run_in_a_folder_imports_only_what_records_it(tmp_path: Path) -> None:
    """Parsers of options, readers of runs, programs and reports would delay every script."""
    loaded, classes = loaded_by_a_run(tmp_path)
    assert "sacred_file.observer" in loaded
    assert loaded.isdisjoint(UNNEEDED)
    own = {name for name in loaded if name.startswith(("sacred_core", "sacred_file"))}
    assert len(own) <= MOST
    others = {name for name in loaded if name.startswith("sacred_")} - own
    assert sum("." in name for name in others) <= 2 * len({*map(package_of, others)})
    defined = {name for name in classes if name.startswith("sacred_")}
    assert "sacred_core.events.RunStarted" in defined
    assert len(defined) <= MOST_CLASSES, sorted(defined)
