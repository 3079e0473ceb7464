"""The board as an ASGI application."""

import math
import re
import sys

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from sacred_board.board import Board
from sacred_board.data.locations import LocationAwayError
from sacred_board.pages import compare, curves, editing, files, login, run, runs, stream
from sacred_board.protection import Protection
from sacred_board.rendering import render_error, render_refusal
from sacred_core.cli.errors import report_unexpected
from sacred_core.exceptions import QueryError, SacredError, StoreError
from sacred_core.masking import mask_text
from sacred_core.serialization import reason_of

_PAGES = (runs, run, compare, curves, files, editing, stream, login)
#: In place of the names of statuses.
_SENTENCES = {
    "Not Found": "This board has no such page.",
    "Method Not Allowed": "This page does not accept the method of the request.",
}


class BoardApp(Starlette):
    """The application of a board; errors too have the headers of `Protection`."""

    def build_middleware_stack(self) -> ASGIApp:
        """Return what answers requests."""
        return Protection(super().build_middleware_stack(), self.state.board.access, render_refusal)


def create_app(board: Board) -> Starlette:
    """Return the application that shows a board."""
    routes = [route for page in _PAGES for route in page.ROUTES]
    for route in routes:  # names of files may contain line breaks
        route.path_regex = re.compile(route.path_regex.pattern, re.DOTALL)
    app = BoardApp(
        routes=[
            *routes,
            Mount("/static", StaticFiles(packages=[("sacred_board", "static")]), name="static"),
        ],
        exception_handlers={
            LocationAwayError: _answer_away,
            HTTPException: _answer_http_error,
            SacredError: _answer_error,
            Exception: _answer_unexpected,
        },
    )
    app.router.redirect_slashes = False  # it redirects to an address that nothing links to
    app.state.board = board
    return app


async def _answer_http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    sentence = _SENTENCES.get(error.detail, error.detail)
    return render_error(request, sentence, error.status_code, error.headers)


async def _answer_away(request: Request, error: Exception) -> Response:
    assert isinstance(error, LocationAwayError)
    response = render_error(request, mask_text(str(error)), 503)
    response.headers["Retry-After"] = str(math.ceil(error.outage.retry_in))
    return response


async def _answer_error(request: Request, error: Exception) -> Response:
    is_missing = isinstance(error, StoreError) and not isinstance(error, QueryError)
    return render_error(request, mask_text(str(error)), 404 if is_missing else 400)


async def _answer_unexpected(request: Request, error: Exception) -> Response:
    """Return the page of an error that is a bug, and print it in the terminal of the board."""
    report_unexpected(error, sys.argv[1:])
    sentence = f"Unexpected {reason_of(error)}. The terminal of the board shows how to report it."
    return render_error(request, mask_text(sentence), 500)
