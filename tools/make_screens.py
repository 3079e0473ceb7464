"""Write docs/screens.md: the output of a script, from running it.

.venv/bin/python tools/make_screens.py
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

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

The output of a script. `tools/make_screens.py` generates this page.

The script:

```python
{script}```
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
    return "\n".join(page)


if __name__ == "__main__":
    (Path(__file__).parents[1] / "docs" / "screens.md").write_text(screens(), encoding="utf-8")
