"""Write docs/screens.md: what a script shows, made by running it.

.venv/bin/python tools/make_screens.py
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

SCRIPT = '''"""Train a model; this text is the help of the script."""

from sacred_core import Experiment

ex = Experiment("train")


@ex.config
def cfg():
    """How the model is trained."""

    epochs = 10  # how often the data is seen
    optimizer = {"name": "adam", "rate": 0.001}
    # of all epochs together
    steps = epochs * 100


@ex.named_config
def quick():
    """A run to see whether it works."""
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
    ("A mistake", ["with", "optimizer.rat=1"]),
    ("Another mistake", ["with", "epohcs=3"]),
    ("A failure: only the user's lines are shown", ["with", "optimizer.rate=0", "seed=1", "-u"]),
)
HEAD = """# Screens

What a script shows, as text. This page is made by `tools/make_screens.py`.

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
