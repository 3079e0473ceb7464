"""Time until a script in a git repository calls its main function, compared with Sacred.

It is measured without and with 150 local modules; the repository has uncommitted changes. The
scripts run alternately in separate processes. The output has medians and ratios of two times: from
the start of the process to the first line of the main function, and to the end of the process.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SCRIPT = """
import time
{imports}
from {package} import Experiment

ex = Experiment("project")


@ex.automain
def main():
    import sys
    sys.__stderr__.write("main=%r\\n" % time.time())
"""
MODULES = 150
ROUNDS = 9


def main() -> None:
    """Print both cases."""
    for title, modules, part, aim in (
        ("hello world in a repository", 0, "end", 0.5),
        (f"{MODULES} modules, to main", MODULES, "main", 0.3),
    ):
        with tempfile.TemporaryDirectory() as folder:
            projects = {p: _project(Path(folder), p, modules) for p in ("sacred", "sacred_core")}
            times: dict[str, list[float]] = {package: [] for package in projects}
            for number in range(ROUNDS + 1):
                for package, project in projects.items():
                    seconds = _seconds(project)[part]
                    if number:  # the first run compiles
                        times[package].append(seconds)
        theirs, ours = (statistics.median(times[p]) for p in ("sacred", "sacred_core"))
        print(f"{title:30} sacred {theirs:6.3f} s   sacred_core {ours:6.3f} s   "
              f"ratio {ours / theirs:.2f} (aim {aim})")  # fmt: skip


def _project(folder: Path, package: str, modules: int) -> Path:
    project = folder / package
    (project / "local").mkdir(parents=True)
    names = [f"module{number}" for number in range(modules)]
    for name in names:
        text = f"import json, os\n\n\ndef {name}(x):\n    return x\n" + "# text\n" * 50
        (project / "local" / f"{name}.py").write_text(text)
    imports = "\n".join(f"from local.{name} import {name}" for name in names)
    script = SCRIPT.format(package=package, imports=imports)
    (project / "script.py").write_text(script)
    (project / ".gitignore").write_text("runs\n__pycache__\n")
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "first"]):
        identity = ["-c", "user.name=T", "-c", "user.email=t@example.org"]
        subprocess.run(["git", *identity, *command], cwd=project, check=True)
    (project / "script.py").write_text(script + "# changed\n")
    return project


def _seconds(project: Path) -> dict[str, float]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    start = time.time()
    done = subprocess.run(
        [sys.executable, "script.py", "-F", "runs"],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    end = time.time()
    line = next(line for line in done.stderr.splitlines() if line.startswith("main="))
    return {"main": float(line[5:]) - start, "end": end - start}


if __name__ == "__main__":
    main()
