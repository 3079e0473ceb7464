"""Tests of who may use a board."""

import pytest
from sacred_board.access import (
    MOST_WRONG,
    MOST_WRONG_OF_ALL,
    Access,
    Attempts,
    TooManyAttemptsError,
    is_loopback,
    split_host,
    token_problem,
)

from sacred_core.exceptions import OptionError
from sacred_core.masking import mask_text

TOKEN = "correct-horse-battery"


@pytest.mark.parametrize(
    "header",
    ["localhost", "127.0.0.1:26273", "127.3.2.1", "[::1]:80", "LOCALHOST:1", "a.localhost.:9"],
)
def test_loopback_names_are_accepted_with_any_port(header: str) -> None:
    """A forwarded connection has another port than the board."""
    assert Access("127.0.0.1", None).accepts_host(header)


@pytest.mark.parametrize(
    "header",
    [
        "", "evil.example", "evil.example:26273", "127.0.0.1.evil.example",
        "localhost.evil.example", "localhost@evil.example", "evil.example#localhost",
        "localhost/evil", "localhost:80:80", "192.168.0.7:26273", "[::2]", "0.0.0.0:26273", "::1",
        "localhost:port", "127.0.0.1 evil",
    ],
)  # fmt: skip
def test_other_names_are_refused(header: str) -> None:
    """A site that resolves to this machine has its own name; invalid names are refused too."""
    assert not Access("127.0.0.1", None).accepts_host(header)


@pytest.mark.parametrize(
    ("host", "header", "is_accepted"),
    [
        ("0.0.0.0", "192.168.0.7:26273", True),
        ("0.0.0.0", "evil.example", False),
        ("node7.example.org", "Node7.example.org:26273", True),
        ("node7.example.org", "node8.example.org", False),
        ("node7.example.org", "[2001:db8::1]:1", True),
        ("192.168.0.7", "localhost:26273", True),
    ],
)
def test_boards_of_other_hosts_accept_addresses_and_their_name(
    host: str, header: str, is_accepted: bool
) -> None:
    """Names of other sites cannot be IP addresses."""
    assert Access(host, TOKEN).accepts_host(header) is is_accepted


def test_the_name_of_the_machine_is_accepted_where_all_addresses_are_served(monkeypatch) -> None:
    """The printed address has the name of the machine."""
    monkeypatch.setattr("socket.gethostname", lambda: "Node7")
    monkeypatch.setattr("socket.getfqdn", lambda: "node7.example.org")
    access = Access("::", TOKEN)
    assert access.accepts_host("node7:26273") and access.accepts_host("node7.example.org")
    assert not Access("127.0.0.1", TOKEN).accepts_host("node7")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "node7", "192.168.0.7", "localhost.example.org"])
def test_other_hosts_need_a_token(host: str) -> None:
    """The message names the variable, and has a token that can be used."""
    with pytest.raises(OptionError, match="requires a token: set SACRED_BOARD_TOKEN") as caught:
        Access(host, None)
    suggestion = str(caught.value).rpartition(" ")[2]
    assert token_problem(host, suggestion) == ""


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "127.9.9.9"])
def test_this_machine_needs_no_token(host: str) -> None:
    """Loopback addresses cannot be reached from other machines."""
    assert is_loopback(host)
    assert not Access(host, None).needs_token


def test_a_short_token_is_refused() -> None:
    """The message has the required length."""
    assert token_problem("localhost", "x" * 11) == (
        "the token must have at least 12 characters, got 11"
    )
    assert token_problem("0.0.0.0", "x" * 12) == ""


def test_only_the_correct_token_starts_a_session() -> None:
    """A session is not the token, and differs from start to start."""
    access = Access("127.0.0.1", TOKEN)
    session = access.start_session(TOKEN, "client")
    assert session is not None and access.accepts_session(session) and session != TOKEN
    assert access.start_session(TOKEN[:-1], "client") is None
    assert access.start_session("", "client") is None
    assert not access.accepts_session(TOKEN) and not access.accepts_session("")
    assert not Access("127.0.0.1", TOKEN).accepts_session(session)
    assert Access("127.0.0.1", None).start_session("", "client") is None


def test_guessing_is_limited_by_client_and_by_time() -> None:
    """After too many wrong tokens of a client its next is not compared for a minute."""
    access = Access("127.0.0.1", TOKEN)
    for number in range(MOST_WRONG):
        assert not access.accepts_token(f"guess {number}", "attacker")
    with pytest.raises(TooManyAttemptsError, match="try again in a minute"):
        access.accepts_token(TOKEN, "attacker")
    assert access.accepts_token(TOKEN, "user")


def test_all_clients_together_are_limited_and_a_minute_later_none_is() -> None:
    """An attacker with many addresses gets no more guesses."""
    now = 0.0
    attempts = Attempts(clock=lambda: now)
    for number in range(MOST_WRONG_OF_ALL):
        attempts.require_few(f"client {number}")
        attempts.add_wrong(f"client {number}")
    with pytest.raises(TooManyAttemptsError):
        attempts.require_few("another")
    now = 60.0
    attempts.require_few("another")


def test_the_token_is_in_no_repr_and_is_masked() -> None:
    """Errors and logs that contain the token show stars."""
    access = Access("127.0.0.1", TOKEN)
    assert repr(access) == "Access('127.0.0.1')"
    assert TOKEN not in mask_text(f"sacred board --token {TOKEN} runs")


@pytest.mark.parametrize(
    ("header", "parts"),
    [("a:1", ("a", 1)), ("A.", ("a", 80)), ("[::1]:2", ("::1", 2)), ("a:", None), ("a b", None)],
)
def test_a_host_header_is_split(header: str, parts: object) -> None:
    """The name is in lower case; the port is 80 where there is none."""
    assert split_host(header) == parts
