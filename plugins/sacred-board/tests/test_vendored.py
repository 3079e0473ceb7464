"""Tests of the files of other projects."""

import hashlib
import re
from pathlib import Path

import sacred_board

FOLDER = Path(sacred_board.__file__).parent / "static" / "vendor" / "uplot"


def test_uplot_is_the_released_one() -> None:
    """Each file of uPlot has the digest that is noted, and its license is beside it."""
    text = (FOLDER / "README.md").read_text()
    noted = dict(re.findall(r"^\| `([^`]+)` \|.*`([0-9a-f]{64})` \|$", text, re.MULTILINE))
    files = {path.name: path for path in FOLDER.iterdir() if path.name != "README.md"}
    assert noted == {
        name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files.items()
    }
    assert {"LICENSE", "uPlot.iife.min.js", "uPlot.min.css"} == set(noted)
    (version,) = set(
        re.findall(r"uPlot \(?v?([0-9.]+)", text + files["uPlot.iife.min.js"].read_text()[:100])
    )
    assert version == "1.6.32"
