"""What an observer of a server promises where the connection fails."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sacred_core.testing.comparing import assert_metrics
from sacred_core.testing.feed import DispatchedFeed
from sacred_core.testing.secret_contract import SecretContract
from sacred_core.testing.servers import Proxy

#: Bytes of an artifact that is sent while the connection is cut.
_SIZE = 300_000


class OutageContract(SecretContract):
    """The part of `StoreContract` that is about the connection to a server."""

    def make_proxied_observer(self, tmp_path: Path) -> tuple[Any, Proxy] | None:
        """Return an observer and the open proxy through which it reaches its server.

        The proxy leads to the server of `make_store`; the test closes it. None, by default, where
        there is no server.
        """
        return None

    def test_a_refused_connection_loses_nothing(self, tmp_path: Path) -> None:
        """What happens while the server refuses connections is stored once it is back."""
        self._assert_nothing_is_lost(tmp_path, lambda proxy: proxy.close())

    def test_a_connection_that_is_cut_loses_nothing(self, tmp_path: Path) -> None:
        """An artifact whose connection ends in the middle is stored, and what follows it."""
        self._assert_nothing_is_lost(tmp_path, lambda proxy: proxy.cut_after(_SIZE // 2))

    def _assert_nothing_is_lost(self, tmp_path: Path, fail: Callable[[Proxy], None]) -> None:
        made = self.make_proxied_observer(tmp_path)
        if made is None:
            return
        observer, proxy = made
        file = tmp_path / "artifact"
        file.write_bytes(bytes(range(256)) * (_SIZE // 256))
        with proxy:
            feed = DispatchedFeed(observer, logging.getLogger("outage"))
            run_id = feed.start()
            feed.print("before\n")
            feed.log("loss", [1.0])
            feed.beat(info={"n": 1})
            fail(proxy)
            feed.artifact("made", str(file))
            feed.print("meanwhile\n")
            feed.log("loss", [2.0, 3.0])
            feed.beat(info={"n": 2})
            proxy.open()
            feed.print("after\n")
            feed.log("loss", [4.0])
            feed.beat(info={"n": 3})
            feed.complete(result=5)
            store = self.make_store(tmp_path)
            run = store.get(run_id)
            assert (run.status, run.result, run.info) == ("COMPLETED", 5, {"n": 3})
            assert store.output(run_id) == feed.output
            assert_metrics(store, run_id, feed)
            with store.open_file(run_id, "artifact", "made") as stream:
                assert stream.read() == file.read_bytes(), "the artifact has another content"
