"""Tests of the viewer with files as NumPy writes them."""

import struct
from pathlib import Path

import pytest
from example_npy import describe, show_array
from sacred_board import RunView

from sacred_core import Experiment, open_store
from sacred_core.observers import FileStorageObserver
from sacred_core.testing import PluginContract


class TestPlugin(PluginContract):
    distribution = "example-npy"


def npy(type_name: str, shape: tuple[int, ...], data: bytes, version: int = 1) -> bytes:
    """Return the content of a file in a version of the format."""
    header = f"{{'descr': '{type_name}', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    length = struct.pack("<H" if version == 1 else "<I", len(header))
    return b"\x93NUMPY" + bytes([version, 0]) + length + header + data


@pytest.mark.parametrize(
    ("content", "shown"),
    [
        (
            npy("<f8", (2, 1), struct.pack("<2d", 0.5, -3)),
            "shape: (2, 1)\ntype: <f8\nbegins with: 0.5, -3",
        ),
        (
            npy(">i2", (2,), struct.pack(">2h", 1, 256), version=2),
            "shape: (2,)\ntype: >i2\nbegins with: 1, 256",
        ),
        (npy("<U3", (1,), b"a\0\0\0"), "shape: (1,)\ntype: <U3"),
        (npy("<f4", (0,), b""), "shape: (0,)\ntype: <f4"),
        (b"\x93NUMPY\x01\x00\x04\x00{[}\n", None),
        (b"\x93NUMPY", None),
        (b"other", None),
    ],
)
def test_an_array_is_described(content: bytes, shown: str | None) -> None:
    """Other files, and those with a damaged header, are left to other viewers."""
    assert describe(content) == shown


def test_at_most_20_numbers_are_shown() -> None:
    """Large arrays are cut."""
    shown = describe(npy("|u1", (1000,), bytes(1000)))
    assert shown is not None and shown.count(", 0") == 19


def test_the_board_gives_the_file_of_a_run(tmp_path: Path) -> None:
    """Artifacts that end in .npy are shown, and others are not."""
    ex = Experiment("arrays", save_git_info=False)
    ex.observers.append(FileStorageObserver(tmp_path / "runs"))

    @ex.main
    def main() -> None:
        for name in ("array.npy", "array.bin"):
            (tmp_path / name).write_bytes(npy("|u1", (1,), b"\7"))
            ex.add_artifact(tmp_path / name)

    run_id = ex.run()._id
    store = open_store(tmp_path / "runs")
    view = RunView(run=store.get(run_id), store=store, path=f"/run/runs/{run_id}")
    file = view.file("artifact", "array.npy")
    assert file.content_type == "application/octet-stream"
    assert show_array(file) == "shape: (1,)\ntype: |u1\nbegins with: 7"
    assert show_array(view.file("artifact", "array.bin")) is None
