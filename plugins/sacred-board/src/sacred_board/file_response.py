"""Sends a file in parts, or a part of it, until the client has it or leaves."""

import io
import logging
import re
from collections.abc import Mapping
from typing import BinaryIO
from urllib.parse import quote

import anyio
from anyio import to_thread
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from sacred_board.data.locations import Location
from sacred_core.exceptions import SacredError
from sacred_core.masking import mask_text

_LOGGER = logging.getLogger("sacred_board")
_PART = 1 << 18
_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")


class FileResponse(Response):
    """A file that is read in parts while it is sent; use `FileResponse.of`.

    Args:
        location: In whose threads it is read.
        file: The file, which is closed at the end.
        status: Of the response.
        headers: Of the response.
        stop: The position after the last byte that is sent; None for the end of the file.
    """

    def __init__(
        self,
        location: Location,
        file: BinaryIO,
        status: int,
        headers: Mapping[str, str],
        stop: int | None,
    ) -> None:
        super().__init__(status_code=status, headers=headers)
        if "content-length" not in headers:
            del self.headers["content-length"]
        self._location = location
        self._file = file
        self._stop = stop
        self._position = 0
        self._first = b""

    @classmethod
    async def of(
        cls, location: Location, file: BinaryIO, headers: Mapping[str, str], asked: str | None
    ) -> "FileResponse":
        """Return the response for an open file, of which the first part was read.

        Args:
            location: In whose threads it is read.
            file: The file; it is closed if this fails.
            headers: Of the response, without those about its length.
            asked: The header ``Range`` of the request.

        Raises:
            StoreError: it cannot be read.
            OSError: it cannot be read.
        """
        try:
            size = await location.read(_size, file)
            part = byte_range(asked, size)
            if size is None:
                response = cls(location, file, 200, headers, None)
            elif part is None:
                known = {"accept-ranges": "bytes", "content-length": str(size)}
                response = cls(location, file, 200, {**headers, **known}, size)
            else:
                response = cls(location, file, *_partial(headers, part, size), part[1])
                response._position = part[0]
                await location.read(file.seek, part[0])
            response._first = await response._read()
        except BaseException:
            await _close(file)
            raise
        return response

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the file; one that cannot be read to its end is not sent as a whole one."""
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(_wait_for_end, receive, tasks.cancel_scope)
                await self._send(send, has_body=scope["method"] != "HEAD")
                tasks.cancel_scope.cancel()
        finally:
            await _close(self._file)

    async def _send(self, send: Send, has_body: bool) -> None:
        start = {"type": "http.response.start", "status": self.status_code}
        await send({**start, "headers": self.raw_headers})
        part = self._first if has_body else b""
        try:
            while part:
                await send({"type": "http.response.body", "body": part, "more_body": True})
                part = await self._read()
        except (OSError, SacredError) as error:
            _LOGGER.warning("A file was sent in part: %s", mask_text(str(error)))
            return
        await send({"type": "http.response.body", "body": b""})

    async def _read(self) -> bytes:
        size = _PART if self._stop is None else min(_PART, self._stop - self._position)
        part = b"" if size <= 0 else await self._location.read(self._file.read, size)
        self._position += len(part)
        return part


def byte_range(asked: str | None, size: int | None) -> tuple[int, int] | None:
    """Return the start and the stop of the bytes that a request asks for.

    Args:
        asked: The header ``Range``.
        size: Of the file; None: it is not known.

    Returns:
        None for the whole file, also for several ranges; an empty range if the file has none of
        the bytes.
    """
    found = _RANGE.fullmatch(asked or "")
    if found is None or size is None or found.groups() == ("", ""):
        return None
    first, last = found.groups()
    if not first:
        return max(0, size - int(last)), size
    if last and int(last) < int(first):
        return None
    start = int(first)
    return (start, min(int(last) + 1, size) if last else size) if start < size else (size, size)


def content_disposition(name: str, *, is_attachment: bool) -> str:
    """Return the header with the name of a file, as RFC 6266 and RFC 8187 define it."""
    kind = "attachment" if is_attachment else "inline"
    plain = "".join(each if " " <= each <= "~" and each not in '"\\%/' else "_" for each in name)
    encoded = quote(name.encode("utf-8", "replace"), safe="")
    more = "" if plain == name else f"; filename*=UTF-8''{encoded}"
    return f'{kind}; filename="{plain}"{more}'


def _partial(
    headers: Mapping[str, str], part: tuple[int, int], size: int
) -> tuple[int, dict[str, str]]:
    """Return status and headers of a part of a file, which is empty if it has none of the bytes."""
    start, stop = part
    has_some = start < stop
    content_range = f"bytes {start}-{stop - 1}/{size}" if has_some else f"bytes */{size}"
    known = {"content-range": content_range, "content-length": str(stop - start)}
    return (206 if has_some else 416), {**headers, "accept-ranges": "bytes", **known}


def _size(file: BinaryIO) -> int | None:
    """Return the size of an open file, which may differ from the recorded one."""
    if not file.seekable():
        return None
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    return size


async def _wait_for_end(receive: Receive, scope: anyio.CancelScope) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    scope.cancel()


async def _close(file: BinaryIO) -> None:
    with anyio.CancelScope(shield=True):
        await to_thread.run_sync(file.close)
