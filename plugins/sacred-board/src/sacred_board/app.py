"""The board as an ASGI application."""

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from sacred_board.board import Board
from sacred_board.pages import compare, curves, editing, files, run, runs, stream
from sacred_board.protection import Protection
from sacred_board.rendering import render_error
from sacred_core.exceptions import SacredError
from sacred_core.masking import mask_text

_PAGES = (runs, run, compare, curves, files, editing, stream)


def create_app(board: Board) -> Starlette:
    """Return the application that shows a board."""
    routes = [route for page in _PAGES for route in page.ROUTES]
    app = Starlette(
        routes=[
            *routes,
            Mount("/static", StaticFiles(packages=[("sacred_board", "static")]), name="static"),
        ],
        middleware=[Middleware(Protection)],
        exception_handlers={HTTPException: _answer_http_error, SacredError: _answer_error},
    )
    app.state.board = board
    return app


async def _answer_http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return render_error(request, error.detail, error.status_code)


async def _answer_error(request: Request, error: Exception) -> Response:
    return render_error(request, mask_text(str(error)), 404)
