"""Tests of runs in several threads that all record in the mode ``fd``, in their own process."""

import re
import sys
from pathlib import Path
from typing import Any

import pytest

from sacred_core.testing.effort import examples

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="descriptors are recorded on POSIX")

MODE = "fd"
#: How often the threads start runs together.
TRIES = examples(5, 20)

THREADS = """
    import gc

    class Log(RunObserver):
        def started_event(self, config):
            self.text, self.number = "", config["number"]

        def output_event(self, text, offset):
            self.text = self.text[:offset] + text

        def join(self):
            logs.setdefault(self.number, []).append(self.text)

    def expected(number):
        return "".join(f"run {number} line {line}\\n" for line in range(LINES))

    def descriptors():
        return [(each.st_dev, each.st_ino) for each in map(os.fstat, (0, 1, 2))]

    def open_count():
        gc.collect()
        return len(os.listdir("/proc/self/fd"))

    LINES = 20
    logs = {}
    inner = Experiment("inner", save_git_info=False)
    inner.add_config(number=0)
    inner.observers.append(Log())

    @inner.main
    def work(number):
        for line in range(LINES):
            print(f"run {number} line {line}")

    def run(number, barrier):
        barrier.wait()
        inner.run(config_updates={"number": number}, options={"-l": "ERROR", "-b": 0.01})

    def together(count):
        barrier = threading.Barrier(count)
        threads = [threading.Thread(target=run, args=(n, barrier)) for n in range(count)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
"""


def started(scripts: Any, ending: str) -> Any:
    """Run a script that is no run itself: its threads start the runs."""
    scripts.write(THREADS)
    path: Path = scripts.folder / "script.py"
    head = path.read_text().replace("@ex.automain\ndef main(_run):\n", "if True:\n")
    indented = "".join(f"    {line}\n" for line in ending.splitlines())
    path.write_text(head + indented)
    return scripts.execute([sys.executable, "script.py"])


@pytest.mark.parametrize("count", [2, 4, 8])
def test_runs_in_threads_lose_nothing(scripts: Any, count: int) -> None:
    """Each line is shown once and is in the record of its run; the descriptors are as before."""
    done = started(
        scripts,
        f"""
before = descriptors(), sys.stdout, sys.stderr
for attempt in range({TRIES}):
    logs.clear()
    together({count})
    for number in range({count}):
        assert logs[number] == [expected(number)], (attempt, number, logs[number])
    after = descriptors(), sys.stdout, sys.stderr
    assert after == before, (attempt, before, after)
    if attempt == 0:
        opened = open_count()
assert open_count() <= opened + 8, opened  # `current_run` still has its spools
print("the end")
""",
    )
    assert done.stdout.endswith(b"the end\n"), done.stderr.decode()
    # `print` writes a line and its end separately: those of two threads may mix.
    lines = re.findall(r"run \d+ line \d+", done.stdout.decode())
    wanted = [f"run {n} line {k}" for n in range(count) for k in range(20)] * TRIES
    assert sorted(lines) == sorted(wanted)
    assert done.stdout.count(b"\n") == len(wanted) + 1
    assert done.stderr == b""
    assert scripts.followers() == []


def test_a_run_that_cannot_start_releases_the_descriptors(scripts: Any) -> None:
    """The next run records descriptors again."""
    done = started(
        scripts,
        """
class Broken(RunObserver):
    def started_event(self):
        raise OSError("no room")

inner.observers.append(Broken())
before = descriptors()
try:
    inner.run(config_updates={"number": 1}, options={"-l": "CRITICAL"})
except Exception as error:
    print(type(error).__name__)
assert descriptors() == before
inner.observers.pop()

@inner.command
def children(number):
    os.system("echo child")

inner.run("children", config_updates={"number": 2}, options={"-l": "ERROR"})
assert logs[2] == ["child\\n"], logs
assert descriptors() == before
""",
    )
    assert done.stdout == b"ObserverStartError\nchild\n", done.stderr
    assert scripts.followers() == []


def test_a_later_run_does_not_record_an_earlier_one(scripts: Any) -> None:
    """A run that takes the descriptors while another records Python's streams gets its own text."""
    done = started(
        scripts,
        """
first_works, second_works, third_printed = (threading.Event() for _ in range(3))

@inner.command
def first(number):
    print("first")
    first_works.set()
    assert second_works.wait(30)

@inner.command
def second(number):
    print("second begins")
    second_works.set()
    assert third_printed.wait(30)
    print("second ends")

@inner.command
def third(number):
    os.system("echo child of the third")
    print("third begins")
    third_printed.set()
    two.join()
    print("third ends")

def start(name, number):
    inner.run(name, config_updates={"number": number}, options={"-l": "ERROR"})

one = threading.Thread(target=start, args=("first", 1))
one.start()
assert first_works.wait(30)
two = threading.Thread(target=start, args=("second", 2))
two.start()
one.join()
start("third", 3)
assert logs == {
    1: ["first\\n"],
    2: ["second begins\\nsecond ends\\n"],
    3: ["child of the third\\nthird begins\\nthird ends\\n"],
}, logs
""",
    )
    assert sorted(done.stdout.decode().splitlines()) == [
        "child of the third", "first", "second begins", "second ends", "third begins", "third ends",
    ], done.stderr  # fmt: skip
    assert scripts.followers() == []
