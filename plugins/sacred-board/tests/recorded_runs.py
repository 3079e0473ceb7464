"""A store with runs that have everything that the page of a run shows."""

import json
import struct
import sys
import zlib
from pathlib import Path

from sacred_core import Experiment
from sacred_core.observers import FileStorageObserver
from sacred_core.stores import open_store
from sacred_core.stores.annotations import Annotation

#: Content of artifacts by name.
ARTIFACTS = {
    "confusion.json": json.dumps({"labels": ["cat", "dog"], "counts": [[5, 1], [2, 7]]}).encode(),
    "evil.html": b"<script>document.title = 'evil'</script>",
    "evil.svg": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "folder/notes é.txt": b"first line\nsecond <b>line</b>\n",
    "image.png": b"",
    "model.bin": bytes(range(256)) * 1000,
    "points.csv": b"epoch,loss,name\n1,0.5,<i>a</i>\n2,0.25,b\n",
    "train.log": b"a log\n",
}


def png(width: int = 2, height: int = 2) -> bytes:
    """Return a small image."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        checksum = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = (b"\0" + b"\xff\0\0" * width) * height
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def record_runs(folder: Path) -> Path:
    """Record three runs: one with everything, one that failed, and one without anything.

    Args:
        folder: Of files that are recorded, and of the store.

    Returns:
        The store, a folder.
    """
    store = folder / "runs"
    (folder / "resource.txt").write_text("a resource\n")
    for fail in (False, True):
        ex = _experiment(folder)
        ex.observers.append(FileStorageObserver(store))
        try:
            ex.run(config_updates={"lr": 0.02, "fail": fail}, named_configs=["small"])
        except ValueError:
            assert fail
    empty = Experiment("empty", save_git_info=False)
    empty.main(lambda: None)
    empty.observers.append(FileStorageObserver(store))
    empty.run()
    note = Annotation(
        time=open_store(store).get(1).stop_time, user="ada", note="a <b>note</b>\nof two lines",
        added=("baseline", "two words"),
    )  # fmt: skip
    open_store(store).annotate(1, note)
    return store


def _experiment(folder: Path) -> Experiment:
    ex = Experiment("train <net>", save_git_info=False)
    ex.add_config(
        lr=0.1, layers=[{"size": 128}, {"size": 10}], fail=False, api_token="sk-secret-12345",
        optimizer={"name": "adam", "betas": [0.9, 0.999]}, script="<script>alert(1)</script>",
    )  # fmt: skip
    ex.add_named_config("small", {"optimizer": {"name": "sgd"}})

    @ex.main
    def main(_run, fail):
        print("\x1b[31mred\x1b[0m <b>output</b>")
        sys.stdout.write("10%\r100%\n")
        for step in range(50):
            _run.log_scalar("loss", 1 / (step + 1), step)
        for name, content in ARTIFACTS.items():
            path = folder / "artifacts" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content or png())
            _run.add_artifact(path, name, metadata={"epoch": 3})
        _run.open_resource(folder / "resource.txt").close()
        _run.info["best"] = {"epoch": 4}
        if fail:
            raise ValueError("the loss is <not> finite")
        return {"accuracy": 0.9876}

    return ex
