"""The files of runs: artifacts, resources, sources, patches and the output.

What a file contains never runs on the origin of the board. Only some images and text are shown by
the browser, text always as plain text; all else is downloaded, and nothing may load or execute.
"""

import io
from typing import BinaryIO
from urllib.parse import quote, unquote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sacred_board.file_response import FileResponse, content_disposition
from sacred_board.pages.run import find_run
from sacred_board.panels.views import UNKNOWN, FileView
from sacred_board.rendering import render_error
from sacred_core.masking import mask_text
from sacred_core.stores import StoredRun
from sacred_core.stores.recorded_files import FileInfo

_OUTPUT = "output"
_TEXT_KINDS = ("source", "patch", _OUTPUT)
#: Images that a browser shows; SVG may contain scripts.
_IMAGES = frozenset(f"image/{name}" for name in ("png", "jpeg", "gif", "webp", "avif", "bmp"))
#: What elements for images, audio and video show, also of downloads.
_MEDIA = frozenset((
    "image/svg+xml", "audio/mpeg", "audio/wav", "audio/x-wav", "audio/ogg", "audio/flac",
    "audio/mp4", "video/mp4", "video/webm", "video/ogg", "video/quicktime",
))  # fmt: skip
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
    info = run.files.get(kind, {}).get(name, FileInfo())
    store = await location.store()
    view = FileView(run=run, store=store, kind=kind, name=name, info=info, url="")
    try:
        file = await location.read(_open, view)
        asked = request.headers.get("range")
        return await FileResponse.of(location, file, _headers(view), asked)
    except OSError as error:
        return render_error(request, mask_text(f"The {kind} {name!r} cannot be read: {error}"), 404)


def _open(file: FileView) -> BinaryIO:
    if file.kind == _OUTPUT:
        output = file.store.output(file.run.id)
        return io.BytesIO(output.encode("utf-8", "backslashreplace"))
    return file.store.open_file(file.run.id, file.kind, file.name)


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


def _headers(file: FileView) -> dict[str, str]:
    content_type = _shown_type(file)
    is_shown = content_type is not None
    base = file.name.rpartition("/")[2] or file.name
    if file.kind == "patch":
        base = f"{base}.patch"
    return {
        **_HEADERS,
        "content-type": content_type or _download_type(file),
        "content-disposition": content_disposition(base, is_attachment=not is_shown),
    }


def _shown_type(file: FileView) -> str | None:
    """Return the type with which a browser shows a file; None for one that is downloaded."""
    kind = file.content_type
    if kind in _IMAGES:
        return kind
    is_text = kind.startswith("text/") or kind in _TEXTS or file.kind in _TEXT_KINDS
    is_active = any(word in kind for word in _ACTIVE)
    return "text/plain; charset=utf-8" if is_text and not is_active else None


def _download_type(file: FileView) -> str:
    """Return the type of a download; elements that execute no scripts need it to show the file."""
    return file.content_type if file.content_type in _MEDIA else UNKNOWN


ROUTES = [
    Route("/file/{slug}/{run_id:path}/{kind}/{name:path}", send_file, name="file", methods=["GET"])
]
