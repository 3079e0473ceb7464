"""The page on which users enter the token of the board."""

import re

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from sacred_board.access import Access, TooManyAttemptsError
from sacred_board.forms import read_form
from sacred_board.protection import LOGIN, session_cookie
from sacred_board.rendering import render

#: A path of this board: with two slashes, or a backslash, browsers take the second part as a host.
_OWN_PATH = re.compile(r"/(?![/\\])[^\x00-\x1f\\]*")


async def show_login(request: Request) -> Response:
    """Return the form for the token."""
    wanted = _own_path(request.query_params.get("next", ""))
    if not request.app.state.board.access.needs_token:
        return RedirectResponse(wanted, 303)
    return _render(request, wanted)


async def log_in(request: Request) -> Response:
    """Set the cookie of the session if the token is correct, and go on to the wanted page."""
    access: Access = request.app.state.board.access
    form = await read_form(request)
    wanted = _own_path(form.get("next", ""))
    client = "" if request.client is None else request.client.host
    try:
        session = access.start_session(form.get("token", "").strip(), client)
    except TooManyAttemptsError as error:
        return _render(request, wanted, str(error), 429)
    if session is None:
        return _render(request, wanted, "This is not the token of the board.", 403)
    response = RedirectResponse(wanted, 303)
    name = session_cookie(request)
    response.set_cookie(name, session, httponly=True, samesite="strict")
    return response


def _render(request: Request, wanted: str, problem: str = "", status: int = 200) -> Response:
    response = render(request, "login.html", {"wanted": wanted, "problem": problem}, status)
    if status == 429:
        response.headers["Retry-After"] = "60"
    return response


def _own_path(path: str) -> str:
    """Return a path of this board, the first page in place of any other address."""
    return path if _OWN_PATH.fullmatch(path) else "/"


ROUTES = [
    Route(LOGIN, show_login, name="login"),
    Route(LOGIN, log_in, methods=["POST"]),
]
