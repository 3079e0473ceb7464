"""A run that has everything that a run can have."""

import hashlib
from pathlib import Path
from typing import Any

from sacred_core.testing import EventDriver

UID = "a" * 32
COMMIT = "c" * 40
PATCH = "diff --git a/x b/x\n"


def start_rich_run(observer: Any, folder: Path, uid: str = UID, **fields: Any) -> EventDriver:
    """Start a run with sources and uncommitted changes."""
    code = folder / "code"
    code.mkdir(exist_ok=True)
    (code / "main.py").write_text("x = 1\n")
    driver = EventDriver(observer)
    driver.start(
        ex_info={
            "name": "rich",
            "base_dir": str(code),
            "sources": [["main.py", md5(b"x = 1\n")]],
            "dependencies": ["numpy==2.0"],
            "repositories": [{"url": "u", "commit": COMMIT, "dirty": True, "patch": PATCH}],
        },
        meta_info={"command": "main", "uid": uid, "beat_interval": 10.0},
        **fields,
    )
    return driver


def add_content(driver: EventDriver, folder: Path) -> None:
    """Add output, points, files, a note and more code."""
    driver.print("printed ä\n")
    driver.log("loss", [1.0, float("nan"), 3])
    driver.log("accuracy", list(range(2_500)))
    driver.beat(info={"a": [1, {"b": None}]})
    data = folder / "data.bin"
    data.write_bytes(bytes(range(256)))
    driver.artifact("in/data.bin", str(data), metadata={"k": 1}, content_type="x/y")
    driver.resource(str(data))
    (folder / "code" / "later.py").write_text("y = 2\n")
    driver.code(str(folder / "code"), [["later.py", md5(b"y = 2\n")]], ["pandas==3.0"])
    driver.annotate("a note", added=["good"])
    driver.beat(info={"a": 2})


def record_rich_run(observer: Any, folder: Path, uid: str = UID, **fields: Any) -> EventDriver:
    """Record a run that completes."""
    driver = start_rich_run(observer, folder, uid, **fields)
    add_content(driver, folder)
    driver.complete(result=5)
    return driver


def md5(content: bytes) -> str:
    """Return a digest in hexadecimal."""
    return hashlib.md5(content, usedforsecurity=False).hexdigest()
