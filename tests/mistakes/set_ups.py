"""What rows of the table need: functions that prepare a folder.

The first line of each docstring is shown on the page, after "with".
"""

from pathlib import Path

from sacred_core.observers import FileStorageObserver
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
