"""Write the screens of pages: docs/screens.md, and those of ``sacred`` in other pages.

The first shows a script. The others show the command ``sacred`` in a folder with recorded runs:
each block of a page that begins with ``$ sacred`` gets what the command prints in a terminal.

.venv/bin/python tools/make_screens.py
"""

import contextlib
import hashlib
import io
import json
import os
import pty
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

from sacred_core.stores import open_store
from sacred_core.testing import EventDriver

SCRIPT = '''"""Train a model; this docstring is the help of the script."""

from sacred_core import Experiment

ex = Experiment("train")


@ex.config
def cfg():
    """Training parameters."""

    epochs = 10  # passes over the data
    optimizer = {"name": "adam", "rate": 0.001}
    # total number of steps
    steps = epochs * 100


@ex.named_config
def quick():
    """A short run for a first test."""
    epochs = 1


@ex.capture
def step(optimizer):
    return 1 / optimizer["rate"]


@ex.automain
def main(epochs, steps):
    """Train for some epochs."""
    print(f"{epochs} epochs, {steps} steps, {step():.0f}")
'''
SCREENS = (
    ("A run", ["with", "epochs=2", "seed=1", "-u"]),
    ("The help", ["--help"]),
    ("The configuration", ["print_config", "with", "quick", "optimizer.rate=1", "seed=1"]),
    ("Where each value comes from", ["print_config", "--origin", "with", "quick", "seed=1"]),
    ("Named configurations", ["print_named_configs"]),
    ("An error in an update", ["with", "optimizer.rat=1"]),
    ("An unknown entry", ["with", "epohcs=3"]),
    (
        "A failure: only the user's code in the traceback",
        ["with", "optimizer.rate=0", "seed=1", "-u"],
    ),
)
HEAD = """# Example screens

The output of a script in a pipe, and of `sacred` [in terminals of several widths](#widths).
`tools/make_screens.py` generates this page.

The script:

```python
{script}```
"""
WIDTHS = """## Widths

In a terminal, long cells are shortened, and the columns that do not fit are named. Wide characters
occupy two columns.
"""


def screens() -> str:
    """Run the script with each of the command lines and return the page."""
    page = [HEAD.format(script=SCRIPT)]
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "train.py").write_text(SCRIPT)
        for title, args in SCREENS:
            done = subprocess.run(
                [sys.executable, "train.py", *args],
                cwd=folder,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                env={"PATH": "", "PYTHONUNBUFFERED": "1"},
            )
            shown = re.sub(re.escape(folder) + r"/?", "", done.stdout).rstrip()
            shown = re.sub(r"/[\w./-]*?/(?=train\.py)", "", shown)
            page.append(
                f"## {title}\n\n```text\n$ python train.py {' '.join(args)}\n{shown}\n```\n"
            )
        narrow = script_in_terminal(Path(folder), ["--help"], 40)
    return "\n".join([*page, WIDTHS, *screens_of_widths(), narrow])


def script_in_terminal(folder: Path, args: list[str], width: int) -> str:
    """Run the script in a terminal of a width and return the block with what it prints."""
    main, terminal = pty.openpty()
    env = {"PATH": "", "COLUMNS": str(width), "NO_COLOR": "1"}
    command = [sys.executable, "train.py", *args]
    with subprocess.Popen(command, cwd=folder, stdout=terminal, stderr=terminal, env=env):
        os.close(terminal)
        parts = []
        with contextlib.suppress(OSError):  # the end
            while part := os.read(main, 4096):
                parts.append(part)
    os.close(main)
    shown = b"".join(parts).decode().replace("\r\n", "\n").rstrip()
    prompt = f"$ python train.py {' '.join(args)}  # {width} columns"
    return f"```text\n{prompt}\n{shown}\n```\n"


def screens_of_widths() -> Iterator[str]:
    """Yield blocks with tables of `sacred` in terminals of several widths."""
    now = datetime.now(UTC).replace(microsecond=0)
    with recorded_runs(now - timedelta(days=3)) as names:
        for number in range(3):
            record_wide_run(number, now - timedelta(days=3), names)
        for line, widths in (
            ("runs list results", (40, 80)),
            ("runs list images", (40, 80, 160)),
            ("runs list images --columns id,config.path,config.lr,metrics.精度.max", (40, 80)),
            ("runs list images --columns id,start_time,result --exact", (80,)),
            ("runs list results --group-by all-but seed", (40, 80, 160)),
            ("runs show images 1", (40, 160)),
        ):
            for width in widths:
                with mock.patch.dict(os.environ, {"COLUMNS": str(width)}):
                    first, prompt, rest = screen(line, now, names).split("\n", 2)
                yield f"{first}\n{prompt}  # {width} columns\n{rest}\n"


#: Pages with screens of ``sacred``.
PAGES = (
    "reading-runs.md", "damaged-runs.md", "copying-runs.md", "comparing-runs.md", "significance.md",
    "rerunning-runs.md", "why-runs-differ.md",
)  # fmt: skip
#: When the first run starts, in these pages; in fact it starts three days ago.
SHOWN = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
COLUMNS = 100
TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?= UTC)")
COMMAND = re.compile(r"^```text\n\$ sacred (.*)\n(?:.*\n)*?```$", re.MULTILINE)
CODE = "print('training')\n"
MODEL = """\
def decay(rate, step):
    return rate * 0.9**step
"""
#: A folder with runs of two optimizers, and their accuracies.
OPTIMIZERS = "optimizers"
ACCURACIES = {
    "adam": (0.912, 0.921, 0.908, 0.917, 0.915),
    "sgd": (0.910, 0.905, 0.916, 0.901, 0.911),
}
#: A script with a part that no seed determines.
NOISY = """\
import os
import random

from sacred_core import Experiment

ex = Experiment("noisy")


@ex.automain
def main(_run):
    for step in range(10):
        noise = int.from_bytes(os.urandom(4)) if step == 6 else 0
        _run.log_scalar("loss", random.random() + noise, step)
    return "trained"
"""
#: The digits of a value that is never the same, and what is shown.
NOISE = re.compile(r"(?<=loss, step 6: )(.*) recorded, (.*) now")
SHOWN_NOISE = "122.81158317 recorded, 31.81158317 now"
TRIAL = """\
import numpy

from model import decay


@ex.main
def main(optimizer, batch):
    return numpy.mean([decay(optimizer["rate"], step) for step in range(batch)])
"""
PATCH = """\
diff --git a/train.py b/train.py
--- a/train.py
+++ b/train.py
@@ -1 +1 @@
-print('train')
+print('training')
"""


class Terminal(io.StringIO):
    """Receives stdout and stderr."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        """Return what a terminal returns."""
        return True


class WithoutProgress(io.TextIOBase):
    """Writes stderr to a terminal, without progress bars, which are removed in the end."""

    encoding = "utf-8"

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal

    def write(self, text: str) -> int:
        """Write to the terminal."""
        return self._terminal.write(text)


class ScreenRun(EventDriver):
    """A run that ends when it should."""

    def __init__(self, observer: Any, end: datetime) -> None:
        super().__init__(observer)
        self._end_time = end

    def _now(self) -> datetime:
        return self._end_time


def fill(page: str) -> str:
    """Return a page with the output of the commands in it."""
    now = datetime.now(UTC).replace(microsecond=0)
    with recorded_runs(now - timedelta(days=3)) as names:
        if OPTIMIZERS in page:
            record_optimizers(now - timedelta(days=3))
        env = {"COLUMNS": str(COLUMNS), "NO_COLOR": "1"}
        with mock.patch.dict(os.environ, env):
            found = COMMAND.sub(lambda match: screen(match[1], now, names), page)
    return found


def screen(line: str, now: datetime, folder: str) -> str:
    """Run ``sacred`` and return the block with what it prints."""
    from sacred_core.cli.main import sacred

    if line.startswith("runs rerun"):
        return "\n".join(["```text", f"$ sacred {line}", rerun_screen(line, folder), "```"])
    terminal = Terminal()
    with (
        contextlib.redirect_stdout(terminal),
        contextlib.redirect_stderr(WithoutProgress(terminal)),
    ):
        sacred(shlex.split(line), prog_name="sacred", standalone_mode=False)
    shift = SHOWN - (now - timedelta(days=3))

    def shown_time(match: re.Match[str]) -> str:
        return str(datetime.fromisoformat(match[0]) + shift)

    text = TIME.sub(shown_time, terminal.getvalue()).replace(folder, "/home/ada").rstrip()
    lines = [each.rstrip() for each in text.splitlines()]
    return "\n".join(["```text", f"$ sacred {line}", *lines, "```"])


def rerun_screen(line: str, folder: str) -> str:
    """Return what ``sacred`` prints for a rerun of a script that was removed."""
    store = "reruns"
    if not Path(store).exists():
        record_noisy_scripts(store)
    words = ["-m", "sacred_core", *shlex.split(line.replace("my_runs", store))]
    done = subprocess.run(
        [sys.executable, *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    shown = done.stdout.replace(store, "my_runs").replace(os.path.realpath(folder), "/home/ada")
    shown = re.sub(r"(?<=Completed after )\S+", "0:00:00", shown)  # of a machine under load
    return NOISE.sub(SHOWN_NOISE, shown).rstrip()


def record_noisy_scripts(store: str) -> None:
    """Record a script without and with noise, and remove it."""
    for code in (NOISY.replace("step == 6", "step > 9"), NOISY):
        Path("noisy.py").write_text(code)
        command = [sys.executable, "noisy.py", "with", "seed=1", "-F", store]
        subprocess.run(command, check=True, capture_output=True)
    Path("noisy.py").unlink()
    for info in Path(store).glob("*/run.json"):  # they differ from machine to machine
        run = json.loads(info.read_text())
        run["host"], run["experiment"]["dependencies"] = {}, []
        info.write_text(json.dumps(run))


@contextlib.contextmanager
def recorded_runs(start: datetime) -> Iterator[str]:
    """Change to a folder with runs in ``results``, and a damaged one in ``my_runs``."""
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        Path("train.py").write_text(CODE)
        Path("out").mkdir()
        Path("out/model.txt").write_text("weights\n" * 1000)
        for number in range(7):
            record_run("results", number, start + number * timedelta(minutes=20), folder)
        for number in range(2):
            record_run("my_runs", number, start, folder)
        for number in range(2):
            record_changed_run("trials", number, start + number * timedelta(minutes=20), folder)
        copy_first_run("results", "sqlite:///other.db")
        Path("my_runs/2/config.json").write_text('{"lr": 0.')
        yield folder


def record_run(store: str, number: int, start: datetime, folder: str) -> None:
    """Record one of the runs; the last one of seven fails."""
    from sacred_core.observers import FileStorageObserver

    rate, seed = (0.1, 0.01, 10.0)[number // 3], number % 3
    is_failed = rate > 1
    end = start + timedelta(seconds=3 if is_failed else 724 - 3 * number)
    run = ScreenRun(FileStorageObserver(store), end)
    run.start(
        start_time=start,
        ex_info={
            "name": "mnist", "base_dir": folder, "mainfile": "train.py",
            "sources": [["train.py", hashlib.md5(CODE.encode()).hexdigest()]],
            "dependencies": ["numpy==2.4.1", "sacred-core==0.1.0"],
            "repositories": [
                {
                    "url": "https://example.org/mnist.git", "commit": "4b825dc", "dirty": True,
                    "patch": PATCH,
                }
            ],
        },
        host_info={
            "hostname": "node7", "os": ["Linux", "Debian 12"], "python_version": "3.11.7",
            "cpu": "AMD EPYC 7763",
        },
        config={"batch": 64, "lr": rate, "optimizer": {"name": "adam"}, "seed": seed},
        meta_info={
            "command": "main", "beat_interval": 10.0, "comment": "",
            "uid": f"{number + 1:032x}",
            "options": {"UPDATE": [f"lr={rate}", f"seed={seed}"], "--file_storage": store},
            "origins": {
                "command line": ["lr", "seed"],
                "scope config": ["batch", "optimizer.name"],
            },
        },
    )  # fmt: skip
    run.print(f"training with lr={rate}\n")
    if is_failed:
        trace = ["Traceback (most recent call last):\n", '  File "train.py", line 1, in main\n']
        run.beat()
        run.fail((*trace, "OverflowError: the loss is not finite\n"))
        return
    shape = [round((1 + seed / 20) * 0.97**step + rate / 5, 5) for step in range(200)]
    run.log_together({"loss": shape, "accuracy": [round(1 - each / 2, 5) for each in shape]})
    run.artifact("model.txt", "out/model.txt", metadata={}, content_type="text/plain")
    run.print("done\n")
    run.beat()
    run.complete(result=round(0.98 - rate - seed / 1000, 4))


def record_changed_run(store: str, number: int, start: datetime, folder: str) -> None:
    """Record one of two runs, between which code, a package and an entry were changed."""
    from sacred_core.observers import FileStorageObserver

    Path("model.py").write_text(MODEL.replace("0.9", ("0.9", "0.95")[number]))
    Path("trial.py").write_text(TRIAL)
    sources = [
        [name, hashlib.md5(Path(name).read_bytes()).hexdigest()]
        for name in ("model.py", "trial.py")
    ]
    run = ScreenRun(FileStorageObserver(store), start + timedelta(seconds=724 + number))
    run.start(
        start_time=start,
        ex_info={
            "name": "mnist", "base_dir": folder, "mainfile": "trial.py", "sources": sources,
            "dependencies": [f"numpy==2.4.{number}", "sacred-core==0.1.0"],
            "captured": [["trial.py", "main", ["optimizer", "batch"]]],
        },
        host_info={"hostname": "node7", "threads": {"processors": 8, "torch": 8 - 4 * number}},
        config={"batch": 64, "optimizer": {"rate": 0.1 - 0.05 * number}, "seed": 7},
        meta_info={
            "command": "main", "uid": f"{number + 200:032x}", "options": {},
            "origins": {
                "scope config": ["batch", *(["optimizer.rate"] if number == 0 else [])],
                "command line": ["seed", *(["optimizer.rate"] if number else [])],
            },
        },
    )  # fmt: skip
    run.print(
        f'INFO - mnist - Started run with ID "{number + 1}"\nloss {0.031 - number / 100:.3f}\n'
    )
    first = 20
    rate = 0.97 - number / 100
    loss = [round(0.97**step * (1 if step < first else rate), 5) for step in range(100)]
    run.log("loss", loss)
    run.beat()
    run.complete(result=round(0.97 + number / 100, 2))


def copy_first_run(source: str, target: str) -> None:
    """Copy the first run, and add a note to the copy."""
    from sacred_core.stores.annotations import Annotation
    from sacred_core.stores.opening import open_target
    from sacred_core.transfer.copying import Target, copy_run

    runs, copies = open_store(source), Target(open_target(target))
    copied = copy_run(runs, runs.get(1), copies)
    note = Annotation(time=SHOWN, user="ada", note="the best rate so far")
    copies.store.annotate(copied.target_id, note)


def record_optimizers(start: datetime) -> None:
    """Record runs of two optimizers with several seeds, the last of which fails."""
    from sacred_core.observers import FileStorageObserver

    for optimizer, accuracies in ACCURACIES.items():
        for seed, accuracy in enumerate((*accuracies, None) if optimizer == "sgd" else accuracies):
            run = ScreenRun(FileStorageObserver(OPTIMIZERS), start + timedelta(minutes=5))
            run.start(
                start_time=start + timedelta(minutes=seed),
                ex_info={"name": "mnist", "base_dir": ".", "mainfile": "train.py", "sources": []},
                config={"optimizer": optimizer, "seed": seed},
            )
            if accuracy is None:
                run.fail(("ValueError: the loss is not finite\n",))
            else:
                run.log("accuracy", [0.5, accuracy])
                run.beat()
                run.complete(result=accuracy)


def record_wide_run(number: int, start: datetime, folder: str) -> None:
    """Record a run with wide characters and long values in ``images``."""
    from sacred_core.observers import FileStorageObserver

    end = start + timedelta(seconds=95 + number)
    run = ScreenRun(FileStorageObserver("images"), end)
    run.start(
        start_time=start,
        ex_info={"name": "画像分類", "base_dir": folder, "mainfile": "train.py", "sources": []},
        host_info={"hostname": "node7"},
        config={
            "path": f"/data/画像/2026/雪の結晶/part-{number}/train",
            "lr": 0.001 + number * 1e-7,
            "augment": [["flip", 0.5], ["crop", 32 + number], ["noise 🔬", 0.1]],
        },
        meta_info={"command": "main", "uid": f"{number + 100:032x}", "options": {}},
    )
    run.log_together({"損失": [1 / 3, 0.125], "精度": [0.5, 0.912345 + number / 100]})
    run.beat()
    run.complete(result=0.912345 + number / 100)


if __name__ == "__main__":
    docs = Path(__file__).parents[1] / "docs"
    (docs / "screens.md").write_text(screens(), encoding="utf-8")
    for name in PAGES:
        page = docs / name
        page.write_text(fill(page.read_text(encoding="utf-8")), encoding="utf-8")
