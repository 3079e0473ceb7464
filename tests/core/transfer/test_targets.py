"""Tests of opening targets that need not exist, with the memory under a scheme and for paths."""

from pathlib import Path
from typing import Any

import pytest

from sacred_core.exceptions import StoreError, UnavailableError
from sacred_core.hooks.records import ObserverSpec
from sacred_core.stores.opening import open_target
from sacred_core.stores.recognition import PATHS
from sacred_core.transfer.targets import open_existing_target


class FolderStore:
    """A store in a folder, or at an address."""

    def __init__(self, address: str) -> None:
        self.address = address

    @classmethod
    def from_location(cls, location: str) -> "FolderStore":
        return cls(location)

    def require_existing(self) -> None:
        if "unavailable" in self.address:
            raise UnavailableError("no connection")
        if "new" in self.address:
            raise StoreError("there is none")


class FolderObserver:
    """Creates its folder."""

    def __init__(self, path: str) -> None:
        self.path = path

    def open_store(self) -> FolderStore:
        if "://" not in self.path:
            Path(self.path).mkdir(exist_ok=True)
        return FolderStore(f"of observer {self.path}")


@pytest.fixture(autouse=True)
def _spec(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """One observer for paths, and for a scheme and a flag of its own."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "old").mkdir()
    (tmp_path / "file").write_text("content")
    spec = ObserverSpec(
        FolderObserver, flags=("-F", "--folder"), store=FolderStore, schemes=(PATHS, "acme")
    )
    other = ObserverSpec(FolderObserver, flags=("-o",), store=FolderStore, schemes=("other",))
    for module in ("opening", "recognition"):
        monkeypatch.setattr(f"sacred_core.stores.{module}.store_specs", lambda: [spec, other])


def address(store: Any) -> str:
    return str(store.address)


@pytest.mark.parametrize(
    "location", ["new", "-F new", "acme://new", "-F acme://new", "-o a:b", "other://x:1"]
)
def test_the_store_is_that_of_the_observer(location: str) -> None:
    """It is created if it does not exist; for a flag, its argument is what the observer gets."""
    argument = location.partition(" ")[2] or location
    assert address(open_target(location)) == f"of observer {argument}"
    assert Path("new").exists() == (argument == "new")


@pytest.mark.parametrize(
    ("location", "message"),
    [
        ("file", "is a file"),
        ("-F file", "is a file"),
        ("localhost:27017:db", "there is no folder"),
        ("ann@host", "there is no folder"),
        ("", "empty"),
        ("acne://x", "did you mean acme://?"),
        ("link", "leads to nothing"),
    ],
)
def test_what_cannot_be_a_target_is_an_error(location: str, message: str, tmp_path: Path) -> None:
    """Nothing is created for a location that was meant in another way."""
    (tmp_path / "link").symlink_to("nothing")
    for open_it in (open_target, open_existing_target):
        with pytest.raises(StoreError, match=message.replace("?", r"\?")):
            open_it(location)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "link", "old"]


@pytest.mark.parametrize(
    ("location", "expected"),
    [("new", None), ("-F new", None), ("acme://new", None), ("old", "old"), ("acme://x", "acme://x")],
)  # fmt: skip
def test_a_store_that_does_not_exist_is_none(location: str, expected: str | None) -> None:
    """It is not created."""
    found = open_existing_target(location)
    assert (None if found is None else address(found)) == expected
    assert not Path("new").exists()


def test_a_store_that_cannot_be_reached_is_an_error() -> None:
    """A store that does not answer may exist, so it is not taken for a new one."""
    with pytest.raises(UnavailableError):
        open_existing_target("acme://unavailable")
