"""Pages as HTML or JSON."""

import functools
from collections.abc import Mapping
from functools import partial
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from sacred_core.printable import printable
from sacred_core.readable_numbers import number_text, size_text
from sacred_core.readable_times import duration_text, time_text
from sacred_core.serialization import strict_json

_THEMES = ("light", "dark")
_ERROR_TITLES = {
    400: "The request cannot be read",
    401: "Not logged in",
    403: "Not allowed",
    404: "Not found",
    409: "Not changed",
    413: "The form is too large",
    414: "The address is too long",
    429: "Too many attempts",
    500: "This is a bug",
}


@functools.cache
def environment() -> Environment:
    """Return the environment of all templates."""
    found = Environment(
        loader=PackageLoader("sacred_board"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters |= {
        "duration": duration_text,
        "number": number_text,
        "printable": printable,
        "size": size_text,
        "time": time_text,
    }
    return found


def wants_json(request: Request) -> bool:
    """Return whether the address asks for JSON."""
    return request.query_params.get("format") == "json"


def render(
    request: Request, template: str, context: Mapping[str, Any], status: int = 200
) -> Response:
    """Return a page.

    Args:
        request: The request; its board is the variable ``board`` of the template.
        template: The name of the template.
        context: Its variables.
        status: The status of the response.
    """
    variables = {
        "request": request,
        "board": request.app.state.board,
        "theme": _chosen_theme(request),
        "url_path": partial(make_path, request),
        **context,
    }
    text = environment().get_template(template).render(variables)
    # Halves of surrogate pairs, which JSON can contain, cannot be encoded.
    return HTMLResponse(text.encode("utf-8", "backslashreplace"), status)


def render_part(template: str, /, **variables: Any) -> Markup:
    """Return a part of a page, without what belongs to a request.

    Args:
        template: The name of the template.
        variables: Of the template.
    """
    return Markup(environment().get_template(template).render(variables))


def make_path(request: Request, name: str, /, **parameters: Any) -> str:
    """Return the path of a page by the name of its route, without the host.

    Args:
        request: The request.
        name: Of the route.
        parameters: Parts of the path, which are encoded.
    """
    encoded = {
        key: quote(
            str(value).lstrip("/"), safe="/" if key == "path" else "", errors="surrogatepass"
        )
        for key, value in parameters.items()
    }
    return str(request.app.url_path_for(name, **encoded))


def render_json(data: Any, status: int = 200) -> Response:
    """Return plain data as JSON; NaN and infinities are as in ``sacred runs list --json``."""
    return Response(strict_json(data, indent=2), status, media_type="application/json")


def render_error(
    request: Request,
    sentence: str,
    status: int,
    headers: Mapping[str, str] | None = None,
    template: str = "error.html",
) -> Response:
    """Return an error as a page, or as JSON where the address asks for it.

    Args:
        request: The request.
        sentence: What happened, and what to do.
        status: The status of the response.
        headers: Further headers of the response.
        template: The name of the template.
    """
    if wants_json(request):
        response = render_json({"error": sentence}, status)
    else:
        title = _ERROR_TITLES.get(status, HTTPStatus(status).phrase)
        response = render(request, template, {"sentence": sentence, "title": title}, status)
    response.headers.update(headers or {})
    return response


def render_refusal(request: Request, error: HTTPException) -> Response:
    """Return the error of a request that is not answered; it names no location."""
    return render_error(request, error.detail, error.status_code, error.headers, "refused.html")


def _chosen_theme(request: Request) -> str:
    """Return the theme that the user chose in this browser, "" for that of the system."""
    theme = request.cookies.get("board-theme", "")
    return theme if theme in _THEMES else ""
