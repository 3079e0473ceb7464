"""The project of which pairs of runs are recorded, and the one thing in which each pair differs."""

from collections.abc import Mapping
from typing import Any

import attrs

SOURCES = {
    "train.py": """
'''Trains a model.'''
import functools

from sacred_core import Experiment
from data import ingredient, load
from lib import models, tools as t
from lib.metrics import mean as average

ex = Experiment("train", ingredients=[ingredient])
OFFSET = 0.25
weigh = lambda x: x * 3
TABLE = []
TABLE.append(1)
TABLE.append(2)


@ex.config
def defaults():
    '''The defaults.'''
    opt = {"lr": 0.5, "momentum": 0.9}  # of the optimizer
    layers = [16, 32, 64]
    epochs = 2
    steps = epochs * 10
    label = "a"
    options = {"deep": {"er": {"value": 1}}, "flat": {"er": {"value": 1}}}
    ratio = 1


@ex.named_config
def fast():
    epochs = 1


@ex.capture
def step(number, opt, clip=5.0):
    return models.Net(number).forward(clip) * opt["lr"]


@ex.capture(prefix="options.deep")
def penalty(er):
    return er["value"]


@functools.lru_cache
def schedule(steps):
    '''Return the sum of the steps.'''
    def weight(number):
        return number

    total = 0
    for each in range(steps):
        total += t.scale(each) * weight(each)
    return total


@ex.main
def main(_run, steps, layers, ratio):
    values = load()
    for number in range(2):
        _run.log_scalar("loss", weigh(step(number)) + OFFSET, number)
    return schedule(steps) + average(values) + penalty() + sum(layers) + ratio + len(TABLE)


@ex.command
def evaluate(layers):
    return sum(layers)


def never_called(x):
    return x - 1
""",
    "data.py": """
from pathlib import Path

from sacred_core import Ingredient

ingredient = Ingredient("data")


@ingredient.config
def settings():
    path = "data.csv"
    batch = 32


@ingredient.capture
def load(path, batch, _run):
    with _run.open_resource(Path(__file__).parent / path) as file:
        return [len(line) * batch for line in file]
""",
    "lib/__init__.py": "",
    "lib/models.py": """
from lib import base


class Net(base.Base):
    size = 8

    def __init__(self, number):
        self.number = number

    def forward(self, clip):
        return self.activate(min(self.number, clip)) * self.size + self.bias()

    def bias(self):
        return 1
""",
    "lib/base.py": """
class Base:
    def activate(self, x):
        return max(x, 0)

    def bias(self):
        return 2


class Other(Base):
    pass
""",
    "lib/tools.py": """
from .deep import numbers
from .metrics import median


def scale(x):
    return numbers.twice(x) + LIMIT


LIMIT = 7
""",
    "lib/metrics.py": """
import math
import cmath


def mean(values):
    return sum(values) / max(len(values), 1)


def median(values):
    return sorted(values)[len(values) // 2]
""",
    "lib/deep/__init__.py": "",
    "lib/deep/numbers.py": """
def twice(x):
    return helper(x) * 2


def helper(x):
    return x
""",
    "lib/deep/others.py": """
def twice(x):
    return x * 2
""",
    "data.csv": "1,2\n3,4\n",
    "notes.txt": "first\n",
}


@attrs.frozen
class Pair:
    """Two runs that differ in one thing, and the cause that must be found.

    Attributes:
        kind: Of the cause.
        key: Of the cause.
        shown: What its line must contain: both values, or what changed.
        edits: For the second run: pairs of an old and a new text by the names of files. An empty
            old text is the whole file.
        call: Arguments of ``ex.run`` of the second run.
        first_call: Those of the first run.
        environment: Variables of the second run.
        host: Functions that are replaced in the second run, by their names in ``platform``.
        git: What is done with the folder before the second run: ``"commit"``, ``"patch"``: a file
            differs from the commit; ``"untracked"``: files are not tracked. ``""``: no repository.
    """

    kind: str
    key: str
    shown: tuple[str, ...]
    edits: Mapping[str, tuple[str, str]] = attrs.field(factory=dict)
    call: Mapping[str, Any] = attrs.field(factory=dict)
    first_call: Mapping[str, Any] = attrs.field(factory=dict)
    environment: Mapping[str, str] = attrs.field(factory=dict)
    host: Mapping[str, Any] = attrs.field(factory=dict)
    git: str = ""


def updated(**updates: Any) -> dict[str, Any]:
    return {"config_updates": updates}


def code(source: str, name: str, old: str, new: str, *shown: str) -> Pair:
    """Return a pair in which a text in a source was replaced."""
    key = f"{source}:{name}" if name else source
    return Pair("code", key, shown, {source: (old, new)})


PAIRS = {
    "nested value": Pair(
        "config", "opt.lr", ("0.5 → 0.7", "received by step"), call=updated(opt={"lr": 0.7})
    ),
    "deeply nested value": Pair(
        "config", "options.deep.er.value", ("1 → 2", "received by penalty"),
        call=updated(options={"deep": {"er": {"value": 2}}}),
    ),
    "value of an ingredient": Pair(
        "config", "data.batch", ("32 → 64", "received by load"), call=updated(data={"batch": 64})
    ),
    "type of a value": Pair("config", "ratio", ("1 → 1.0", "main"), call=updated(ratio=1.0)),
    "item of a list": Pair(
        "config", "layers", ("[16, 32, 64] → [16, 48, 64]", "main"),
        call=updated(layers=[16, 48, 64]),
    ),
    "value that is not received": Pair("config", "label", ("'a' → 'b'",), call=updated(label="b")),
    "value that others are computed from": Pair(
        "config", "epochs", ("2 → 3", "used for steps"), call=updated(epochs=3)
    ),
    "named configuration": Pair(
        "config", "epochs", ("2 → 1", "named config fast"), call={"named_configs": ["fast"]}
    ),
    "configuration file": Pair(
        "config", "opt.lr", ("0.5 → 0.8", "conf.json"), {"conf.json": ("", '{"opt": {"lr": 0.8}}')},
        call={"named_configs": ["conf.json"]},
    ),
    "default in a config scope": Pair(
        "config", "ratio", ("1 → 4", "main"), {"train.py": ("ratio = 1\n", "ratio = 4\n")}
    ),
    "value of one run": Pair(
        "config", "extra", ("only in the second run: 5",),
        {"train.py": ("ratio = 1\n", "ratio = 1\n    extra = 5\n")},
    ),
    "helper two imports deep": code(
        "lib/deep/numbers.py", "helper", "return x\n", "return x + 1\n", "return x → return x + 1"
    ),
    "default of a function": code(
        "train.py", "step", "clip=5.0", "clip=4.0", "default of clip 5.0 → 4.0"
    ),
    "decorator": code(
        "train.py", "schedule", "@functools.lru_cache\n", "", "decorator removed",
        "@functools.lru_cache",
    ),
    "argument of a decorator": code(
        "train.py", "penalty", '"options.deep"', '"options.flat"', "options.deep", "options.flat"
    ),
    "constant of a module": code("lib/tools.py", "LIMIT", "= 7", "= 8", "7 → 8"),
    "constant of the script": code("train.py", "OFFSET", "0.25", "0.5", "0.25 → 0.5"),
    "method": code("lib/base.py", "Base.activate", "max(x, 0)", "min(x, 0)", "max(x, 0)", "min("),
    "attribute of a class": code("lib/models.py", "Net.size", "size = 8", "size = 9", "8 → 9"),
    "base class": code(
        "lib/models.py", "Net", "base.Base", "base.Other", "base.Base → base.Other"
    ),
    "lambda": code("train.py", "weigh", "x * 3", "x * 4", "x * 3", "x * 4"),
    "order of statements": code(
        "train.py", "", "TABLE.append(1)\nTABLE.append(2)", "TABLE.append(2)\nTABLE.append(1)",
        "another order", "TABLE.append",
    ),
    "statement of a module": code(
        "train.py", "", "TABLE.append(2)\n", "TABLE.append(2)\nTABLE.append(3)\n",
        "added: TABLE.append(3)",
    ),
    "import": code(
        "train.py", "average", "mean as average", "median as average", "mean as", "median as"
    ),
    "relative import": code(
        "lib/tools.py", "numbers", "import numbers", "import others as numbers", "others as"
    ),
    "deleted method": code(
        "lib/models.py", "Net.bias", "    def bias(self):\n        return 1\n", "", "removed"
    ),
    "nested function": code(
        "train.py", "schedule.<locals>.weight", "return number\n", "return -number\n",
        "return number → return -number",
    ),
    "range of a loop": code(
        "train.py", "schedule", "range(steps)", "range(steps + 1)", "range(steps + 1)"
    ),
    "function of an ingredient": code(
        "data.py", "load", "len(line) * batch", "len(line) + batch", "len(line) + batch"
    ),
    "untracked module": attrs.evolve(
        code("lib/deep/numbers.py", "twice", "* 2", "* 3", "helper(x) * 2", "helper(x) * 3"),
        git="untracked",
    ),
    "untracked data file": Pair(
        "resource", "data.csv", ("MD5", "→"), {"data.csv": ("3,4", "3,5")}, git="untracked"
    ),
    "content of a resource": Pair("resource", "data.csv", ("MD5",), {"data.csv": ("1,2", "12")}),
    "patch of a data file": Pair(
        "patch", "notes.txt", ("uncommitted changes of notes.txt", "second run"),
        {"notes.txt": ("first", "second")}, git="patch",
    ),
    "commit": Pair("commit", "", (" → ",), {"notes.txt": ("first", "second")}, git="commit"),
    "command": Pair("command", "command", ("main", "evaluate"), call={"command_name": "evaluate"}),
    "given seed": Pair(
        "seed", "seed", ("1 → 2",), call=updated(seed=2), first_call=updated(seed=1)
    ),
    "random seed": Pair("seed", "seed", ("random in both runs",)),
    "thread count": Pair(
        "threads", "switches.OMP_NUM_THREADS", ("1 → 4",), environment={"OMP_NUM_THREADS": "4"}
    ),
    "visible devices": Pair(
        "device", "switches.CUDA_VISIBLE_DEVICES", ("1",), environment={"CUDA_VISIBLE_DEVICES": "1"}
    ),
    "switch of a library": Pair(
        "environment", "switches.PYTHONHASHSEED", ("7",), environment={"PYTHONHASHSEED": "7"}
    ),
    "environment variable": Pair(
        "environment", "ENV.TRAIN_MODE", ("a → b",), environment={"TRAIN_MODE": "b"}
    ),
    "GPU": Pair("device", "gpus.gpus.0.model", ("0 Acme 1 → Acme 2",), environment={"GPU": "2"}),
    "version of Python": Pair(
        "python", "python_version", ("3.99.0",), host={"python_version": "3.99.0"}
    ),
    "machine": Pair("host", "hostname", ("another-machine",), host={"node": "another-machine"}),
    "option": Pair("option", "--capture", ("sys",), call={"options": {"--capture": "sys"}}),
}  # fmt: skip

#: Edits that do not change what the code does.
SAME_CODE = {
    "comment": {"train.py": ("OFFSET = 0.25", "OFFSET = 0.25  # of the loss")},
    "comment of an entry": {"train.py": ("# of the optimizer", "# of Adam")},
    "empty lines": {"lib/tools.py": ("def scale", "\n\n\ndef scale")},
    "quotation marks": {"train.py": ('"loss"', "'loss'")},
    "line breaks": {
        "train.py": ("[16, 32, 64]", "[\n        16,\n        32,\n        64,\n    ]")
    },
    "docstring": {"train.py": ("Return the sum of the steps.", "Sum up.")},
    "docstring of the script": {"train.py": ("Trains a model.", "Trains one.")},
    "merged imports": {"lib/metrics.py": ("import math\nimport cmath\n", "import math, cmath\n")},
    "parentheses": {"lib/deep/numbers.py": ("helper(x) * 2", "(helper(x)) * (2)")},
    "order of functions": {
        "lib/deep/numbers.py": (
            "def twice(x):\n    return helper(x) * 2\n\n\ndef helper(x):\n    return x\n",
            "def helper(x):\n    return x\n\n\ndef twice(x):\n    return helper(x) * 2\n",
        )
    },
    "number": {"lib/tools.py": ("LIMIT = 7", "LIMIT = 0x7")},
}
#: Calls that are made twice.
SAME_CALLS: list[dict[str, Any]] = [
    {},
    {"named_configs": ["fast"]},
    {"command_name": "evaluate"},
    {"config_updates": {"opt": {"lr": 0.7}}},
    {"config_updates": {"data": {"batch": 1}}},
    {"config_updates": {"label": None}},
    {"config_updates": {"ratio": float("nan")}},
    {"config_updates": {"layers": []}, "named_configs": ["fast"]},
    {"options": {"--capture": "sys"}},
    {"config_updates": {"options": {"deep": {"er": {"value": -1e300}}}}},
]
