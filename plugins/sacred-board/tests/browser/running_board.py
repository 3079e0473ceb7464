"""A board with a real server, in a thread of the tests."""

import asyncio
import socket
import threading
from collections.abc import Sequence
from functools import partial
from typing import Any

import uvicorn
from sacred_board.app import create_app
from sacred_board.board import Board
from sacred_board.data.locations import Location, unique_slugs

from sacred_core.masking import mask_text
from sacred_core.stores import open_store

_TIMEOUT = 20.0


class RunningBoard:
    """A board that answers on a free port of this machine.

    Args:
        locations: Of the stores.
        slugs: Their slugs; by default as on the command line.
        settings: Further arguments of `Board`.

    Attributes:
        board: What it shows.
        host: Host and port, as in `127.0.0.1:8000`.
    """

    def __init__(self, *locations: str, slugs: Sequence[str] = (), **settings: Any) -> None:
        slugs = slugs or unique_slugs(mask_text(each) for each in locations)
        shown = [
            Location(each, slug, partial(open_store, each))
            for each, slug in zip(locations, slugs, strict=True)
        ]
        self.board = Board(shown, **settings)
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.host = f"127.0.0.1:{self._socket.getsockname()[1]}"
        config = uvicorn.Config(
            create_app(self.board), log_level="warning", access_log=False,
            timeout_graceful_shutdown=1,
        )  # fmt: skip
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def url(self, path: str = "/") -> str:
        """Return the address of a page."""
        return f"http://{self.host}{path}"

    def stop(self) -> None:
        """End the server and wait until it has ended."""
        self.board.watching.close()
        self._server.should_exit = True
        self._thread.join(_TIMEOUT)
        self._socket.close()
        assert not self._thread.is_alive(), "the board does not end"

    def _serve(self) -> None:
        with asyncio.Runner() as runner:
            runner.run(self._server.serve(sockets=[self._socket]))
