"""Tests that every code block of every page is executed, and prints what the page shows."""

import difflib
from pathlib import Path

import pytest

from .pages import ROOT, load_tool

tool = load_tool("run_page")
PAGES = sorted(path for pattern in tool["PAGES"] for path in ROOT.glob(pattern))
TEXTS = {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in PAGES}
#: Pages with blocks that are run here.
EXECUTED = [
    name
    for name, text in TEXTS.items()
    if {block.kind for block in tool["blocks"](text)} - {"run by", "not run"}
]
#: The number of blocks that cannot be executed in CI, by page; each has a reason on its page.
NOT_RUN = {
    "CONTRIBUTING.md": 2,
    "README.md": 1,
    "docs/board.md": 2,
    "docs/clusters.md": 4,
    "docs/command-line.md": 1,
    "docs/delivery.md": 1,
    "docs/from-mlflow.md": 3,
    "docs/from-wandb.md": 3,
    "docs/parallel-jobs.md": 2,
    "docs/reading-runs.md": 1,
    "docs/resuming-runs.md": 1,
    "docs/write-a-plugin.md": 1,
    "plugins/sacred-dask/README.md": 2,
    "plugins/sacred-file/README.md": 1,
    "plugins/sacred-gcs/README.md": 2,
    "plugins/sacred-ray/README.md": 2,
    "plugins/sacred-s3/README.md": 1,
    "plugins/sacred-slurm/README.md": 1,
    "plugins/sacred-tensorflow/README.md": 1,
}


@pytest.mark.parametrize("name", EXECUTED)
def test_a_page_prints_what_it_shows(name: str) -> None:
    """Each command and block is executed without an error, and its output is that of the page."""
    text = TEXTS[name]
    filled, _ = tool["follow"](text, is_fast=True)
    lines = difflib.unified_diff(text.splitlines(), filled.splitlines(), name, "found", n=1)
    assert filled == text, "\n".join([f"update with: tools/run_page.py {name} --write", *lines])


def test_the_blocks_that_are_not_run_are_counted() -> None:
    """A block without execution is an exception with a reason, which `NOT_RUN` counts."""
    counts = {name: [block.kind for block in tool["blocks"](text)] for name, text in TEXTS.items()}
    found = {name: kinds.count("not run") for name, kinds in counts.items() if "not run" in kinds}
    assert found == NOT_RUN, tool["count"](PAGES)
    assert not any("unknown" in kinds for kinds in counts.values()), tool["count"](PAGES)


def test_blocks_are_run_by_files_that_name_their_page() -> None:
    """The file that runs a block in place of this test exists, and contains the page's name."""
    for name, text in TEXTS.items():
        for block in tool["blocks"](text):
            if block.runner:
                assert Path(name).name in (ROOT / block.runner).read_text(encoding="utf-8")
