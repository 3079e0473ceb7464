"""Tests of the built-in kinds that errors have beside `SacredError`, as scripts expect them."""

import copy
import errno
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sacred_core import Experiment
from sacred_core.exceptions import (
    CommandNotFoundError,
    ConfigFileAccessError,
    ConfigFileError,
    ConfigFileNotFoundError,
    ReadOnlyConfigError,
    SacredError,
)
from sacred_core.system_errors import system_error_text


@pytest.fixture
def ex(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Experiment:
    monkeypatch.chdir(tmp_path)
    return Experiment("kinds")


def run_main(ex: Experiment) -> None:
    ex.main(lambda: None)
    ex.run()


MISTAKES: list[tuple[str, Callable[[Experiment], object], type[Exception], str]] = [
    ("two ways", lambda ex: ex.add_config({}, a=1), ValueError, "got several"),
    ("nothing", lambda ex: ex.add_config(), ValueError, "got none"),
    ("named: two ways", lambda ex: ex.add_named_config("n", {}, a=1), ValueError, "got several"),
    ("named: nothing", lambda ex: ex.add_named_config("n"), ValueError, "got none"),
    ("number", lambda ex: ex.add_config(3), TypeError, "got 3"),  # type: ignore[arg-type]
    ("list", lambda ex: ex.add_config([1]), TypeError, r"got \[1\]"),  # type: ignore[arg-type]
    ("named: number", lambda ex: ex.add_named_config("n", 3), TypeError, "got 3"),  # type: ignore[arg-type]
    ("value", lambda ex: ex.add_config(f=len), TypeError, "'f' is <built-in"),
    ("config hook", lambda ex: ex.config_hook(lambda config: {}), ValueError, r"takes \(config\)"),
    ("option hook", lambda ex: ex.option_hook(lambda opts: None), KeyError, "named 'options'"),
    ("version", lambda ex: ex.add_package_dependency("x", "not.a.version"), ValueError, "'x'"),
    ("missing file", lambda ex: ex.add_config("nope.json"), FileNotFoundError, "nope.json"),
    ("missing, odd suffix", lambda ex: ex.add_config("nope.xyz"), FileNotFoundError, "nope.xyz"),
    ("missing path", lambda ex: ex.add_config(Path("no.yml")), FileNotFoundError, "no.yml"),
    (
        "missing named file", lambda ex: ex.add_named_config("n", "no.yml"), FileNotFoundError,
        "no.yml",
    ),
    (
        "missing file of a run", lambda ex: ex.run("print_config", named_configs=["no.yml"]),
        FileNotFoundError, "no.yml",
    ),
    ("folder", lambda ex: (Path("d.json").mkdir(), ex.add_config("d.json")), OSError, "d.json"),
    ("no command", lambda ex: ex.run(), RuntimeError, "no command to run: .*'kinds'"),
    ("no main function", lambda ex: ex.run(), KeyError, "no main function"),
    ("unknown command", lambda ex: ex.run("nope"), KeyError, "no command 'nope'"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("mistake", "kind", "message"), [row[1:] for row in MISTAKES], ids=[row[0] for row in MISTAKES]
)
def test_a_mistake_is_an_error_of_ours_and_of_the_usual_kind(
    ex: Experiment,
    mistake: Callable[[Experiment], object],
    kind: type[Exception],
    message: str,
) -> None:
    """A program that catches what Sacred raises catches ours; the message is one plain line."""
    with pytest.raises(kind, match=message) as caught:
        mistake(ex)
    assert isinstance(caught.value, SacredError)
    assert str(caught.value)[:1] not in "'\"[" and "\n" not in str(caught.value)


def test_a_missing_source_file_is_not_found(ex: Experiment) -> None:
    """`add_source_file` raises what opening the file raises."""
    with pytest.raises(FileNotFoundError, match=r"nope\.txt"):
        ex.add_source_file("nope.txt")


def test_a_missing_file_has_the_number_and_name_of_the_system(ex: Experiment) -> None:
    """`errno` and `filename` are those of `FileNotFoundError`, also after copying and pickling."""
    with pytest.raises(ConfigFileNotFoundError) as caught:
        ex.add_config("nope.json")
    for error in (
        caught.value,
        copy.copy(caught.value),
        pickle.loads(pickle.dumps(caught.value)),
    ):
        assert (error.errno, error.filename) == (errno.ENOENT, "nope.json")
        assert str(error) == str(caught.value)


def test_a_missing_file_is_reported_before_an_unknown_format(ex: Experiment) -> None:
    """An existing file of another format is an error too, but it is found."""
    Path("there.xyz").touch()
    with pytest.raises(ConfigFileError, match=r"format of 'there.xyz' is unknown") as caught:
        ex.add_config("there.xyz")
    assert not isinstance(caught.value, OSError)


def test_a_file_that_cannot_be_written_is_an_os_error(ex: Experiment) -> None:
    """`save_config` into a folder that does not exist raises an error of ours of that kind."""
    with pytest.raises(ConfigFileNotFoundError, match="cannot be written"):
        ex.run("save_config", config_updates={"config_filename": "no/folder/c.json"})


def test_a_file_without_permission_is_an_os_error(
    ex: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The number of the system's error remains."""
    refused = PermissionError(errno.EACCES, os.strerror(errno.EACCES), "c.json")

    def stat(path: Path) -> Any:
        raise refused

    with monkeypatch.context() as patched:
        patched.setattr(Path, "stat", stat)
        with pytest.raises(ConfigFileAccessError, match="cannot be read") as caught:
            ex.add_config("c.json")
    assert caught.value.errno == errno.EACCES


@pytest.mark.parametrize("version", ["1", "1.8.2", "v1.0", "2020a", "1.2.3.dev0+g1", "1!2.0rc1"])
def test_versions_of_pep_440_are_recorded(ex: Experiment, version: str) -> None:
    """Every form that the packaging standard defines is taken."""
    ex.add_package_dependency("x", version)
    assert ex.added_dependencies == {"x": version}


@pytest.mark.parametrize("version", ["", "latest", ">=1.0", "1..2", "1.0-", None, 1.5])
def test_other_versions_are_refused(ex: Experiment, version: Any) -> None:
    """The error quotes what was given, and nothing is recorded."""
    with pytest.raises(ValueError, match=r"must be a string like '1\.2\.3'"):
        ex.add_package_dependency("x", version)
    assert ex.added_dependencies == {}


CHANGES: list[Callable[[dict[str, Any]], object]] = [
    lambda config: config.update(a=1),
    lambda config: config.__setitem__("a", 1),
    lambda config: config["items"].append(1),
    lambda config: config["inner"].pop("b"),
]


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_of_the_configuration_is_a_read_only_error(
    ex: Experiment, change: Callable[[dict[str, Any]], object]
) -> None:
    """The message names the reason and what to do, for every container at every depth."""
    ex.add_config(a=0, items=[0], inner={"b": 1})

    @ex.main
    def main(_config: dict[str, Any]) -> None:
        with pytest.raises(ReadOnlyConfigError, match=r"read-only.*copy\.deepcopy"):
            change(_config)

    ex.run()


def test_no_main_function_is_a_command_that_is_not_found(ex: Experiment) -> None:
    """One `except` is enough for both."""
    with pytest.raises(CommandNotFoundError):
        ex.run()


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (OSError("odd"), "odd"),
        (OSError(28, "No space left on device"), "No space left on device"),
        (OSError(2, "No such file or directory", "a"), "No such file or directory: 'a'"),
        (OSError(13, "Permission denied", Path("a")), "Permission denied: 'a'"),
        (OSError(13, "Permission denied", b"a"), "Permission denied: 'a'"),
        (OSError(9, "Bad file descriptor", 3), "Bad file descriptor: descriptor 3"),
    ],
)
def test_an_error_of_the_system_is_described_without_its_number(error: OSError, text: str) -> None:
    """The reason and the file, of any type that Python accepts, are in the sentence."""
    assert system_error_text(error) == text
