"""Tests of locations: paths, URLs, and flags with their arguments."""

from pathlib import Path
from typing import Any, ClassVar

import pytest

from sacred_core.exceptions import OptionError, PluginLoadError, StoreError
from sacred_core.hooks.lookup import KNOWN_NAMES, distribution_of_scheme
from sacred_core.hooks.records import ObserverSpec
from sacred_core.observers import RunObserver
from sacred_core.stores.opening import open_store, open_target, refuse_new_archive, split_flag
from sacred_core.stores.recognition import find_locations, runs_above


class FolderStore:
    """A store of folders with a file ``runs``."""

    def __init__(self, path: str) -> None:
        self.path = path

    @staticmethod
    def location_of(path: Path) -> str | None:
        return str(path) if (path / "runs").exists() else None


class OtherStore(FolderStore):
    """A store with a location of its own."""

    kind_name = "an Acme"

    @staticmethod
    def location_of(path: Path) -> str | None:
        is_store = (path / "acme").exists() or path.suffix == ".acme"
        return f"acme://{path.as_posix()}" if is_store else None


class ParsingStore(FolderStore):
    """A store that parses the argument of the flag, and fails to recognize anything."""

    @staticmethod
    def location_of(path: Path) -> str | None:
        raise KeyError(path)

    @classmethod
    def from_argument(cls, argument: str) -> "ParsingStore":
        return cls(f"parsed {argument}")


class AcmeObserver(RunObserver):
    """An observer whose location is that of its argument, if it has one."""

    def __init__(self, argument: str) -> None:
        if argument == "wrong":
            raise OptionError("the argument is wrong")
        self.store_location = None if argument == "none" else f"acme://at {argument}"


class RecordingObserver(AcmeObserver):
    """An observer that opens its own store, which need not exist."""

    def open_store(self) -> Any:
        return OtherStore(f"own {self.store_location}")


SPECS = [
    ObserverSpec(None, store=OtherStore, schemes=("read-only",)),
    ObserverSpec("no.such.module:Broken", ("-B",), store="no.such.module:Store", schemes=("b",)),
    ObserverSpec(AcmeObserver, ("-A", "--acme_db"), store=OtherStore, schemes=("acme",)),
    ObserverSpec(AcmeObserver, ("-X",), store=ParsingStore, schemes=("parsing",)),
    ObserverSpec(RecordingObserver, ("-F", "--folder"), store=FolderStore, schemes=("file",)),
    ObserverSpec(RecordingObserver, ("-O",), store=OtherStore, schemes=("own",)),
]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory; the plugins are `SPECS`."""
    for module in ("opening", "recognition"):
        monkeypatch.setattr(f"sacred_core.stores.{module}.store_specs", lambda: SPECS)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def runs(folder: Path) -> Path:
    """A folder of runs with a folder in it."""
    (folder / "my_runs" / "1").mkdir(parents=True)
    (folder / "my_runs" / "runs").touch()
    return folder / "my_runs"


def opened(location: Any) -> Any:
    return open_store(location)


@pytest.mark.parametrize(
    ("location", "kind", "path"),
    [
        ("my_runs", FolderStore, "my_runs"),
        (Path("my_runs"), FolderStore, "my_runs"),
        ("-F my_runs", FolderStore, "my_runs"),
        ("--folder=my_runs", FolderStore, "my_runs"),
        ("--folder my_runs", FolderStore, "my_runs"),
        ("file://my_runs", FolderStore, "file://my_runs"),
        ("-F file://my_runs", FolderStore, "file://my_runs"),
        ("acme://x", OtherStore, "x"),
        ("-A x", OtherStore, "at x"),
        ("-A  x y", OtherStore, "at x y"),
        ("--acme-db=x", OtherStore, "at x"),
        ("--acme_db x=y", OtherStore, "at x=y"),
        ("-X a:1:b", ParsingStore, "parsed a:1:b"),
    ],
)
def test_locations(runs: Path, location: Any, kind: type, path: str) -> None:
    """A path, a URL, or a flag with its argument as on the command line of a script."""
    store = opened(location)
    assert type(store) is kind
    assert store.path.removeprefix("file://") == path.removeprefix("file://")


@pytest.mark.parametrize(
    ("location", "kind", "path"),
    [
        ("my_runs", FolderStore, "my_runs"),
        ("new", OtherStore, "own acme://at new"),
        ("-F new", OtherStore, "own acme://at new"),
        ("own://new", OtherStore, "own acme://at own://new"),
        ("-O x", OtherStore, "own acme://at x"),
        ("read-only://x", OtherStore, "x"),
    ],
)
def test_targets(runs: Path, location: str, kind: type, path: str) -> None:
    """A target that does not exist is opened by the observer that writes to it."""
    store: Any = open_target(location)
    assert (type(store), store.path) == (kind, path)


@pytest.mark.parametrize(
    ("location", "message"),
    [
        ("", "the location is empty"),
        ("nope://x", "no installed plugin reads 'nope://x'"),
        ("my_runs/runs", "is a file, not a folder of runs"),
    ],
)
def test_targets_that_cannot_be_opened(runs: Path, location: str, message: str) -> None:
    """They are refused as locations of stores are."""
    with pytest.raises(StoreError, match=message):
        open_target(location)


def test_new_archives_are_refused(runs: Path) -> None:
    """The error has the command that writes archives; a flag, and another name, are a folder's."""
    for location in ("new.zip", "new.ZIP"):
        with pytest.raises(StoreError, match=f"use 'sacred runs pack LOCATION -o {location}'"):
            refuse_new_archive(location)
    (runs / "old.zip").mkdir()
    for location in ("-F new.zip", "new", "own://new.zip", "my_runs/old.zip", "zip"):
        refuse_new_archive(location)


def test_a_folder_may_look_like_a_flag(folder: Path) -> None:
    """A path that begins with a dash and is no flag is a path."""
    (folder / "-z x").mkdir()
    assert opened("-z x").path == "-z x"
    assert split_flag("-z x") == (None, "-z x")


def test_an_empty_folder_is_opened(folder: Path) -> None:
    """Runs may be recorded there."""
    (folder / "new").mkdir()
    assert opened("new").path == "new"


@pytest.mark.parametrize(
    ("location", "message"),
    [
        ("nope", "there is no folder 'nope'"),
        ("my_rnus", "there is no folder 'my_rnus': did you mean 'my_runs'?"),
        ("-F my_rnus", "there is no folder 'my_rnus': did you mean 'my_runs'?"),
        ("my_runs/7", "there is no folder 'my_runs/7'; there are runs in 'my_runs'"),
        (
            "my_runs/runs",
            "'my_runs/runs' is a file, not a folder of runs; there are runs in 'my_runs'",
        ),
        (
            "a:1:b",
            "there is no folder 'a:1:b'; give the argument of a flag with its flag (-B, -A, "
            "-X, -F, -O)",
        ),
        ("text", "'text' is a file, not a folder of runs"),
        ("text/x", "there is no folder 'text/x'"),
        ("other", "'other' is an Acme, not a folder of runs: use acme://other"),
        ("x.acme", "'x.acme' is an Acme, not a folder of runs: use acme://x.acme"),
        ("broken", "the link 'broken' leads to nothing"),
        (
            "acmee://x",
            "no installed plugin reads 'acmee://x': did you mean acme://? (schemes: acme, b, "
            "file, own, parsing, read-only)",
        ),
        (
            "zzz://u:hunter2@h",
            "no installed plugin reads 'zzz://u:***@h' (schemes: acme, b, file, own, parsing, "
            "read-only)",
        ),
        ("s3://x", "no installed plugin reads 's3://x': "),
        ("-t tdb", "no installed plugin has the flag -t: "),
        ("-A none", "AcmeObserver has no store_location: its runs cannot be read"),
    ],
)
def test_wrong_locations(runs: Path, folder: Path, location: str, message: str) -> None:
    """The message says what is there, and what to use."""
    (folder / "text").write_text("no run")
    (folder / "other" / "acme").mkdir(parents=True)
    (folder / "x.acme").touch()
    (folder / "broken").symlink_to("nothing")
    with pytest.raises(StoreError) as error:
        open_store(location)
    text = str(error.value)
    assert text == message if not message.endswith(": ") else text.startswith(message)


def test_a_wrong_argument_is_the_error_of_the_observer() -> None:
    """The observer's own parsing refuses it."""
    with pytest.raises(OptionError, match="the argument is wrong"):
        open_store("-A wrong")


def test_a_plugin_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """For a scheme and for a flag the message has the command that installs it."""
    monkeypatch.setattr("sacred_core.hooks.lookup.plugin_manager", lambda: _NoPlugins)
    for location in ("mongodb://h/db", "mongodb+srv://h/db", "-m h:1:db", "--mongo-db=db"):
        with pytest.raises(StoreError, match=r": install it with: pip install sacred-mongo$"):
            open_store(location)


class _NoPlugins:
    plugins: ClassVar[list[Any]] = []


def test_a_store_that_cannot_be_imported_is_an_error_only_if_it_is_used(runs: Path) -> None:
    """Other stores are opened and recognized."""
    assert opened("my_runs").path == "my_runs"
    assert find_locations(Path()) == {"my_runs": "my_runs"}
    with pytest.raises((PluginLoadError, ImportError)):
        open_store("-B x")


def test_an_unreadable_parent_is_one_sentence(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error of the system is a `StoreError`."""

    def refuse(self: Path) -> bool:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "is_dir", refuse)
    with pytest.raises(StoreError, match=r"^cannot read 'my_runs': Permission denied$"):
        open_store("my_runs")


@pytest.mark.parametrize(
    ("path", "above"),
    [("my_runs/1", "my_runs"), ("my_runs/1/x", "my_runs"), ("my_runs/1/x/y", None), ("z", None)],
)
def test_the_folder_above(runs: Path, path: str, above: str | None) -> None:
    """Two levels above a path are searched for runs, and nothing that the user did not write."""
    assert runs_above(path) == above


def test_the_working_directory_may_have_the_runs(
    runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a folder of runs, the name of a run is answered with this folder."""
    monkeypatch.chdir(runs)
    assert runs_above("1") == "."


@pytest.mark.parametrize(
    ("scheme", "distribution"),
    [
        ("file", "sacred-file"),
        ("mongodb", "sacred-mongo"),
        ("mariadb", "sacred-sql"),
        ("gs", "sacred-gcs"),
        ("acme", None),
    ],
)
def test_official_plugins_are_known_by_scheme(scheme: str, distribution: str | None) -> None:
    """Each scheme of an official plugin has its distribution."""
    assert distribution_of_scheme(scheme) == distribution
    assert all(known.schemes == () or known.flags for known in KNOWN_NAMES)
