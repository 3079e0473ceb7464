"""A server of MariaDB that takes statements of up to 1 MB, as many are configured."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sacred_sql import SqlObserver, SqlStore

from sacred_core.exceptions import StoreError
from sacred_core.stores import Annotation
from sacred_core.testing import EventDriver
from sacred_core.testing.limit_contract import LimitContract


@pytest.fixture
def small_url(small_maria: Any) -> str:
    """The URL of an empty database."""
    return str(small_maria.database())


class TestSmallPackets(LimitContract):
    """Values and files are stored in parts that are small enough."""

    @pytest.fixture(autouse=True)
    def database(self, small_url: str) -> None:
        """Each test has an empty database."""
        self.url = small_url

    def make_observer(self, tmp_path: Path) -> SqlObserver:
        """Return an observer."""
        return SqlObserver(self.url)

    def make_store(self, tmp_path: Path) -> SqlStore:
        """Return a store."""
        return SqlStore(self.url)


def test_a_value_that_cannot_be_divided_is_refused_at_once(small_url: str, tmp_path: Path) -> None:
    """A value that cannot be divided is refused at once, with its size, the limit, and what to do;
    everything before and after it is stored.
    """
    path = tmp_path / "f"
    path.write_text("x")
    driver = EventDriver(SqlObserver(small_url))
    run_id = driver.start()
    with pytest.raises(StoreError, match=r"[0-9]{7,8} bytes.*max_allowed_packet is 1048576"):
        driver.artifact("large", str(path), metadata={"text": "\n" * 3_000_000})
    driver.artifact("small", str(path), metadata={"text": "x"})
    driver.log("loss", [1.0])
    driver.complete(result=1)
    store = SqlStore(small_url)
    run = store.get(run_id)
    assert (run.status, run.result, run.artifacts) == ("COMPLETED", 1, ["small"])
    annotation = Annotation(time=datetime.now(UTC), user="ann", note="x" * 2_000_000)
    with pytest.raises(StoreError, match="max_allowed_packet"):
        store.annotate(run_id, annotation)
    with pytest.raises(StoreError, match="add_artifact"):
        EventDriver(SqlObserver(small_url)).start(host_info={"text": "x" * 2_000_000})
    assert store.get(run_id) == run
    assert [each.id for each in store.list()] == [run_id]
