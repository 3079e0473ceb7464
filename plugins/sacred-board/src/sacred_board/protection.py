"""What protects a board against other sites and users, and a browser against what is stored.

Pages of other sites can send requests to a program on the machine of the user. They must not read
runs, by a name of theirs that resolves to this machine (DNS rebinding) or by embedding something,
and must not change them by a form.
"""

from collections.abc import Callable
from urllib.parse import quote, unquote

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sacred_board.access import Access, TooManyAttemptsError, is_loopback, split_host
from sacred_core.plurals import counted

_OPENER = "Cross-Origin-Opener-Policy"
#: Headers of each response that does not set them itself.
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data:; style-src 'self'; object-src 'none'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # with "no-referrer" forms are sent with "Origin: null"
    _OPENER: "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "private, no-cache",
}
METHODS = ("GET", "HEAD", "POST")
#: Bytes of the body of a request, and of its path and query.
LARGEST_BODY, LONGEST_ADDRESS = 65_536, 32_768
LOGIN = "/login"
#: What the login page consists of.
_PUBLIC = (LOGIN, "/static/")
_OWN_SITES = ("same-origin", "none")


class Protection:
    """The outermost part of the application.

    Args:
        app: What answers requests.
        access: Who may use the board.
        answer_error: Returns the page of an error.
    """

    def __init__(
        self,
        app: ASGIApp,
        access: Access,
        answer_error: Callable[[Request, HTTPException], Response],
    ) -> None:
        self._app = app
        self._access = access
        self._answer_error = answer_error

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        answer: ASGIApp = self._app
        try:
            _check_host(request, self._access)
            _check_address(request)
            scope["path"] = _decode_path(scope["raw_path"])
            _check_origin(request)
            if not _is_public(request) and not _is_logged_in(request, self._access):
                answer = _ask_for_token(request)
            elif request.method == "POST":
                receive = _replay(await _read_body(request), receive)
        except HTTPException as error:
            answer = self._answer_error(request, error)
        except ClientDisconnect:
            return
        await answer(scope, receive, _with_headers(request, send))


def session_cookie(request: Request) -> str:
    """Return the name of the cookie of a session.

    Cookies are those of a host, whatever the port: boards at several ports have different names.
    """
    found = split_host(request.headers["host"])
    return f"sacred_board_{80 if found is None else found[1]}"


def _check_host(request: Request, access: Access) -> None:
    hosts = request.headers.getlist("host")
    if len(hosts) != 1 or not access.accepts_host(hosts[0]):
        raise HTTPException(
            403,
            f"This board does not answer for the host {', '.join(hosts)!r}: use the address that "
            "'sacred board' printed, or start it with --host.",
        )


def _check_address(request: Request) -> None:
    scope = request.scope
    if request.method not in METHODS:
        allowed = ", ".join(METHODS)
        raise HTTPException(
            405, f"The method {request.method!r} is not allowed: use {allowed}.", {"Allow": allowed}
        )
    query = scope["query_string"]
    if len(scope["path"]) + len(query) > LONGEST_ADDRESS:
        raise HTTPException(
            414, f"The address has more than {counted(LONGEST_ADDRESS, 'character')}."
        )
    if "\0" in scope["path"] or b"%00" in query or b"\0" in query:
        raise HTTPException(400, "The address contains a null character.")


def _decode_path(path: bytes) -> str:
    """Return a path; halves of surrogate pairs, which names can contain, are decoded too.

    Raises:
        HTTPException: it is not UTF-8.
    """
    try:
        return unquote(path.decode("ascii"), errors="surrogatepass")
    except UnicodeDecodeError:
        raise HTTPException(400, "The address is not valid: use percent-encoded UTF-8.") from None


def _check_origin(request: Request) -> None:
    """Refuse what a page of another site sends or embeds; a link of it may be followed."""
    headers = request.headers
    site = headers.get("sec-fetch-site")
    if request.method == "POST":
        origin = headers.get("origin")
        is_own = site in (None, "same-origin") and origin in (None, *_origins(headers))
        if not is_own or (site is None and origin is None):
            raise HTTPException(403, "This form was not sent by a page of this board.")
    elif site is not None and site not in _OWN_SITES:
        is_link = headers.get("sec-fetch-mode") == "navigate"
        if not is_link or headers.get("sec-fetch-dest") != "document":
            raise HTTPException(403, "A page of another site cannot read this board.")


def _origins(headers: Headers) -> tuple[str, str]:
    """Return the origins of pages of this board; a proxy may add the encryption."""
    return f"http://{headers['host']}", f"https://{headers['host']}"


def _is_public(request: Request) -> bool:
    path: str = request.scope["path"]
    return path == LOGIN or path.startswith("/static/")


def _is_logged_in(request: Request, access: Access) -> bool:
    """Return whether a request has the cookie of a session, or the token in a header."""
    if not access.needs_token:
        return True
    cookie: str | None = request.cookies.get(session_cookie(request))
    if cookie is not None and access.accepts_session(cookie):
        return True
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return False
    client = "" if request.client is None else request.client.host
    try:
        return access.accepts_token(token.strip(), client)
    except TooManyAttemptsError as error:
        raise HTTPException(429, str(error), {"Retry-After": "60"}) from None


def _ask_for_token(request: Request) -> Response:
    """Return the way to the login page; an error for a program.

    Raises:
        HTTPException: the request is not that of a page.
    """
    is_page = "text/html" in request.headers.get("accept", "")
    if request.method == "POST" or not is_page or request.query_params.get("format") == "json":
        raise HTTPException(
            401,
            "Log in first, or send the header 'Authorization: Bearer TOKEN'.",
            {"WWW-Authenticate": "Bearer"},
        )
    query = request.scope["query_string"].decode("latin-1")
    path = request.scope["raw_path"].decode("ascii")
    wanted = f"{path}?{query}" if query else path
    return RedirectResponse(f"{LOGIN}?next={quote(wanted, safe='')}", 303)


async def _read_body(request: Request) -> bytes:
    """Return the body of a request.

    Raises:
        HTTPException: it is too large.
    """
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > LARGEST_BODY:
            raise HTTPException(413, f"The form has more than {counted(LARGEST_BODY, 'byte')}.")
    return body


def _replay(body: bytes, receive: Receive) -> Receive:
    """Return a function that returns a body that was received, and then what follows."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive_again() -> Message:
        return messages.pop() if messages else await receive()

    return receive_again


def _with_headers(request: Request, send: Send) -> Send:
    """Return a function that sends messages with the headers of all responses."""
    host = split_host(request.headers.get("host", ""))
    # Browsers ignore it for hosts with which the connection is not secure, and log an error.
    omitted = () if host is not None and is_loopback(host[0]) else (_OPENER,)

    async def send_protected(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                if name not in omitted:
                    headers.setdefault(name, value)
        await send(message)

    return send_protected
