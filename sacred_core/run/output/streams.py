"""Forwards what Python writes to its standard streams: to the runs it belongs to, then to where
it would have gone.

While one run records, the text of stdout waits in a queue that a thread empties every 20 ms (a
``flush``, a write to stderr, and the end of a line on a terminal empty it at once). While several
do, each write looks for its run and is forwarded at once.

An interrupt (Ctrl-C) can fall between any two steps, mostly right after a system call; nothing may
be lost or doubled by it. So where it matters the result of a step is stored by the C code that
takes it, as in ``list.extend(map(os.write, …))``.
"""

import os
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import takewhile
from typing import Any, Protocol

from sacred_core.context import current_run
from sacred_core.exceptions import AmbiguousRunError
from sacred_core.late_threads import LateThread
from sacred_core.run.output.stream_proxy import StreamProxy, proxy_class

INTERVAL = 0.02
#: With more bytes than this that are not shown yet, a write waits.
_MUCH = 8 * 1024 * 1024
#: With more pieces than this that are not recorded yet, of 8 kB each, a write waits too.
_MANY_PIECES = 256


class Recorder(Protocol):
    """Receives the output of one run."""

    def record(self, data: bytes, done: list[int]) -> None:
        """Record ``data`` from the byte ``sum(done)`` on; append to ``done`` what was."""


Recorders = Sequence[Recorder]
#: Gives the recorders of the run that the caller belongs to.
FindRecorders = Callable[[], Recorders]


class _Batch:
    """Some text on its way: what of it was recorded and shown."""

    __slots__ = ("count", "data", "done", "first", "proxy", "recorders", "shown")

    def __init__(
        self, first: Any, count: int, proxy: StreamProxy, data: bytes, recorders: Recorders
    ) -> None:
        self.first = first  # of ``count`` pieces in the queue
        self.count = count
        self.proxy = proxy
        self.data = data
        self.recorders = recorders
        self.done: list[list[int]] = [[] for _ in recorders]
        self.shown: list[int] = []


class Streams:
    """The standard streams of the process, as long as a run records them.

    Args:
        find: Asked at each write while several runs record.
    """

    def __init__(self, find: FindRecorders) -> None:
        #: Shows text in place of the original streams: the recorders of the run that wrote it,
        #: whether it is for stderr, the bytes, and how much of them was shown, to which it adds.
        self.show: Callable[[Recorders, bool, bytes, list[int]], None] | None = None
        self._find = find
        self._users: list[Recorder] = []
        self._proxies: list[StreamProxy] = []
        # Bytes belong to `_sole`; from elsewhere: a proxy, bytes, and the recorders.
        self._queue: list[Any] = []
        self._sole: tuple[StreamProxy, Recorders] | None = None
        self._batch: _Batch | None = None  # the first of the queue, partly recorded
        self._recorded: deque[_Batch] = deque()  # and not shown yet
        self._drainer: int | None = None
        self._is_showing = False
        self._shower: int | None = None  # the thread that writes to an original stream
        self._is_held_up = False
        self._stopped = threading.Event()
        self._thread: LateThread | None = None
        # Whoever needs both takes `_show_lock` first.
        self._record_lock = threading.RLock()
        self._show_lock = threading.RLock()

    def before_fork(self) -> None:
        """Leave nothing that a child would write again, nor a lock that others hold."""
        self.record()
        self._show_lock.acquire()
        self._record_lock.acquire()

    def after_fork(self) -> None:
        """Go on in the parent."""
        self._record_lock.release()
        self._show_lock.release()

    def after_fork_in_child(self) -> None:
        """Restore the original streams: the child is not part of the run."""
        self._record_lock = threading.RLock()
        self._show_lock = threading.RLock()
        self._queue.clear()
        self._recorded.clear()
        self._thread = self._drainer = None
        self._is_showing = False
        self._shower = None
        for proxy in self._proxies:
            proxy.pass_through()

    def join(self, recorder: Recorder) -> list[tuple[str, StreamProxy]]:
        """Register ``recorder`` for written text; pass the result to `leave`."""
        self.drain()
        used = []
        with self._locked():
            self._users.append(recorder)
            for name in ("stdout", "stderr"):
                stream: Any = getattr(sys, name)
                if stream is None:  # a program without a console
                    continue
                proxy = (
                    stream if isinstance(stream, StreamProxy) else self._create_proxy(stream, name)
                )
                if proxy not in self._proxies:
                    self._proxies.append(proxy)
                proxy.users += 1
                proxy.divert()
                setattr(sys, name, proxy)
                used.append((name, proxy))
            self._update_routing()
            if self._thread is None:
                stopped = self._stopped = threading.Event()
                self._thread = LateThread(lambda: self._work(stopped), "sacred-output", INTERVAL)
                self._thread.start()
        return used

    def leave(self, recorder: Recorder, used: list[tuple[str, StreamProxy]]) -> None:
        """Undo `join`; the last one restores the original streams."""
        self.drain()
        with self._locked():
            if recorder in self._users:
                self._users.remove(recorder)
            for name, proxy in used:
                proxy.users -= 1
                if proxy.users == 0:
                    proxy.end_diversion()
                # The user's code may have replaced the stream meanwhile: its stream stays.
                if proxy.users == 0 and getattr(sys, name) is proxy:
                    setattr(sys, name, proxy.original)
            self._update_routing()
            thread = None
            if not self._users:
                thread, self._thread = self._thread, None
                self._stopped.set()
        if thread is not None:
            thread.join()
            self.drain()  # what another thread wrote while this one left

    def drain(self) -> None:
        """Record and show what is in the queue."""
        if self._drainer == threading.get_ident():  # a proxy is flushed from here
            return
        self.record()
        self._show_recorded()

    def record(self) -> None:
        """Record what is in the queue, even while the showing of it is held up."""
        with self._locked():
            self._push()
            self._record_queue()

    def _drain_queue(self) -> None:
        """As `drain`; the buffered proxy calls it with each flush, and has no text then.

        It is called for each line that is flushed, so it has no context managers of Python code.
        """
        this = threading.get_ident()
        if self._drainer == this:
            return
        with self._record_lock:
            before, self._drainer = self._drainer, this
            try:
                self._record_queue()
            finally:
                self._drainer = before
        self._show_recorded()

    def _show_recorded(self) -> None:
        with self._show_lock:
            if self._is_showing:  # the showing itself writes, a warning for example
                return
            self._is_showing = True
            try:
                while self._recorded:
                    self._show_first()
            finally:
                self._is_showing = False

    @contextmanager
    def pause_display(self) -> Iterator[None]:
        """Prevent other threads from showing text in the block."""
        with self._show_lock:
            yield

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with self._record_lock:
            before, self._drainer = self._drainer, threading.get_ident()
            try:
                yield
            finally:
                self._drainer = before

    def _create_proxy(self, original: Any, name: str) -> StreamProxy:
        return proxy_class(original)(original, self.drain, name == "stderr", self._shows)

    def _shows(self) -> bool:
        """Whether the calling thread is showing text now."""
        return self._shower == threading.get_ident()

    def _update_routing(self) -> None:
        """Record what is in the queue, and set what a write to each proxy does."""
        self._record_all()
        before, self._sole = self._sole, None
        for proxy in self._proxies:
            if not proxy.users:
                proxy.pass_through()
            elif len(self._users) > 1 or proxy.is_error or self._is_held_up or self._sole:
                proxy.write_unbuffered(self._writer(proxy))
            else:
                self._sole = (proxy, self._users[:1])
                proxy.write_buffered(self._queue.append, self._drain_queue)
        self._proxies = [each for each in self._proxies if each.users]
        if self._sole is None and before is not None:
            for position, piece in enumerate(self._queue):  # of a thread that writes meanwhile
                if isinstance(piece, bytes):
                    self._queue[position] = (before[0], piece, before[1])

    def _writer(self, proxy: StreamProxy) -> Callable[[bytes], None]:
        def write(data: bytes) -> None:
            recorders = self._users[:1] if len(self._users) == 1 else self._find()
            with self._locked():
                self._push()  # what was written before comes first
                self._queue.append((proxy, data, recorders))
            self.drain()

        return write

    def _push(self) -> None:
        """Move the buffered text of streams into the queue."""
        for proxy in self._proxies:
            proxy.flush()

    def _record_all(self) -> None:
        self._push()
        self._record_pieces()

    def _record_queue(self) -> None:
        """Record what is in the queue.

        Hold up the writers meanwhile if it is much, and then if too much of it is not shown yet.
        """
        if len(self._queue) > _MANY_PIECES and self._sole is not None:
            self._is_held_up = True
            self._sole[0].write_unbuffered(self._writer(self._sole[0]))
        self._record_pieces()
        if not self._recorded and not self._is_held_up:
            return
        # A copy, in one step: another thread may be showing the first ones.
        waiting = sum(len(batch.data) for batch in self._recorded.copy()) > _MUCH
        if waiting != self._is_held_up:
            self._is_held_up = waiting
            self._update_routing()

    def _record_pieces(self) -> None:
        left = len(self._queue)  # not what is written meanwhile, of which there is no end
        while left > 0:
            left -= self._record_first()

    def _record_first(self) -> int:
        """Record some pieces and return how many."""
        if self._batch is None or self._queue[0] is not self._batch.first:
            self._batch = self._first_batch()
        batch = self._batch
        for recorder, done in zip(batch.recorders, batch.done, strict=True):
            recorder.record(batch.data, done)
        # An interrupt between these steps repeats them; the batch has what was recorded and shown.
        self._recorded.append(batch)
        del self._queue[: batch.count]
        self._batch = None
        return batch.count

    def _first_batch(self) -> "_Batch":
        first = self._queue[0]
        if not isinstance(first, bytes):
            return _Batch(first, 1, *first)
        assert self._sole is not None
        if len(self._queue) == 1:
            return _Batch(first, 1, self._sole[0], first, self._sole[1])
        pieces = list(takewhile(lambda piece: isinstance(piece, bytes), self._queue))
        return _Batch(first, len(pieces), self._sole[0], b"".join(pieces), self._sole[1])

    def _show_first(self) -> None:
        batch = self._recorded[0]
        if self.show is not None:
            self.show(batch.recorders, batch.proxy.is_error, batch.data, batch.shown)
        else:
            self._shower = threading.get_ident()
            try:
                batch.proxy.show(batch.data, batch.shown)
            finally:
                self._shower = None
        self._recorded.popleft()

    def _work(self, stopped: threading.Event) -> None:
        while not stopped.is_set():
            self.drain()
            stopped.wait(INTERVAL)


def _recorders() -> Recorders:
    try:
        run = current_run()
    except AmbiguousRunError:  # a thread whose run is unknown
        return []
    return run.output.recorders if run is not None else []


standard_streams = Streams(_recorders)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=standard_streams.before_fork,
        after_in_parent=standard_streams.after_fork,
        after_in_child=standard_streams.after_fork_in_child,
    )
