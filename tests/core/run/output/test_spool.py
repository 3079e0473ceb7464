"""Tests of the file that holds what a run printed."""

import threading
from pathlib import Path

from sacred_core.run.output.spool import Spool


def test_it_is_read_while_it_moves(tmp_path: Path) -> None:
    """It is read while it moves, by another thread, which meets neither a closed file nor one that
    is not this one.
    """
    spool = Spool()
    spool.append(b"x" * 1000, [])
    wrong: list[object] = []
    is_over = threading.Event()

    def read() -> None:
        while not is_over.is_set():
            try:
                found = (spool.size, spool.read(0), spool.free > 0)
            except OSError as error:
                found = (0, repr(error).encode(), False)
            if found != (1000, b"x" * 1000, True):
                wrong.append(found)
                return

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    for number in range(300):
        spool.move(tmp_path / str(number), lambda descriptor: None)
    is_over.set()
    for thread in threads:
        thread.join()
    spool.end_writing()
    assert wrong == []
