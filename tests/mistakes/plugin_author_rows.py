"""Mistakes of the authors of plugins."""

import textwrap
from collections.abc import Callable
from pathlib import Path

from sacred_core.testing.samples import PLUGIN_SOURCE

from .set_ups import three_runs
from .table import ANYTHING, Mistake, SetUp

TITLE = "In plugins"
INTRODUCTION = (
    "Names that `sacred new-plugin` refuses, and plugins that are broken: `acme` has the flag "
    "`--acme`, and its author made the mistake."
)

_INIT = "def __init__(self, path): ..."


def installed(source: str, name: str = "acme", requires: str = ">=0.1,<0.2") -> Callable[..., None]:
    """Return what lays a plugin out in a folder as pip would have installed it there."""

    def lay_out(folder: Path) -> None:
        info = folder / f"{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"
            f"Requires-Dist: sacred-core{requires}\n\n"
        )
        (info / "entry_points.txt").write_text(f"[sacred_core]\n{name} = {name}_plugin\n")
        (folder / f"{name}_plugin.py").write_text(textwrap.dedent(source))

    lay_out.__doc__ = f"the plugin `{name}`."
    return lay_out


def _acme(
    what: str,
    source: str,
    printed: str,
    *,
    code: int = 0,
    flag: str = "",
    others: tuple[SetUp, ...] = (),
    requires: str = ">=0.1,<0.2",
) -> Mistake:
    """Return the row of a run of a script, with a plugin in the folder of the script."""
    typed = f"python train.py {flag}".strip()
    needs = (installed(source, requires=requires), *others)
    return Mistake(what, typed, printed, code, needs, alone=False, in_shell=True)


def _body(body: str) -> str:
    """Return the sound plugin with another body of its observer."""
    return PLUGIN_SOURCE.replace(_INIT, body)


_NEW_PLUGIN = (
    "Usage: sacred new-plugin [OPTIONS] NAME\nTry 'sacred new-plugin --help' for help.\n\nError: "
)

ROWS = [
    Mistake(
        "name that no package can have",
        "sacred new-plugin Acme_Runs",
        f"{_NEW_PLUGIN}the name 'Acme_Runs' must be lower-case letters and digits in words with "
        "hyphens between them, at most 40 characters, such as 'acme-runs'",
    ),
    Mistake(
        "name of a module of Python",
        "sacred new-plugin json",
        f"{_NEW_PLUGIN}'json' is a word or a module of Python: use another name",
    ),
    Mistake(
        "name of an official plugin",
        "sacred new-plugin mongo --flag",
        f"{_NEW_PLUGIN}'mongo' is the name of the plugin of sacred-mongo{ANYTHING}: use another "
        "name",
    ),
    Mistake(
        "two kinds of plugins at once",
        "sacred new-plugin acme --flag --panel",
        f"{_NEW_PLUGIN}choose one kind of plugin, not --flag and --panel",
    ),
    Mistake(
        "new plugin in a folder with files",
        "sacred new-plugin acme --folder my_runs",
        f"{_NEW_PLUGIN}'my_runs' is not empty: choose another one with --folder",
        needs=(three_runs,),
    ),
    _acme(
        "observer that needs two arguments",
        _body("def __init__(self, host, port): ..."),
        "Error: --acme: AcmeObserver raised TypeError: …",
        flag="--acme x",
        code=2,
    ),
    _acme(
        "misspelt event",
        _body(_INIT + "\n        def start_event(self): ..."),
        "WARNING - train - AcmeObserver.start_event is never called: there is no event of this "
        "name (did you mean 'started_event'?)",
        flag="--acme x",
    ),
    _acme(
        "name of another event",
        _body(_INIT + "\n        def log_metric(self, name): ..."),
        "WARNING - train - AcmeObserver.log_metric is never called: there is no event of this "
        "name (did you mean 'log_metrics'?)",
        flag="--acme x",
    ),
    _acme(
        "argument that no event has",
        _body(_INIT + "\n        def completed_event(self, outcome): ..."),
        "Error: AcmeObserver.completed_event requires the argument 'outcome', which is not "
        "passed by keyword to it: it may take stop_time, result",
        flag="--acme x",
        code=1,
    ),
    _acme(
        "exception when a run starts",
        _body(_INIT + "\n        def started_event(self): raise ConnectionError('no server')"),
        "Error: the observer AcmeObserver could not record the start of the run: "
        "ConnectionError: no server",
        flag="--acme x",
        code=1,
    ),
    _acme(
        "class that does not exist",
        PLUGIN_SOURCE.replace("ObserverSpec(AcmeObserver", "ObserverSpec('acme_plugin:Nope'"),
        "Error: The plugin 'acme' (acme 1.0): it cannot be loaded: ImportError: the module "
        "'acme_plugin' has no 'Nope'; reinstall or remove it",
        flag="--acme x",
        code=2,
    ),
    _acme(
        "library that is not installed",
        "import acme_driver",
        "WARNING - train - The plugin 'acme' (acme 1.0): the library 'acme_driver' that it "
        "needs is missing: install it, or reinstall the plugin (pip install acme)",
    ),
    _acme(
        "plugin that cannot be imported",
        "1 / 0",
        "WARNING - train - The plugin 'acme' (acme 1.0): it cannot be loaded: "
        "ZeroDivisionError: division by zero; reinstall or remove it",
    ),
    _acme(
        "misspelt hook",
        PLUGIN_SOURCE.replace("sacred_observers", "sacred_observer"),
        "WARNING - train - The plugin 'acme' (acme 1.0): unknown hook 'sacred_observer', did "
        "you mean 'sacred_observers'?",
    ),
    _acme(
        "forgotten decorator",
        PLUGIN_SOURCE.replace("@hookimpl", ""),
        "WARNING - train - The plugin 'acme' (acme 1.0): the function 'sacred_observers' lacks "
        "the decorator @hookimpl",
    ),
    _acme(
        "plugin for a later release",
        PLUGIN_SOURCE,
        "WARNING - train - The plugin 'acme' (acme 1.0): it needs sacred-core>=99.1, and … is "
        "installed: pip install -U sacred-core",
        requires=">=99.1",
    ),
    _acme(
        "flag that two plugins offer",
        PLUGIN_SOURCE,
        "Error: the plugins 'acme' (acme 1.0) and 'rival' (rival 1.0) both offer the flag "
        "'--acme': switch one off with SACRED_PLUGINS__DISABLE=rival",
        flag="--acme x",
        code=2,
        others=(installed(PLUGIN_SOURCE.replace("AcmeObserver", "RivalObserver"), "rival"),),
    ),
    Mistake(
        "misspelt name of a plugin to check",
        "sacred plugins --check fiel",
        "Error: no installed plugin is named 'fiel': did you mean 'file'?",
    ),
]
