"""Serves a board until a signal ends it."""

import asyncio
import errno
import os
import socket
import sys
import threading
import webbrowser
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from urllib.parse import urlsplit

import click
import uvicorn
from starlette.types import ASGIApp

from sacred_board.access import is_loopback, is_wildcard
from sacred_board.app import create_app
from sacred_board.board import Board
from sacred_core.exceptions import OptionError
from sacred_core.printable import printable
from sacred_core.system_errors import system_error_text

#: Ports that are tried after one that is in use, before the system chooses one.
_MOST_PORTS = 50
_SIGNALLED = 128
#: Seconds in which pages receive the notice that the board ends.
_LAST_NOTICE = 0.05


def open_socket(host: str, port: int) -> socket.socket:
    """Return a socket that listens at a host and a port, or at the next port that is free.

    Args:
        host: The name or the address.
        port: The first port to try; 0: any.

    Raises:
        OptionError: the host is not one of this machine.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        raise _host_error(host, error) from None
    family, _, _, _, address = found[0]
    last = min(port + _MOST_PORTS, 65_536)
    for each in [*range(port, last), 0] if port else [0]:
        new = socket.socket(family, socket.SOCK_STREAM)
        try:
            if os.name == "posix":  # elsewhere it allows two programs at one port
                new.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            new.bind((address[0], each, *address[2:]))
            new.listen()
        except OSError as error:
            new.close()
            if error.errno != errno.EADDRINUSE or not each:
                raise _host_error(host, error) from None
        else:
            return new
    raise AssertionError("the last port is any")  # pragma: no cover


def make_url(host: str, listening: socket.socket) -> str:
    """Return the address of the board for browsers.

    Args:
        host: As the user gave it; for all addresses of this machine its name is used.
        listening: Its socket.
    """
    name = socket.gethostname() if is_wildcard(host) else host
    port = listening.getsockname()[1]
    return f"http://{f'[{name}]' if ':' in name else name}:{port}/"


def serve(
    board: Board, listening: socket.socket, opens_browser: bool = False, has_log: bool = False
) -> None:
    """Serve a board until Ctrl-C or SIGTERM, which end the process.

    Args:
        board: The board.
        listening: From `open_socket`.
        opens_browser: Open the board in a browser.
        has_log: Log the tracebacks of errors that are bugs.
    """
    url = make_url(board.host, listening)

    def begin() -> None:
        _announce(board, url, opens_browser)
        for location in board.locations:
            location.index.start_loading()  # the first filter or order needs all runs

    BoardServer(create_app(board), begin, board.watching.close, has_log).run([listening])


class BoardServer(uvicorn.Server):
    """A server that ends at once after a signal.

    Open pages receive a last notice. Threads that wait for a store which does not answer are not
    waited for: nothing is written but the annotations of users, which stores write at once.

    Args:
        app: The application.
        begin: Called when connections are accepted.
        end_streams: Sends the last notice.
        has_log: Log the errors of the server.
    """

    def __init__(
        self,
        app: ASGIApp,
        begin: Callable[[], None],
        end_streams: Callable[[], None],
        has_log: bool = False,
    ) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                loop="asyncio",
                http="h11",
                ws="none",
                log_config=None,
                log_level="error" if has_log else "critical",
                access_log=False,
                proxy_headers=False,
                server_header=False,
            )
        )
        self._begin = begin
        self._end_streams = end_streams
        self._signal: int | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept connections."""
        await super().startup(sockets)
        if self.started:
            self._begin()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """End the server after a signal, at the second one also while something is computed."""
        del frame
        if self._signal is not None:
            end_process(sig)
        self._signal = sig
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the process if there was a signal, else the server."""
        self._end_streams()
        if self._signal is not None:
            await asyncio.sleep(_LAST_NOTICE)
            end_process(self._signal)
        await super().shutdown(sockets)


def end_process(number: int) -> None:
    """End this process, also its threads, with the exit code of a signal."""
    with suppress(OSError, ValueError):
        click.echo("Stopped", err=True)
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(_SIGNALLED + number)


def _announce(board: Board, url: str, opens_browser: bool) -> None:
    """Print how to use a board, and open it in a browser."""
    names = ", ".join(printable(each.name) for each in board.locations)
    changes = "notes, tags and deletions" if board.is_editable else "none (allow them with --edit)"
    lines = [("Board of", names), ("Address", url), ("Changes", changes), ("To stop", "Ctrl-C")]
    if "SSH_CONNECTION" in os.environ and is_loopback(board.host):
        port = urlsplit(url).port
        tunnel = f"ssh -L {port}:{board.host}:{port} {socket.gethostname()}"
        lines.insert(2, ("Over SSH", f"{tunnel} (on your machine)"))
    click.echo("\n".join(f"{name + ':':<10}{text}" for name, text in lines))
    if opens_browser:
        threading.Thread(target=_open_browser, args=[url], daemon=True).start()


def _open_browser(url: str) -> None:
    if not webbrowser.open(url):
        click.echo(f"No browser was found: open {url} in one.", err=True)


def _host_error(host: str, error: Exception) -> OptionError:
    reason = system_error_text(error) if isinstance(error, OSError) else str(error)
    return OptionError(f"cannot accept connections at --host {host}: {reason}")
