"""Write the pictures of the board, docs/pictures/board-*.png.

They show example runs, and the runs of docs/tutorial.md.

It needs Debian's packages chromium and chromium-driver, and from PyPI selenium and pillow:

.venv/bin/python tools/make_board_pictures.py [NAME...]
"""

import contextlib
import io
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import NamedTuple

from PIL import Image

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "plugins/sacred-board/tests/browser")]

from browsing import Browser  # noqa: E402
from running_board import RunningBoard  # noqa: E402

from sacred_core.observers import FileStorageObserver  # noqa: E402
from tools.board_examples import record_examples  # noqa: E402

FOLDER = ROOT / "docs/pictures"
_MOST_BYTES = 100_000
_COLORS = 256


class Picture(NamedTuple):
    """One picture.

    Attributes:
        path: Of the page.
        ready: A CSS selector of what the page has when it is complete.
        width, height: Of the page, in CSS pixels.
        scheme: "light" or "dark".
        script: JavaScript that is executed on the page first.
    """

    path: str
    ready: str
    width: int = 1180
    height: int = 700
    scheme: str = "light"
    script: str = ""


_SEEDS = "&".join(f"run=runs/{number}" for number in (4, 5, 6, 8, 9, 10, 11, 12, 13, 15, 16, 17))
PICTURES = {
    "runs": Picture("/?where=name+%3D+spirals", "tr[data-row]", height=640),
    "run": Picture("/run/runs/20", "[data-tab-content] svg", height=760),
    "compare": Picture(
        "/compare?run=runs/12&run=runs/19", ".chart canvas", height=940, script="scrollTo(0, 205)"
    ),
    "curves": Picture(
        f"/curves?{_SEEDS}&metric=val_loss&metric=val_accuracy&group=all-but+seed",
        ".chart canvas",
        height=540,
    ),
    "dark": Picture("/run/runs/17?tab=curves", ".chart canvas", height=760, scheme="dark"),
    "narrow": Picture("/", "tr[data-row]", width=400, height=760),
}
TUTORIAL_PICTURES = {
    "tutorial": Picture("/", "tr[data-row]", width=1000, height=345),
    "tutorial-curves": Picture(
        "/curves?run=my_runs/1&run=my_runs/2&run=my_runs/3", ".chart canvas", width=1000, height=560
    ),
}


def main(names: list[str]) -> None:
    """Write the pictures with these names, by default all."""
    for pictures, record in ((PICTURES, record_all), (TUTORIAL_PICTURES, record_tutorial)):
        if chosen := {name: pictures[name] for name in names or pictures if name in pictures}:
            write_pictures(chosen, record)


def write_pictures(pictures: Mapping[str, Picture], record: Callable[[], str]) -> None:
    """Write pictures of the runs in the folder that a function records and returns."""
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        board = RunningBoard(record())
        browser = Browser(scale=1.4)
        try:
            browser.wait(partial(has_loaded, browser, board))
            for name, picture in pictures.items():
                write_picture(browser, board, name, picture)
        finally:
            browser.quit()
            board.stop()


def record_all() -> str:
    """Record the example runs."""
    record_examples(
        lambda: FileStorageObserver("runs"), Path("files"), datetime.now(UTC),
        beat_interval=600.0,  # this may take some minutes
    )  # fmt: skip
    return "runs"


def record_tutorial() -> str:
    """Record the runs of the tutorial with its last script."""
    page = (ROOT / "docs/tutorial.md").read_text(encoding="utf-8")
    blocks = re.findall(r'^```python title="plants.py"\n((?:.*\n)*?)```$', page, re.MULTILINE)
    Path("plants.py").write_text(blocks[-1], encoding="utf-8")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    for command in re.findall(r"^\$ (python plants.py -F my_runs[^#\n]*)$", page, re.MULTILINE):
        subprocess.run(command, shell=True, check=True, env={**os.environ, "PATH": path})
    return "my_runs"


def has_loaded(browser: Browser, board: RunningBoard) -> bool:
    """Return whether the board has loaded all runs, so that pages have counts."""
    browser.get(board.url("/"))
    return not browser.find_all("[data-loading]")


def write_picture(browser: Browser, board: RunningBoard, name: str, picture: Picture) -> None:
    """Take one picture and write it with few colours."""
    browser.reset()
    browser.resize(picture.width, picture.height)
    browser.set_scheme(picture.scheme)
    browser.get(board.url(picture.path))
    browser.find(picture.ready)
    browser.wait_until_idle()
    if picture.script:
        browser.execute_script(picture.script)
        browser.wait_until_idle()
    image = Image.open(io.BytesIO(browser.get_screenshot_as_png())).convert("RGB")
    few = image.quantize(_COLORS, Image.Quantize.MAXCOVERAGE, kmeans=2, dither=Image.Dither.NONE)
    path = FOLDER / f"board-{name}.png"
    few.save(path, optimize=True)
    assert path.stat().st_size <= _MOST_BYTES, f"{path} has {path.stat().st_size:,} bytes"
    sys.stdout.write(f"{path.relative_to(ROOT)}: {path.stat().st_size:,} bytes\n")


if __name__ == "__main__":
    main(sys.argv[1:])
