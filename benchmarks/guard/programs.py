"""The short programs whose cost is compared with stored counts."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_HEAD = """
from sacred_core import Experiment

ex = Experiment("guard")
"""
_HELLO = """
@ex.config
def config():
    recipient = "world"


@ex.automain
def main(recipient):
    return f"Hello {recipient}!"
"""
_MAIN = """
@ex.automain
def main(_run):
"""
#: A heartbeat never comes in the middle: its work would depend on the speed of the machine.
_RECORDED = ("-F", "runs", "-l", "ERROR", "--beat-interval", "100000")


@dataclass(frozen=True)
class Program:
    """A script and how it is called.

    Attributes:
        source: The script.
        arguments: Of the script.
        prepare: Changes the working directory before the call, which contains ``script.py``.
        command: What is called instead of the script.
    """

    source: str
    arguments: Sequence[str] = _RECORDED
    prepare: Callable[[Path], None] = field(default=lambda folder: None)
    command: Sequence[str | Path] = ("script.py",)

    def write(self, folder: Path) -> list[str]:
        """Write what the program needs into an empty folder, and return the command."""
        (folder / "script.py").write_text(self.source)
        self.prepare(folder)
        return [sys.executable, *map(str, self.command), *self.arguments]


def _create_repository(folder: Path) -> None:
    identity = ("-c", "user.name=guard", "-c", "user.email=guard@localhost")
    for arguments in (
        ("init", "-q"),
        ("add", "script.py"),
        ("commit", "-q", "--no-gpg-sign", "-m", "Add a script"),
    ):
        subprocess.run(["git", *identity, *arguments], cwd=folder, check=True)


def _record_runs(count: int) -> Callable[[Path], None]:
    """Return a function that records a run and copies it until there are ``count``."""

    def prepare(folder: Path) -> None:
        hello = folder / "hello.py"
        hello.write_text(_HEAD + _HELLO)
        command = [sys.executable, hello.name, *_RECORDED]
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
        for number in range(2, count + 1):
            shutil.copytree(folder / "runs" / "1", folder / "runs" / str(number))

    return prepare


PROGRAMS = {
    "import": Program("from sacred_core import Experiment\n", ()),
    "hello world": Program(_HEAD + _HELLO),
    "hello world in a git repository": Program(_HEAD + _HELLO, prepare=_create_repository),
    "print_config": Program(_HEAD + _HELLO, ("print_config",)),
    "200 entries": Program(
        _HEAD
        + "@ex.config\ndef config():\n"
        + "".join(f"    entry_{number} = {number}\n" for number in range(200))
        + _MAIN
        + "    pass\n"
    ),
    "1,000 captured calls": Program(
        _HEAD
        + "ex.add_config(a=1, b=2)\n"
        + "@ex.capture\ndef add(a, b, c):\n    return a + b + c\n"
        + _MAIN
        + "    for number in range(1_000):\n        add(c=number)\n"
    ),
    "10,000 points": Program(
        _HEAD
        + _MAIN
        + "    for step in range(10_000):\n        _run.log_scalar('loss', step * 0.5, step)\n"
    ),
    **{
        f"10,000 lines in mode {mode}": Program(
            _HEAD + _MAIN + "    for number in range(10_000):\n        print('line', number)\n",
            (*_RECORDED, "--capture", mode),
        )
        for mode in ("fd", "sys")
    },
    "100 artifacts": Program(
        _HEAD
        + _MAIN
        + "    open('file.txt', 'w').write('content')\n"
        + "    for number in range(100):\n"
        + "        _run.add_artifact('file.txt', name=f'file{number}.txt')\n"
    ),
    "20 runs in a loop": Program(
        _HEAD
        + "from sacred_core.observers import FileStorageObserver\n"
        + "ex.observers.append(FileStorageObserver('runs'))\n"
        + "@ex.main\ndef main():\n    pass\n"
        + "for number in range(20):\n"
        + "    ex.run(options={'--loglevel': 'ERROR', '--beat_interval': 100000})\n",
        (),
    ),
    "run number 1,001": Program(_HEAD + _HELLO, prepare=_record_runs(1_000)),
    "sacred runs list of 200 runs": Program(
        "",
        ("runs", "list", "runs"),
        prepare=_record_runs(200),
        command=(Path(sys.executable).with_name("sacred"),),
    ),
}
