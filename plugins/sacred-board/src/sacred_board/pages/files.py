"""The files of runs: artifacts, resources, sources, patches and the output.

What a file contains never runs on the origin of the board. Only some images and text are shown by
the browser, text always as plain text; all else is downloaded, and nothing may load or execute.
"""

import io
import logging
from typing import BinaryIO
from urllib.parse import quote, unquote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from sacred_board.data.locations import Location
from sacred_board.pages.run import find_run
from sacred_board.panels.views import UNKNOWN, FileView
from sacred_board.rendering import render_error
from sacred_core.exceptions import SacredError
from sacred_core.masking import mask_text
from sacred_core.stores import StoredRun
from sacred_core.stores.model import FileInfo

_LOGGER = logging.getLogger("sacred_board")
_PART = 1 << 18
_OUTPUT = "output"
_TEXT_KINDS = ("source", "patch", _OUTPUT)
#: Images that a browser shows; SVG may contain scripts.
_IMAGES = frozenset(f"image/{name}" for name in ("png", "jpeg", "gif", "webp", "avif", "bmp"))
#: What is text in spite of its type, and what is not shown although it is text.
_TEXTS = frozenset(
    f"application/{name}"
    for name in ("json", "yaml", "x-yaml", "toml", "x-ndjson", "x-sh", "x-python", "sql")
)
_ACTIVE = ("html", "xml", "svg", "javascript", "ecmascript")
_HEADERS = {
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "private, no-cache",
    "Cross-Origin-Resource-Policy": "same-origin",
}


async def send_file(request: Request) -> Response:
    """Return a file of a run; its name has to be one that the run records."""
    kind, name = _split(request)
    location, run = await find_run(request)
    if name not in _names(run, kind):
        raise HTTPException(404, f"Run {str(run.id)!r} has no {kind} {name!r}.")
    store = await location.store()
    try:
        if kind == _OUTPUT:
            output = await location.read(store.output, run.id)
            file: BinaryIO = io.BytesIO(output.encode("utf-8", "backslashreplace"))
        else:
            file = await location.read(store.open_file, run.id, kind, name)
        size = await location.read(_size, file)
        first = await location.read(file.read, _PART)
    except OSError as error:
        return render_error(request, mask_text(f"The {kind} {name!r} cannot be read: {error}"), 404)
    info = run.files.get(kind, {}).get(name, FileInfo())
    view = FileView(run=run, store=store, kind=kind, name=name, info=info, url="")
    return FileResponse(location, file, first, _headers(view, size))


class FileResponse(Response):
    """A file that is read in parts while it is sent.

    Args:
        location: In whose threads it is read.
        file: The file, which is closed at the end.
        first: Its first part, which was read already, so that most errors are a page.
        headers: Of the response.
    """

    def __init__(
        self, location: Location, file: BinaryIO, first: bytes, headers: dict[str, str]
    ) -> None:
        super().__init__(headers=headers)
        if "content-length" not in headers:
            del self.headers["content-length"]
        self._location = location
        self._file = file
        self._first = first

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the file; one that cannot be read to its end is not sent as a whole one."""
        del receive
        start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
        try:
            await send(start)
            part = b"" if scope["method"] == "HEAD" else self._first
            while part:
                await send({"type": "http.response.body", "body": part, "more_body": True})
                part = await self._location.read(self._file.read, _PART)
            await send({"type": "http.response.body", "body": b""})
        except (OSError, SacredError) as error:
            _LOGGER.warning("A file was sent in part: %s", mask_text(str(error)))
        finally:
            await self._location.read(self._file.close)


def _split(request: Request) -> tuple[str, str]:
    """Return kind and name of the path of a request, and correct the run in its parameters.

    Ids and names may contain slashes, which are encoded: they are split before they are decoded.
    """
    raw: bytes = request.scope.get("raw_path") or quote(request.scope["path"]).encode()
    parts = raw.decode("ascii", "replace").partition("?")[0].split("/", 5)
    _, _, slug, run_id, kind, name = map(unquote, [*parts, "", "", ""][:6])
    request.scope["path_params"] = {"slug": slug, "run_id": run_id}
    return kind, name


def _names(run: StoredRun, kind: str) -> list[str]:
    """Return the names of the files of a kind that a run records."""
    if kind == "artifact":
        return run.artifacts
    if kind == "resource":
        return run.resources
    if kind == "source":
        return [*run.sources]
    if kind == "patch":
        return [str(each.get("commit")) for each in run.repositories if each.get("dirty")]
    return ["output.txt"] if kind == _OUTPUT else []


def _size(file: BinaryIO) -> int | None:
    """Return the size of an open file, which may differ from the recorded one."""
    if not file.seekable():
        return None
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    return size


def _headers(file: FileView, size: int | None) -> dict[str, str]:
    content_type = _shown_type(file)
    is_shown = content_type is not None
    base = file.name.rpartition("/")[2] or file.name
    if file.kind == "patch":
        base = f"{base}.patch"
    headers = {
        **_HEADERS,
        "content-type": content_type or _download_type(file),
        "content-disposition": content_disposition(base, is_attachment=not is_shown),
    }
    return headers if size is None else {**headers, "content-length": str(size)}


def _shown_type(file: FileView) -> str | None:
    """Return the type with which a browser shows a file; None for one that is downloaded."""
    kind = file.content_type
    if kind in _IMAGES:
        return kind
    is_text = kind.startswith("text/") or kind in _TEXTS or file.kind in _TEXT_KINDS
    is_active = any(word in kind for word in _ACTIVE)
    return "text/plain; charset=utf-8" if is_text and not is_active else None


def _download_type(file: FileView) -> str:
    """Return the type of a download: SVG, which an image element shows without its scripts."""
    return "image/svg+xml" if file.content_type == "image/svg+xml" else UNKNOWN


def content_disposition(name: str, *, is_attachment: bool) -> str:
    """Return the header with the name of a file, as RFC 6266 and RFC 8187 define it."""
    kind = "attachment" if is_attachment else "inline"
    plain = "".join(each if " " <= each <= "~" and each not in '"\\%/' else "_" for each in name)
    encoded = quote(name.encode("utf-8", "replace"), safe="")
    more = "" if plain == name else f"; filename*=UTF-8''{encoded}"
    return f'{kind}; filename="{plain}"{more}'


ROUTES = [
    Route("/file/{slug}/{run_id:path}/{kind}/{name:path}", send_file, name="file", methods=["GET"])
]
