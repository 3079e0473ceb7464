"""Programs that are recorded and run again, each with what it needs."""

import textwrap
from collections.abc import Mapping

import attrs

HEAD = "from sacred_core import Experiment\n"


@attrs.frozen(kw_only=True)
class Program:
    """A program.

    Attributes:
        files: Their contents by name.
        start: The arguments of Python.
        verdict: Of the rerun.
        step: The step at which metrics depart, where they do.
        python_path: The folder in PYTHONPATH.
        run: The id of the run, of a program that makes several and adds its own observer.
    """

    files: Mapping[str, str]
    start: tuple[str, ...] = ("train.py",)
    verdict: str = "identical"
    step: int | None = None
    run: int | None = None
    python_path: str | None = None


def script(text: str, **others: str) -> dict[str, str]:
    """Return the files of a program with the text of its script."""
    names = {name.replace("__", "/").replace("_dot_", "."): each for name, each in others.items()}
    texts = {"train.py": HEAD + textwrap.dedent(text)}
    return texts | {name: textwrap.dedent(each) for name, each in names.items()}


AUTOMAIN = """
    ex = Experiment("train")

    @ex.config
    def config():
        n = 4
        rate = 0.5
"""

PROGRAMS: dict[str, Program] = {
    "random": Program(
        files=script(f"""
    import random
    {AUTOMAIN}
    @ex.automain
    def main(n, rate, _run):
        for step in range(n):
            _run.log_scalar("loss", random.random() * rate, step)
        return random.random()
    """),
        start=("train.py", "with", "rate=0.125"),
    ),
    "numpy": Program(
        files=script(f"""
    import numpy as np
    {AUTOMAIN}
    @ex.automain
    def main(n, _run):
        for step in range(n):
            _run.log_scalar("norm", np.random.normal(size=3).sum(), step)
        return np.random.rand(3)
    """)
    ),
    "generator": Program(
        files=script(f"""
    {AUTOMAIN}
    @ex.capture
    def draw(_rnd):
        return _rnd.normal()

    @ex.automain
    def main(n, _rnd, _seed, _run):
        for step in range(n):
            _run.log_scalar("draw", draw(), step)
        return [float(_rnd.random()), _seed]
    """)
    ),
    "pandas": Program(
        files=script(f"""
    import numpy as np
    import pandas as pd
    {AUTOMAIN}
    @ex.automain
    def main(n):
        frame = pd.DataFrame(np.random.rand(n, 2), columns=["a", "b"])
        return frame.describe()
    """)
    ),
    "multi-process": Program(
        files=script(f"""
    import multiprocessing
    import random
    {AUTOMAIN}
    def work(seed):
        return random.Random(seed).random()

    @ex.main
    def main(n, seed, _run):
        with multiprocessing.get_context("spawn").Pool(2) as pool:
            for step, value in enumerate(pool.map(work, range(seed, seed + n))):
                _run.log_scalar("value", value, step)

    if __name__ == "__main__":
        ex.run_commandline()
    """)
    ),
    "artifact": Program(
        files=script(f"""
    import random
    import tempfile
    from pathlib import Path
    {AUTOMAIN}
    @ex.automain
    def main(n, _run):
        path = Path(tempfile.mkdtemp(), "weights.txt")
        path.write_text(str([random.random() for _ in range(n)]))
        _run.add_artifact(path)
    """)
    ),
    "resource": Program(
        files=script(
            f"""
    {AUTOMAIN}
    @ex.automain
    def main(_run):
        with ex.open_resource("data/numbers.txt") as file:
            for step, line in enumerate(file):
                _run.log_scalar("number", float(line), step)
    """,
            data__numbers_dot_txt="1.5\n2.5\n",
        )
    ),
    "written file": Program(
        files=script(f"""
    from pathlib import Path
    {AUTOMAIN}
    @ex.automain
    def main(n):
        Path("state.txt").write_text("a" * n)
        return len(Path("state.txt").read_text())
    """)
    ),
    "ingredient": Program(
        files=script(
            """
    from data import data, load
    ex = Experiment("train", ingredients=[data])

    @ex.automain
    def main(_run):
        for step, value in enumerate(load()):
            _run.log_scalar("value", value, step)
    """,
            data_dot_py="""
    from sacred_core import Ingredient
    data = Ingredient("data")

    @data.config
    def config():
        count = 3

    @data.capture
    def load(count, _rnd):
        return [float(_rnd.random()) for _ in range(count)]

    @data.command
    def stats(count, _run):
        _run.log_scalar("count", count)
        return count * 2
    """,
        ),
        start=("train.py", "with", "data.count=5"),
    ),
    "package": Program(
        files={
            "pkg/__init__.py": "SCALE = 3\n",
            "pkg/sub/__init__.py": "",
            "pkg/sub/model.py": "from .. import SCALE\ndef predict(x):\n    return SCALE * x\n",
            "pkg/sub/train.py": HEAD + "from pathlib import Path\nfrom .model import predict\n"
            "ex = Experiment('train', base_dir=Path(__file__).parents[2])\n"
            "@ex.automain\ndef main(seed):\n    return predict(seed)\n",
        },
        start=("-m", "pkg.sub.train", "with", "seed=7"),
    ),
    "module of a package": Program(
        files={
            "pkg/helper.py": "def double(x):\n    return 2 * x\n",
            "pkg/__main__.py": HEAD + "from .helper import double\nex = Experiment('train')\n"
            "@ex.automain\ndef main(seed):\n    return double(seed)\n",
        },
        start=("-m", "pkg"),
    ),
    "started by another script": Program(
        files=script(
            """
    from define import ex

    @ex.config
    def more(n):
        twice = 2 * n

    ex.run_commandline()
    """,
            define_dot_py="""
    from sacred_core import Experiment
    ex = Experiment("train")
    ex.add_config(n=4)

    @ex.main
    def main(n, twice):
        return [n, twice]
    """,
        ),
        start=("train.py", "with", "n=5"),
    ),
    "imported from a package": Program(
        files={
            "start.py": "from pkg.exp import ex\nex.run_commandline()\n",
            "pkg/model.py": "def predict(x):\n    return 3 * x\n",
            "pkg/exp.py": HEAD + "from .model import predict\nex = Experiment('train')\n"
            "@ex.main\ndef main(seed):\n    return predict(seed)\n",
        },
        start=("start.py", "with", "seed=7"),
    ),
    "module beside the folder": Program(
        files={
            "scripts/train.py": "import sys\nfrom pathlib import Path\n"
            + HEAD
            + "sys.path.append(str(Path(__file__).parents[1]))\n"
            "from lib.values import VALUE\n"
            "ex = Experiment('train')\nex.add_source_file(sys.modules['lib.values'].__file__)\n"
            "@ex.automain\ndef main():\n    return VALUE\n",
            "lib/values.py": "VALUE = 5\n",
        },
        start=("scripts/train.py",),
    ),
    "folder in PYTHONPATH": Program(
        files={
            "scripts/train.py": "from pathlib import Path\nfrom values import VALUE\n"
            + HEAD
            + "ex = Experiment('train', base_dir=Path(__file__).parents[1])\n"
            "@ex.automain\ndef main():\n    return VALUE\n",
            "libraries/first/values.py": "VALUE = 5\n",
        },
        start=("scripts/train.py",),
        python_path="libraries/first",
    ),
    "named config": Program(
        files=script(f"""
    {AUTOMAIN}
    @ex.named_config
    def large():
        n = 7
        model = {{"width": n * 2, "depth": 3}}

    @ex.automain
    def main(n, model, _run):
        for step in range(n):
            _run.log_scalar("width", model["width"] * step, step)
        return model
    """),
        start=("train.py", "with", "large", "rate=1"),
    ),
    "config file": Program(
        files=script(
            """
    ex = Experiment("train")
    ex.add_config("conf.json")

    @ex.automain
    def main(layers, rate):
        return [layer * rate for layer in layers]
    """,
            conf_dot_json='{"layers": [3, 4], "rate": 0.5}',
            more_dot_json='{"rate": 0.25}',
        ),
        start=("train.py", "with", "more.json"),
    ),
    "asynchronous": Program(
        files=script(f"""
    import asyncio
    import random
    from sacred_core.observers import FileStorageObserver
    {AUTOMAIN}
    ex.observers.append(FileStorageObserver("../runs"))

    @ex.main
    async def main(n, _run):
        for step in range(n):
            await asyncio.sleep(0)
            _run.log_scalar("loss", random.random(), step)

    async def run_twice():
        await ex.run()
        await ex.run()

    asyncio.run(run_twice())
    """),
        run=1,
    ),
    "scopes that draw": Program(
        files=script("""
    import os
    import random
    import time
    ex = Experiment("train")

    @ex.config
    def config():
        started = time.time()
        width = random.randint(0, 10**9)
        pair = (width, width)
        process = os.getpid()

    @ex.config_hook
    def adapt(config, command_name, logger):
        return {"hooked": random.random()}

    @ex.automain
    def main(started, width, pair, process, hooked):
        return [started, width, pair, process, hooked]
    """)
    ),
    "objects": Program(
        files=script("""
    from pathlib import Path

    class Rule:
        def __init__(self):
            self.power = 2

        def __call__(self, x):
            return x ** self.power

    ex = Experiment("train")
    ex.add_config(rule=Rule(), path=Path("a/b"), n=3)

    @ex.automain
    def main(rule, path, n):
        return [rule(n), path.name]
    """),
        start=("train.py", "with", "n=5"),
    ),
    "one of several runs": Program(
        files=script(f"""
    from sacred_core.observers import FileStorageObserver
    {AUTOMAIN}
    ex.observers.append(FileStorageObserver("../runs"))

    @ex.main
    def main(n, rate, _run):
        for step in range(n):
            _run.log_scalar("loss", LOADED * step, step)

    for number in (1, 2, 3):
        LOADED = number * 10
        run = ex.run(config_updates={{"n": number + 1}})
    """),
        run=2,
    ),
    "failure": Program(
        files=script(f"""
    {AUTOMAIN}
    @ex.automain
    def main(n, _run):
        _run.log_scalar("loss", n)
        raise ValueError("as always")
    """)
    ),
    "command of an ingredient": Program(files={}, start=("train.py", "data.stats")),
    "options": Program(
        files=script(f"""
    import sys
    {AUTOMAIN}
    @ex.automain
    def main(n, _run):
        print(sys.argv[1:])
        return [n, _run.experiment_info["name"], _run.capture_mode, _run.debug, sys.argv[1:3]]
    """),
        start=("train.py", "main", "with", "n=2", "--name=renamed", "--capture=sys", "-d", "-f"),
    ),
    "os.urandom": Program(
        files=script(f"""
    import os
    {AUTOMAIN}
    @ex.automain
    def main(n, _run):
        for step in range(n):
            _run.log_scalar("stable", 1.0, step)
            value = int.from_bytes(os.urandom(6), "big") if step == 2 else 0
            _run.log_scalar("loss", value, step)
    """),
        verdict="metrics",
        step=2,
    ),
    "time": Program(
        files=script(f"""
    import time
    {AUTOMAIN}
    @ex.automain
    def main(n, _run):
        for step in range(n):
            _run.log_scalar("loss", step if step < 3 else time.time(), step)
    """),
        verdict="metrics",
        step=3,
    ),
}
PROGRAMS["command of an ingredient"] = attrs.evolve(
    PROGRAMS["command of an ingredient"], files=PROGRAMS["ingredient"].files
)
