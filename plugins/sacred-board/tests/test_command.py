"""Tests of the command line of ``sacred board``."""

import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sacred_board import opening, server
from sacred_board.board import Board
from sacred_board.command import DEFAULT_PORT, show_board

from sacred_core import Experiment
from sacred_core.exceptions import SacredError
from sacred_core.observers import FileStorageObserver

TOKEN = "correct-horse-battery"


def record(folder: Path) -> None:
    """Record a run into a folder."""
    ex = Experiment("train", save_git_info=False)
    ex.main(lambda: None)
    ex.observers.append(FileStorageObserver(folder))
    ex.run()


@pytest.fixture
def served(monkeypatch) -> list[tuple[Board, socket.socket, bool]]:
    """Boards that the command would serve, with their sockets."""
    boards: list[tuple[Board, socket.socket, bool]] = []

    def serve(board: Board, listening: socket.socket, opens_browser: bool, **rest: object) -> None:
        boards.append((board, listening, opens_browser))
        listening.close()

    monkeypatch.setattr(server, "serve", serve)
    return boards


@pytest.fixture
def call(tmp_path: Path, monkeypatch) -> Callable[..., Result]:
    """Call the command in a folder with the store `runs`, which has one run, and `more`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SACRED_BOARD_TOKEN", raising=False)
    monkeypatch.setattr(opening, "PATIENCE", 60.0)  # a busy machine opens stores late
    for name in ("runs", "more"):
        record(tmp_path / name)
    return lambda *words: CliRunner().invoke(show_board, ["--port", "0", *words])


def test_locations_may_be_flags_of_observers(call, served) -> None:
    """Each has a short name for addresses; nothing is printed but by the server."""
    result = call("runs", "-F", "more", "--edit")
    assert (result.exit_code, result.output) == (0, "")
    [(board, _, opens_browser)] = served
    assert [(each.name, each.slug) for each in board.locations] == [
        ("runs", "runs"),
        ("-F more", "more"),
    ]
    assert board.is_editable and board.token is None and not opens_browser


@pytest.mark.parametrize("option", ["--traceback", "--edit"])
def test_tracebacks_are_logged_on_request(call, monkeypatch, option: str) -> None:
    """`sacred` removes the option --traceback before it calls the command."""
    found = []

    def serve(board: Board, listening: socket.socket, *rest: object, has_log: bool) -> None:
        listening.close()
        found.append(has_log)

    monkeypatch.setattr(server, "serve", serve)
    monkeypatch.setattr("sys.argv", ["sacred", "board", "runs", option])
    assert call("runs").exit_code == 0
    assert found == [option == "--traceback"]


def test_a_location_after_dashes_is_no_option(call, served) -> None:
    """The rules are those of other programs."""
    assert isinstance(call("--", "-F").exception, SacredError)
    assert call("--open", "--", "runs").exit_code == 0
    assert served[0][2]


def test_the_stores_in_a_folder_are_one_location(call, served) -> None:
    """With --recursive the folder itself needs no store."""
    assert call("-r", ".").exit_code == 0
    [(board, _, _)] = served
    assert [each.name for each in board.locations] == ["."]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["nowhere"], "there is no folder 'nowhere'"),
        (["runs", "./runs"], "both locations are the same: 'runs'"),
        (["sqlite:///nothing.db"], "there is no database"),
        (["acme://x:hunter22@y"], "no installed plugin reads 'acme://x:***@y'"),
        (["-r", "runs/1"], "there are no runs in 'runs/1'"),
        (["runs", "--host", "no.such.host.invalid", "--token", TOKEN], "cannot accept connections"),
    ],
)
def test_a_location_without_a_store_is_an_error(call, served, words, sentence) -> None:
    """The command ends with a sentence, and serves nothing."""
    result = call(*words)
    assert isinstance(result.exception, SacredError) and sentence in str(result.exception)
    assert served == []


def test_an_empty_store_is_served_with_a_hint(call, served, tmp_path: Path) -> None:
    """The warning has the flag with which runs are recorded."""
    (tmp_path / "new").mkdir()
    result = call("new")
    assert result.output == (
        "Warning: The folder 'new' is empty: record one there with the flag -F of a script\n"
    )
    assert len(served) == 1


def test_a_store_that_does_not_answer_is_served_with_a_warning(call, served, monkeypatch) -> None:
    """A database may be started later; its location without the password is in the warning."""
    with socket.create_server(("127.0.0.1", 0)) as silent:  # accepts, and never answers
        monkeypatch.setattr(opening, "PATIENCE", 0.5)
        url = f"mongodb://ada:hunter22@127.0.0.1:{silent.getsockname()[1]}/db"
        result = call("runs", url)
    assert result.exit_code == 0
    shown = url.replace("hunter22", "***")
    assert result.output == (
        f"Warning: {shown} has not answered; its runs are shown when it can be reached\n"
    )
    assert [each.name for each in served[0][0].locations] == ["runs", shown]


def test_a_store_that_cannot_be_reached_is_served_with_a_warning(call, served, monkeypatch) -> None:
    """The warning has the reason."""
    from sacred_core.exceptions import UnavailableError

    def refuse(*args: object) -> None:
        raise UnavailableError("db at 127.0.0.1: connection refused")

    monkeypatch.setattr(opening, "open_runs", refuse)
    assert call("mongodb://127.0.0.1/db").output == (
        "Warning: db at 127.0.0.1: connection refused; its runs are shown when it can be reached\n"
    )
    assert len(served) == 1


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "node7"])
def test_other_hosts_need_a_token(call, served, host: str) -> None:
    """Without one the command line is wrong: exit code 2."""
    result = call("runs", "--host", host)
    assert result.exit_code == 2 and served == []
    assert f"Error: other machines can connect to {host}, which requires a token" in result.output


def test_the_token_comes_from_the_environment(call, served, monkeypatch) -> None:
    """An option replaces it; it is never printed."""
    monkeypatch.setenv("SACRED_BOARD_TOKEN", TOKEN)
    assert call("runs", "--host", "0.0.0.0").exit_code == 0
    result = call("runs", "--token", "short")
    assert result.exit_code == 2 and "at least 12 characters, got 5" in result.output
    monkeypatch.setenv("SACRED_BOARD_TOKEN", "")
    assert call("runs").exit_code == 0
    assert [board.token for board, _, _ in served] == [TOKEN, None]
    assert TOKEN not in repr(served[0][0])


@pytest.mark.parametrize("port", ["65536", "-1", "http"])
def test_a_port_that_does_not_exist_is_an_error(call, served, port: str) -> None:
    """The command line is wrong: exit code 2."""
    result = call("runs", "--port", port)
    assert result.exit_code == 2 and served == []
    assert "Invalid value for '--port'" in result.output


def test_a_port_in_use_is_replaced_and_printed(call, served) -> None:
    """The next free port is used."""
    with server.open_socket("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        result = call("runs", "--port", str(port))
    assert result.exit_code == 0
    assert f"Port {port} is in use: " in result.output


def test_the_default_port_is_that_of_no_known_tool() -> None:
    """It is below the ports that systems choose, and none that browsers refuse."""
    known = {5000, 5006, 6006, 7860, 8000, 8080, 8097, 8265, 8501, 8787, 8888, 9000, 9090, 43800}
    assert DEFAULT_PORT not in known
    assert 10_080 < DEFAULT_PORT < 32_768
    keys = {"B": 2, "O": 6, "A": 2, "R": 7, "D": 3}
    assert int("".join(str(keys[letter]) for letter in "BOARD")) == DEFAULT_PORT
