"""Costs that must not grow with the amount of data of a run, compared with Sacred if possible.

Each case is a separate process. The output has medians and ratios.
"""

import statistics
import tempfile
import time
from pathlib import Path

from scripts import run_script

ROUNDS = 3
HEAD = """
import os, resource, sys, time
from {package} import Experiment, SETTINGS

SETTINGS.CAPTURE_MODE = "{mode}"
SETTINGS.DEFAULT_BEAT_INTERVAL = 0.2
ex = Experiment("bench", save_git_info=False)


def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def report(name, value):
    sys.__stderr__.write("%s=%s\\n" % (name, value))


@ex.automain
def main(_run):
"""
LINES = """
    for i in range(1_000_000):
        print("line", i)
    report("value", peak())
"""
POINTS = """
    before = peak()
    for i in range(1_000_000):
        _run.log_scalar("loss", i * 0.5, i)
    time.sleep(1)
    report("value", peak() - before)
"""
ARTIFACTS = """
    open("file.txt", "w").write("content")
    start = time.perf_counter()
    for i in range(1_000):
        _run.add_artifact("file.txt", name="file%d.txt" % i)
    report("value", time.perf_counter() - start)
"""
BEATS = """
    def written():
        return int(open("/proc/self/io").read().split("wchar: ")[1].split()[0])

    observer, lifecycle = _run.observers[0], _run.lifecycle
    lifecycle._beats.stop()
    for stored in (1_000, 300_000):
        for i in range(len(steps) if (steps := globals().setdefault("steps", [])) else 0, stored):
            _run.log_scalar("loss", i * 0.5, i)
            steps.append(i)
        lifecycle.beat()
        costs = []
        before = written()
        for n in range(20):
            for i in range(100):
                _run.log_scalar("loss", i * 0.5, i)
            start = time.perf_counter()
            lifecycle.beat()
            costs.append(time.perf_counter() - start)
        report("seconds%d" % stored, sorted(costs)[10])
        report("bytes%d" % stored, (written() - before) / 20)
"""

INFO = """
    lifecycle = _run.lifecycle
    lifecycle._beats.stop()
    for name in ("changed", "unchanged"):
        costs = []
        for n in range(5):
            if name == "changed":
                _run.info["n"] = n
                _run.info.update({str(i): {"a": i, "b": [1, 2.5, "c"]} for i in range(20_000)})
            start = time.process_time()
            lifecycle.beat()
            costs.append(time.process_time() - start)
        report(name, sorted(costs)[2])
"""


def main() -> None:
    """Print all cases."""
    mine, theirs = "sacred_core", "sacred"
    for mode in ("sys", "fd"):
        without = _median(mine, "no", LINES)
        _report(f"peak memory of a million lines, {mode}", _median(mine, mode, LINES), without, 1.3)
    _report("memory growth of a million points", _median(mine, "no", POINTS),
            _median(theirs, "no", POINTS), 0.1)  # fmt: skip
    _report(
        "1,000 artifacts", _median(mine, "no", ARTIFACTS), _median(theirs, "no", ARTIFACTS), 0.6
    )
    beats = _measured(mine, "no", BEATS)
    for what in ("seconds", "bytes"):
        title = f"{what} of a beat, 300,000 stored points to 1,000"
        _report(title, beats[f"{what}300000"], beats[f"{what}1000"], 1.0)
    info = _measured(mine, "no", INFO)
    _report("a beat with a large unchanged info", info["unchanged"], info["changed"], 0.2)
    _report("the 10,001st run to the 11th", _nth_run(10_000), _nth_run(10), 1.0)


def _report(title: str, ours: float, other: float, aim: float) -> None:
    print(f"{title:50} {ours:14.6g} to {other:14.6g}   ratio {ours / other:.2f} (aim {aim})")


def _median(package: str, mode: str, body: str) -> float:
    return statistics.median(_measured(package, mode, body)["value"] for _ in range(ROUNDS))


def _measured(package: str, mode: str, body: str) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "script.py").write_text(HEAD.format(package=package, mode=mode) + body)
        output = run_script(folder)
    pairs = (line.split("=") for line in output.splitlines() if "=" in line)
    return {name: float(value) for name, value in pairs}


def _nth_run(already: int) -> float:
    body = HEAD.format(package="sacred_core", mode="no") + "    pass\n"
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "script.py").write_text(body)
        run_script(folder)
        one = Path(folder) / "runs" / "1"
        for number in range(2, already + 1):
            other = one.with_name(str(number))
            other.mkdir()
            (other / "run.json").write_bytes((one / "run.json").read_bytes())
        seconds = []
        for _ in range(2 * ROUNDS + 1):
            start = time.perf_counter()
            run_script(folder)
            seconds.append(time.perf_counter() - start)
        return statistics.median(seconds[1:])


if __name__ == "__main__":
    main()
