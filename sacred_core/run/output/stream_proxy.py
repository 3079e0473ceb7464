"""The proxies of ``sys.stdout`` and ``sys.stderr`` while any run records its output.

A text stream of the interpreter's own in front of a binary end whose ``write`` is the ``append``
of a queue: a printed line runs through C code only, which no other thread can interrupt. (A
text stream in front of Python code may contain garbage once another thread flushes it:
https://github.com/python/cpython/issues/119506.) `Streams` records and shows what is in the queue.
"""

import contextlib
import io
from collections.abc import Callable
from typing import Any

Write = Callable[[Any], Any]


class QueueWriter:
    """The binary end: what `write` does is set from outside."""

    closed = False

    def __init__(self, original: Any, write: Write, flush: Callable[[], None]) -> None:
        self.original = original
        self.write = write
        self.flush = flush

    def seekable(self) -> bool:
        """Return False: it cannot seek."""
        return False

    readable = seekable

    def writable(self) -> bool:
        """Return True."""
        return True

    def close(self) -> None:
        """Flush the buffer; the original stays open, for it is not ours."""
        self.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.original, name)


class BinaryView(io.BufferedIOBase):
    """The ``buffer`` of a proxy: takes bytes in the order in which text is written."""

    def __init__(self, proxy: "StreamProxy", end: QueueWriter) -> None:
        self._proxy = proxy
        self._end = end

    def write(self, data: Any) -> int:
        """Write a copy of ``data``, which the caller may change afterwards."""
        copied = bytes(data)
        self._proxy.flush()  # the text that is held back comes first
        self._end.write(copied)
        return len(copied)

    def flush(self) -> None:
        """Flush the buffer."""
        self._proxy.flush()

    def writable(self) -> bool:
        """Return True."""
        return True

    def fileno(self) -> int:
        """Return the original's."""
        return self._proxy.fileno()

    def isatty(self) -> bool:
        """Return the original's."""
        return self._proxy.isatty()

    def close(self) -> None:
        """Flush the buffer; see `_flush_at_close`."""
        _flush_at_close(self._proxy)


class StreamProxy(io.TextIOWrapper):
    """A text stream in place of ``original``; encoding, descriptor and terminal are that's.

    Args:
        original: The stream that it replaces; one without bytes, as in a notebook, too.
        flush: Called when the bytes are to be forwarded at once.
        is_error: Whether it is ``sys.stderr``.
        is_showing: Returns whether the caller is what shows text: it writes to originals.
    """

    # Each `print` looks up `write` and `closed` several times. With these slots the dictionary of
    # the object stays empty, and without `__getattr__` the lookup is C code: 1.0 instead of 1.3
    # times the cost of the interpreter's own stream.
    __slots__ = (
        "_diversion", "_flush", "_has_bytes", "_is_showing", "_is_terminal", "_original_write",
        "_view", "end", "flush_original", "is_error", "original", "users",
    )  # fmt: skip
    closed = False

    def __init__(
        self,
        original: Any,
        flush: Callable[[], None],
        is_error: bool,
        is_showing: Callable[[], bool],
    ) -> None:
        self.end = QueueWriter(original, self.show, flush)
        self.original = original
        self.is_error = is_error
        self._is_showing = is_showing
        self._original_write = original.write
        #: Lets the original write what it holds back.
        self.flush_original: Callable[[], None] = original.flush
        self._diversion: dict[str, Any] = {}
        #: How many runs use it.
        self.users = 0
        self._flush = flush
        self._has_bytes = hasattr(original, "buffer")
        self._is_terminal = bool(getattr(original, "isatty", lambda: False)())
        super().__init__(
            self.end,
            encoding=(self._has_bytes and getattr(original, "encoding", None)) or "utf-8",
            errors=getattr(original, "errors", None) if self._has_bytes else "surrogatepass",
            newline=None if self._has_bytes else "",
            # Where nothing was held back (python -u) lines are still shown as they end.
            line_buffering=getattr(original, "line_buffering", False)
            or getattr(original, "write_through", False),
        )
        self._view = BinaryView(self, self.end)

    @property
    def buffer(self) -> Any:
        """Takes bytes."""
        return self._view

    @property
    def name(self) -> Any:
        """The original's."""
        return getattr(self.original, "name", "<stream proxy>")

    @property
    def mode(self) -> Any:
        """The original's."""
        return self.original.mode

    def divert(self) -> None:
        """Redirect writes to the original stream to this one, for earlier log handlers."""
        if self._diversion:
            return

        def write(text: Any) -> Any:
            return self._original_write(text) if self._is_showing() else self.write(text)

        def flush() -> None:
            self.flush_original() if self._is_showing() else self.flush()

        self._diversion = {"write": write, "flush": flush}
        with contextlib.suppress(AttributeError, TypeError):  # a class that does not allow it
            for name, function in self._diversion.items():
                setattr(self.original, name, function)

    def end_diversion(self) -> None:
        """Undo `divert`."""
        for name, function in self._diversion.items():
            if vars(self.original).get(name) is function:
                delattr(self.original, name)
        self._diversion = {}

    def write_buffered(self, write: Write, flush: Callable[[], None]) -> None:
        """Send written text to ``write``, which must be C code, with a delay; then ``flush``."""
        self.end.write, self.end.flush = write, flush
        self.reconfigure(write_through=False)

    def write_unbuffered(self, write: Write) -> None:
        """Send written text to ``write`` before the writer continues."""
        self.reconfigure(write_through=True)  # first: what is held back was written before
        self.end.write, self.end.flush = write, self._flush

    def pass_through(self) -> None:
        """Forward writes to the original stream, for code that still refers to this stream."""
        self.reconfigure(write_through=True)  # first: what is held back was written before
        self.end.write = self.original.buffer.write if self._has_bytes else self.show
        self.end.flush = self.flush_original

    def show(self, data: bytes, done: list[int] | None = None) -> None:
        """Write to the original, unless ``done`` shows that this was done; one that is gone is
        no error.
        """
        done = [] if done is None else done
        try:
            if not done and self._has_bytes:
                done.extend(map(self.original.buffer.write, (data,)))
            elif not done:
                done.extend(map(self._original_write, (_text(data),)))
            self.flush_original()
        except (OSError, ValueError):
            pass

    def isatty(self) -> bool:
        """Return the original's answer: progress bars and colours depend on it."""
        return self._is_terminal

    def close(self) -> None:
        """Flush the buffer; see `_flush_at_close`."""
        _flush_at_close(self)


class ForwardingProxy(StreamProxy):
    """A proxy of a stream with attributes that streams of the interpreter do not have."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.original, name)


def proxy_class(original: Any) -> type[StreamProxy]:
    """Return the class of the proxy of ``original``."""
    is_plain = type(original) is io.TextIOWrapper and not vars(original).keys() - {"mode"}
    return StreamProxy if is_plain else ForwardingProxy


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:  # bytes of the user's own
        return data.decode("utf-8", "replace")


def _flush_at_close(proxy: StreamProxy) -> None:
    """Flush a proxy whose end or original may be closed, as when the interpreter ends.

    Python calls `close` of garbage, and prints its errors since version 3.13.
    """
    with contextlib.suppress(ValueError):
        proxy.flush()
