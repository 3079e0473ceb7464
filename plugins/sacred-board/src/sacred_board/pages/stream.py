"""What changed since a page was made: a stream of notices, and the rest of a run in progress."""

import asyncio
import contextlib
import secrets
from collections.abc import Iterable

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from sacred_board.data.notices import REFRESH, Mailbox, Notice
from sacred_board.data.watching import Watching
from sacred_board.rendering import render_json
from sacred_core.serialization import strict_json

#: Seconds after which a stream without notices sends a comment, and those after which a page that
#: does not read its stream is dropped.
KEEP_ALIVE, PATIENCE = 15.0, 30.0
#: Streams of one board, one for each browser; the rest is refused.
MOST_STREAMS = 200
_HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no"}
#: The beginning of the ids of this process: a page that reconnects may have missed notices.
_PROCESS = secrets.token_hex(4)


class NoticeStream(Response):
    """Sends notices as server-sent events until the page or the board ends.

    Args:
        watching: Has the notices.
        first: Notices for the beginning.
    """

    media_type = "text/event-stream"

    def __init__(self, watching: Watching, first: Iterable[Notice] = ()) -> None:
        super().__init__(headers=_HEADERS)
        del self.headers["content-length"]
        self._watching = watching
        self._first = first

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the stream."""
        with self._watching.open_mailbox(self._first) as mailbox:
            sender = asyncio.create_task(self._send_all(mailbox, send))
            listener = asyncio.create_task(_wait_for_end(receive))
            try:
                await asyncio.wait((sender, listener), return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in (sender, listener):
                    task.cancel()
                with contextlib.suppress(asyncio.CancelledError, TimeoutError, OSError):
                    await sender

    async def _send_all(self, mailbox: Mailbox, send: Send) -> None:
        start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
        await send(start)
        await _send_text(send, "retry: 1000\n: connected\n\n")
        number = 0
        while not mailbox.is_over:
            notices = await mailbox.take(KEEP_ALIVE)
            number += len(notices)
            events = (f"id: {_PROCESS}-{number}\ndata: {strict_json(each)}\n\n" for each in notices)
            await _send_text(send, "".join(events) or ": no change\n\n")
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _send_text(send: Send, text: str) -> None:
    async with asyncio.timeout(PATIENCE):
        await send({"type": "http.response.body", "body": text.encode(), "more_body": True})


async def _wait_for_end(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def stream_changes(request: Request) -> Response:
    """Return the stream of notices; one that connects again has to read again what it shows."""
    watching: Watching = request.app.state.board.watching
    if watching.pages >= MOST_STREAMS:
        raise HTTPException(503, f"This board has {MOST_STREAMS} open pages: close some.")
    return NoticeStream(watching, [REFRESH] if "last-event-id" in request.headers else [])


async def show_live(request: Request) -> Response:
    """Return what a page of a run lacks, as JSON.

    ``output`` is the position of the output that the page shows, and each ``points`` is the name of
    a metric and the number of its points, as in ``points=loss:120``.
    """
    slug = request.path_params["slug"]
    location = request.app.state.board.location(slug)
    if location is None:
        raise HTTPException(404, f"This board has no location {slug!r}.")
    counts = dict(map(_parse_count, request.query_params.getlist("points")))
    live = location.live.get(request.path_params["run_id"])
    return render_json(await live.answer(request.query_params.get("output"), counts))


def _parse_count(text: str) -> tuple[str, int]:
    """Return a metric and the number of its points.

    Raises:
        HTTPException: the string has another form.
    """
    name, _, count = text.rpartition(":")
    if not (count.isascii() and count.isdigit() and len(count) < 16):
        raise HTTPException(400, f"expected points=METRIC:COUNT, got {text[:100]!r}")
    return name, int(count)


ROUTES = [
    Route("/changes", stream_changes, name="changes"),
    Route("/live/{slug}/{run_id:path}", show_live, name="live"),
]
