"""What rows of the table need: functions that prepare a folder.

The first line of each docstring is shown on the page, after "with".
"""

import sqlite3
from pathlib import Path
from textwrap import dedent

from sacred_core.observers import FileStorageObserver, RunObserver
from sacred_core.testing import EventDriver


def three_runs(folder: Path) -> None:
    """three runs in `my_runs`; run 3 failed."""
    for number, rate in enumerate((0.1, 0.01, 0.001), 1):
        driver = EventDriver(FileStorageObserver(str(folder / "my_runs")))
        driver.start(
            config={"lr": rate, "optimizer": {"kind": "adam"}, "seed": number},
            ex_info={"name": "train", "base_dir": str(folder), "sources": []},
        )
        driver.log("accuracy", [0.5, 1 - rate])
        driver.print(f"lr is {rate}\n")
        if number == 3:
            driver.fail()
        else:
            driver.complete(result=number)


def empty_folder(folder: Path) -> None:
    """an empty folder `my_runs`."""
    (folder / "my_runs").mkdir()


def other_files(folder: Path) -> None:
    """files that are not configurations."""
    for name, content in (
        ("c.ini", ""),
        ("empty.json", ""),
        ("broken.yaml", "a: ["),
        ("broken.toml", "lr = \n"),
        ("twice.toml", "lr = 1\nlr = 2\n"),
        ("list.json", "[1]"),
    ):
        (folder / name).write_text(content)
    (folder / "folder.json").mkdir()


def no_toml_library(folder: Path) -> None:
    """no library that writes TOML."""
    for name in ("tomli_w", "tomlkit"):
        (folder / f"{name}.py").write_text("raise ImportError\n")


ACME = """
    import click

    from sacred_core import CommandSpec, ObserverSpec, RunObserver, hookimpl


    class AcmeObserver(RunObserver):
        def __init__(self, address):
            raise KeyError(f"no account at {address}")


    class AcmeStore:
        def __init__(self, location):
            raise KeyError(f"no account at {location}")


    @click.command()
    def acme():
        raise KeyError("no account")


    @hookimpl
    def sacred_observers():
        yield ObserverSpec(
            AcmeObserver, ("-A", "--acme"), "ADDRESS", store=AcmeStore, schemes=("acme",)
        )


    @hookimpl
    def sacred_commands():
        yield CommandSpec("acme", acme, "Show accounts.")
"""


def failing_plugin(folder: Path) -> None:
    """a plugin `acme` that raises `KeyError`."""
    info = folder / "acme-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: acme\nVersion: 1.0\nSummary: Accounts.\n"
        "Requires-Dist: sacred-core>=0.1,<0.2\n"
        "Project-URL: Issues, https://acme.example/issues\n\n"
    )
    (info / "entry_points.txt").write_text("[sacred_core]\nacme = acme_plugin\n")
    (folder / "acme_plugin.py").write_text(dedent(ACME))


def other_folder(folder: Path) -> None:
    """a folder `other` with a file."""
    (folder / "other").mkdir()
    (folder / "other" / "notes.txt").write_text("no run\n")


def sub_folders(folder: Path) -> None:
    """runs in `results/a` and `results/b`."""
    for name in ("a", "b"):
        _record(FileStorageObserver(str(folder / "results" / name)), folder)


def file_in_place_of_a_folder(folder: Path) -> None:
    """a file `file`."""
    (folder / "file").write_text("no folder\n")


def loop_of_links(folder: Path) -> None:
    """a link `loop` to itself."""
    (folder / "loop").symlink_to("loop")


def tiny_db(folder: Path) -> None:
    """a TinyDB `tdb` with a run."""
    from sacred_core.observers import TinyDbObserver

    _record(TinyDbObserver(str(folder / "tdb")), folder)


def database(folder: Path) -> None:
    """an SQLite database `runs.db` with a run."""
    from sacred_core.observers import SqlObserver

    _record(SqlObserver(f"sqlite:///{folder / 'runs.db'}"), folder)


def no_table(folder: Path) -> None:
    """an SQLite database `empty.db` without tables."""
    connection = sqlite3.connect(folder / "empty.db")
    connection.execute("VACUUM")
    connection.close()


def _record(observer: RunObserver, folder: Path) -> None:
    driver = EventDriver(observer)
    driver.start(ex_info={"name": "train", "base_dir": str(folder), "sources": []})
    driver.complete()
