"""Tests of the strings of ``--launch``."""

from pathlib import Path
from typing import Any

import pytest
from sacred_sweep import LauncherSpec, launching
from sacred_sweep.launch_values import (
    read_choice,
    read_count,
    read_integer,
    read_number,
    read_path,
    read_resources,
    read_string,
)
from sacred_sweep.launching import Launched, LaunchError, LaunchRequest, launch_workers

from sacred_core.exceptions import OptionError
from sacred_core.worker import WorkerOptions

WORKER = WorkerOptions(location="postgresql://me:hunter2@host/db", until_empty=True)


def echo(request: LaunchRequest) -> Launched:
    return Launched(workers=1, lines=[request])  # type: ignore[list-item]


def fail(request: LaunchRequest) -> Launched:
    raise RuntimeError(f"no answer for {request.worker.location}")


@pytest.fixture(autouse=True)
def _launchers(monkeypatch: pytest.MonkeyPatch) -> None:
    specs = [LauncherSpec("echo", echo), LauncherSpec("fail", fail)]
    monkeypatch.setattr(launching, "launchers", lambda: specs)


def parse(text: str) -> LaunchRequest:
    request: Any = launch_workers(text, WORKER, Path("sub")).lines[0]
    assert isinstance(request, LaunchRequest)
    return request


@pytest.mark.parametrize(
    ("text", "argument", "options"),
    [
        ("echo:8", "8", {}),
        ("echo", "", {}),
        ("echo:tcp://host:8786,workers=8", "tcp://host:8786", {"workers": "8"}),
        ("echo:8,time=02:00:00, mem=8G", "8", {"time": "02:00:00", "mem": "8G"}),
        ('echo:8,exclude="n1,n2",qos=long', "8", {"exclude": "n1,n2", "qos": "long"}),
        ("echo:'a,b',x='c,d'", "a,b", {"x": "c,d"}),
        ("echo:8,constraint=a=b", "8", {"constraint": "a=b"}),
        ("echo:8,x=", "8", {"x": ""}),
    ],
)
def test_parts(text: str, argument: str, options: dict[str, str]) -> None:
    """The argument ends at the first comma; options follow, and quotes protect commas."""
    request = parse(text)
    assert (request.launcher, request.argument, request.options) == ("echo", argument, options)
    assert request.worker == WORKER
    assert request.folder == Path.cwd() / "sub"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "--launch: expected NAME:ARGUMENT,OPTION=VALUE,…, got ''; launchers: echo, fail"),
        (":8", "--launch: expected NAME:ARGUMENT,OPTION=VALUE,…, got ':8'; launchers: echo, fail"),
        ("echi:8", "--launch: unknown launcher 'echi': did you mean 'echo'? (installed: "),
        ("dusk:8", "--launch: unknown launcher 'dusk': did you mean 'dask'? (installed: "),
        ("other", "--launch: unknown launcher 'other' (installed: "),
        ("echo:8,gpu", "--launch echo: expected OPTION=VALUE, got 'gpu'; put quotes around"),
        ("echo:8,", "--launch echo: expected OPTION=VALUE, got ''; put quotes around"),
        ("echo:8,=1", "--launch echo: expected OPTION=VALUE, got '=1'; put quotes around"),
        ("echo:8,a=1,a=2", "--launch echo: option 'a' is given twice"),
    ],
)  # fmt: skip
def test_wrong_strings(text: str, message: str) -> None:
    """A string of another form, or with an unknown launcher, is an error with what to write."""
    with pytest.raises(OptionError) as caught:
        launch_workers(text, WORKER, Path())
    assert str(caught.value).startswith(message)


def test_launcher_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error for an official launcher names the package to install."""
    monkeypatch.setattr(launching, "PACKAGES", {"acme": "sacred-acme"})
    with pytest.raises(OptionError) as caught:
        launch_workers("acme:8", WORKER, Path())
    assert str(caught.value) == "--launch acme: install it with: pip install sacred-acme"


def test_unexpected_error() -> None:
    """An exception of a launcher is reported without the password of the location."""
    with pytest.raises(LaunchError) as caught:
        launch_workers("fail:8", WORKER, Path())
    assert str(caught.value).startswith("--launch fail: no worker was started: RuntimeError: no")
    assert "hunter2" not in str(caught.value)


def test_options() -> None:
    """Options are read by their names; an unknown one or a wrong value is an error."""
    readers = {"workers": read_count, "requeue": read_choice}
    assert parse("echo:8,workers=3").read_options(readers) == {"workers": 3}
    for text, message in (
        (
            "worker=3",
            "unknown option 'worker': did you mean 'workers'? (options: workers, requeue)",
        ),
        ("x=3", "unknown option 'x' (options: workers, requeue)"),
        ("workers=0", "workers must be an integer from 1, got '0'"),
        ("requeue=1", "requeue must be yes or no, got '1'"),
    ):
        with pytest.raises(OptionError) as caught:
            parse(f"echo:8,{text}").read_options(readers)
        assert str(caught.value) == f"--launch echo: {message}"


def test_argument() -> None:
    """What follows the colon is read by the launcher; the error has an example."""
    assert parse("echo:8").read_argument(read_count, "4") == 8
    for text, given in (("echo:x", "got 'x'"), ("echo", "but there is none")):
        with pytest.raises(OptionError) as caught:
            parse(text).read_argument(read_count, "4")
        assert str(caught.value) == (
            "--launch echo: what follows the colon must be an integer from 1, "
            f"{given}: write for example echo:4"
        )


@pytest.mark.parametrize(
    ("read", "text", "value"),
    [
        (read_count, "12", 12), (read_integer, "-5", -5), (read_number, "0.5", 0.5),
        (read_number, "0", 0.0), (read_choice, "yes", True), (read_choice, "no", False),
        (read_string, "a b", "a b"), (read_path, "~/x", str(Path("~/x").expanduser())),
        (read_resources, "GPU=1; MEM=8e9", {"GPU": 1.0, "MEM": 8e9}),
    ],
)  # fmt: skip
def test_values(read: Any, text: str, value: Any) -> None:
    """Each kind of value is read from its string."""
    assert read(text) == value


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (read_count, "0"), (read_count, "-1"), (read_count, "1.5"), (read_count, "²"),
        (read_count, "1000000"), (read_integer, "1.5"), (read_number, "-1"), (read_number, "nan"),
        (read_number, "inf"), (read_number, "x"), (read_choice, "true"), (read_string, ""),
        (read_string, "a\nb"), (read_path, ""), (read_resources, "GPU"), (read_resources, "=1"),
    ],
)  # fmt: skip
def test_wrong_values(read: Any, text: str) -> None:
    """A value of another kind is refused with what it must be."""
    with pytest.raises(ValueError, match=r"\w+"):
        read(text)


def test_secrets_of_options() -> None:
    """The location is not in what is shown of the options of a worker."""
    assert "host" not in repr(WORKER)
    assert "host" not in repr(parse("echo:8"))
