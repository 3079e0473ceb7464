"""The program of the rich runs, see `make_rich.py`; STORES names the observers."""

import json
import os
import signal
import sys
import time

import numpy as np
import pandas as pd
import rich_helper
from sacred import Experiment, Ingredient
from sacred.observers import FileStorageObserver, MongoObserver, SqlObserver, TinyDbObserver

stores = json.loads(os.environ["STORES"])
data = Ingredient("data")
data.add_config(path="data.csv", columns=("a", "b"), options={"sep": ",", "na": None})
ex = Experiment("rich", ingredients=[data])
ex.add_source_file("extra.py")
ex.add_package_dependency("somepackage", "1.2.3")
ex.add_config(rich_helper.CONFIG)
if os.environ.get("ARRAYS"):
    ex.add_config(array=np.arange(6.0).reshape(2, 3), whole=np.int64(7), part=np.float32(0.25))


@ex.named_config
def small():
    lr = 0.001


def log(run):
    """Record output, metrics and info."""
    print("printed ä ✓")
    sys.stdout.flush()  # Sacred loses what is in the buffer at the end
    for step in range(5):
        run.log_scalar("loss", 0.5 / (step + 1), step * 10)
    for value in (1, 2, 3):
        run.log_scalar("count", value)
    run.log_scalar("single", np.float32(0.25), 3)
    run.log_scalar("whole", np.int64(12), 5)
    for value in (float("nan"), float("inf"), -float("inf")):
        run.log_scalar("odd", value)
    run.log_scalar("dotted.name", 1.0, 0)
    run.info.update(
        grid=np.arange(12.0).reshape(3, 4), long=np.arange(40), pair=(1, ("a", None)),
        frame=pd.DataFrame({"a": [1, 2], "b": [0.5, 1.5]}), odd=[float("nan"), float("inf"), None],
        nested={"x": {"y": [1, {"z": "ü"}]}, "none": None},
    )  # fmt: skip


def write(name, content):
    """Write a file."""
    with open(name, "wb") as file:
        file.write(content)


def add_files(run):
    """Record artifacts, one of them twice, and resources."""
    write("same.txt", b"first")
    run.add_artifact("same.txt")
    write("same.txt", b"second")
    run.add_artifact("same.txt")
    write("empty.bin", b"")
    write("üml.bin", bytes(bytearray(range(256))))
    os.makedirs("sub", exist_ok=True)
    write("sub/inner.txt", b"inner")
    for name in ("empty.bin", "üml.bin", "sub/inner.txt"):
        run.add_artifact(name)
    run.add_artifact("same.txt", name="table.csv", metadata={"k": [1, 2]}, content_type="text/csv")
    for name in ("shared.csv", "resource.csv", "shared.csv"):
        run.open_resource(name, "rb").close()


@ex.command
def complete(_run):
    log(_run)
    add_files(_run)
    return 0.5


@ex.command
def arrays(_run):
    log(_run)
    return {"array": np.arange(20.0), "pair": (1, 2), "text": "ü", "none": None}


@ex.command
def fail(_run):
    log(_run)
    raise RuntimeError("it failed ä\nin two lines")


@ex.command
def interrupt(_run):
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(20)


@ex.command
def kill(_run):
    log(_run)
    add_files(_run)
    sys.stdout.flush()
    time.sleep(2.5)
    os.kill(os.getpid(), signal.SIGKILL)


@ex.command
def nothing():
    return None


def create(kind, *arguments, **options):
    """Create an observer, in Sacred 0.7 by a class method."""
    return getattr(kind, "create", kind)(*arguments, **options)


if "mongo" in stores:
    url, name = stores["mongo"]
    ex.observers.append(create(MongoObserver, url=url, db_name=name))
if "files" in stores:
    ex.observers.append(create(FileStorageObserver, stores["files"]))
if "tinydb" in stores:
    ex.observers.append(create(TinyDbObserver, stores["tinydb"]))
if "sql" in stores:
    ex.observers.append(create(SqlObserver, stores["sql"]))

if __name__ == "__main__":
    ex.run_commandline(sys.argv)
