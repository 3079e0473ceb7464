"""Slack that is down, slow, busy or rude harms no run."""

import contextlib
import logging
import socket
import ssl
import threading
import time
import tracemalloc
import zlib
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from sacred_messages.delivery import Answer, MessageError, RetryTimes, deliver, post
from sacred_slack import SlackObserver
from werkzeug import Response

from sacred_core.observers import QueueObserver
from sacred_core.testing import EventDriver
from sacred_core.testing.event_driver import record_completed_run
from sacred_core.testing.experiments import run_main, shown_while_recording


@pytest.mark.parametrize("first", [[500], [503, 502], [429], [Response("x", 500)]])
def test_what_may_pass_is_tried_again(
    slack: Any, observer: SlackObserver, first: list[Any]
) -> None:
    """After 429 and 5xx the message is posted, and posted once."""
    slack.answers = list(first)
    record_completed_run(observer)
    assert len(slack.asked) == len(first) + 1 and len(slack.posted) == 1


def test_slack_sets_the_time_of_the_retry(
    slack: Any, observer: SlackObserver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pause is that of Retry-After, if the time for retries is long enough."""
    waited: list[float] = []
    clock = SimpleNamespace(monotonic=time.monotonic, sleep=waited.append)
    monkeypatch.setattr("sacred_messages.delivery.time", clock)
    slack.answers = [Response("slow down", 429, {"Retry-After": "7"})]
    record_completed_run(observer)
    assert waited == [7] and len(slack.posted) == 1
    slack.answers = [Response("slow down", 429, {"Retry-After": "3600"})]
    with pytest.raises(MessageError, match="answers 429: slow down"):
        record_completed_run(observer)
    assert waited == [7] and len(slack.posted) == 1


@pytest.mark.parametrize("status", [302, 400, 403, 404, 410])
def test_a_refusal_is_not_tried_again(slack: Any, observer: SlackObserver, status: int) -> None:
    """A refusal is not tried again, not even at another address that Slack names: its answer is
    reported, once.
    """
    slack.answers = [Response("no_service", status, {"Location": "http://127.0.0.1:1/"})]
    with pytest.raises(MessageError, match=rf"^Slack at 127\.0\.0\.1:\d+ answers {status}"):
        record_completed_run(observer)
    assert len(slack.asked) == 1


def test_tries_are_counted(slack: Any, observer: SlackObserver) -> None:
    """A server that stays broken is asked five times."""
    slack.answers = [500] * 9
    with pytest.raises(MessageError, match="answers 500: broken"):
        record_completed_run(observer)
    assert len(slack.asked) == 5


def test_an_event_that_failed_is_taken_when_it_comes_again(
    slack: Any, observer: SlackObserver
) -> None:
    """The core may give it again, and then it is posted."""
    slack.answers = [404]
    driver = EventDriver(observer)
    driver.start()
    with pytest.raises(MessageError):
        driver.complete(result=1)
    driver.complete(result=1)
    driver.complete(result=1)
    assert len(slack.posted) == 1


def test_a_server_that_is_down_harms_no_run(
    closed_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The run returns its result; one warning reports the failure, one the missing message."""
    observer = SlackObserver(closed_url)
    observer.pause = 0.001
    assert run_main(observer, lambda: 42).result == 42
    failed, missed = [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING]
    assert "SlackObserver failed in completed_event: Slack at 127.0.0.1" in failed
    assert "SlackObserver did not record: completed_event (Slack at 127.0.0.1" in missed
    assert "cannot be reached (Connection refused)" in failed
    assert "cannot be reached (Connection refused)" in missed


def test_a_server_that_is_not_slack_receives_nothing(slack: Any) -> None:
    """The certificate is checked, and the error has the reason."""
    trustme = pytest.importorskip("trustme")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    with HTTPServer(host="127.0.0.1", port=0, ssl_context=context) as server:
        observer = SlackObserver(server.url_for("/services/SECRET"))
        observer.pause = 0.001
        with pytest.raises(MessageError, match=r"cannot be reached \(.*certificate"):
            record_completed_run(observer)
        assert server.log == []


def test_a_server_that_never_answers_ends_no_patience(
    slack: Any, observer: SlackObserver, caplog: pytest.LogCaptureFixture
) -> None:
    """A try has its time, and all tries together have theirs."""
    released = threading.Event()
    slack.during = lambda: released.wait(60) and None
    observer.timeout, observer.patience = 0.1, 0.3
    try:
        assert run_main(observer, lambda: 42).result == 42
    finally:
        released.set()
    assert "does not answer in time" in caplog.text


def test_no_try_begins_after_the_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pause that takes longer than asked for, as on a busy machine, is followed by no try."""
    now = [100.0]

    def sleep(seconds: float) -> None:
        now[0] += 10 * seconds

    clock = SimpleNamespace(monotonic=lambda: now[0], sleep=sleep)
    monkeypatch.setattr("sacred_messages.delivery.time", clock)
    timeouts: list[float] = []

    def ask(timeout: float) -> Answer:
        timeouts.append(timeout)
        return Answer(503)

    with pytest.raises(MessageError, match="Slack answers 503"):
        deliver("Slack", ask, RetryTimes(timeout=1.0, total=1.5, pause=0.05))
    assert timeouts == [1.0, 1.0]


def test_an_answer_that_trickles_is_not_waited_for() -> None:
    """Each byte comes within the timeout of the library, the whole never does."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        stopped = threading.Event()

        def trickle() -> None:
            client, _ = listener.accept()
            with client, contextlib.suppress(OSError):  # the connection is closed in the end
                while not stopped.wait(0.02):
                    client.sendall(b"H")

        thread = threading.Thread(target=trickle)
        thread.start()
        observer = SlackObserver(f"http://127.0.0.1:{listener.getsockname()[1]}/services/x")
        observer.timeout, observer.patience = 0.2, 0.3
        try:
            with pytest.raises(MessageError, match="does not answer in time"):
                record_completed_run(observer)
        finally:
            stopped.set()
            thread.join()


def test_an_answer_without_end_is_not_read_to_its_end(slack: Any, observer: SlackObserver) -> None:
    """Something that is not Slack may answer anything; the error has the beginning."""
    slack.answers = [Response((b"x" * 65536 for _ in range(10_000)), 404)]
    with pytest.raises(MessageError, match=r"answers 404: x{200}…$"):
        record_completed_run(observer)


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br"])
def test_a_compressed_answer_is_read_up_to_a_limit(
    slack: Any, observer: SlackObserver, encoding: str
) -> None:
    """200 kB that would be 200 MB are not decompressed."""
    bomb = zlib.compressobj(9, zlib.DEFLATED, 31 if encoding == "gzip" else 15)
    data = b"".join(bomb.compress(b"x" * 10_000_000) for _ in range(20)) + bomb.flush()
    headers = {"Content-Encoding": encoding}
    slack.answers = [Response(data, 404, headers)]
    tracemalloc.start()
    try:
        with pytest.raises(MessageError, match=r"answers 404: x{200}…$|answers 404$"):
            record_completed_run(observer)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 20_000_000


@pytest.mark.parametrize("beginning", [b"", b"HTTP/1.1 ", b"HTTP/1.1 100 Continue\r\n\r\n"])
def test_the_connection_of_a_late_answer_is_closed(beginning: bytes) -> None:
    """When the time is over, also where a server sends a byte now and then."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        closed: list[bool] = []

        def trickle() -> None:
            client, _ = listener.accept()
            with client, contextlib.suppress(OSError):
                client.settimeout(0.02)
                client.sendall(beginning)
                for _ in range(1_000):
                    client.sendall(b"H")
                    with contextlib.suppress(TimeoutError):
                        while client.recv(65536):
                            pass
                        break
            closed.append(True)

        thread = threading.Thread(target=trickle)
        thread.start()
        with pytest.raises(MessageError, match="does not answer in time"):
            post(f"http://127.0.0.1:{listener.getsockname()[1]}/x", {}, 0.3)
        thread.join(20)
        assert closed == [True]


def test_what_was_taken_is_not_posted_again_for_a_late_text(
    slack: Any, observer: SlackObserver
) -> None:
    """By the status Slack has the message, though the body after it never ends."""
    stopped = threading.Event()

    def text() -> Iterator[bytes]:
        while not stopped.wait(0.02):
            yield b"o"

    slack.answers = [Response(text(), 200)] * 2
    observer.timeout = 0.3
    try:
        record_completed_run(observer)
    finally:
        stopped.set()
    assert len(slack.asked) == 1


def test_a_queue_tries_longer(slack: Any, observer: SlackObserver) -> None:
    """What is refused now may be taken by the next try of the queue."""
    slack.answers = [404]
    assert (
        run_main(QueueObserver(observer, interval=0.01, retry_interval=0.01), lambda: 42).result
        == 42
    )
    assert len(slack.posted) == 1


@pytest.mark.parametrize("trouble", ["down", "refused", "password refused", "fine"])
def test_the_url_is_in_no_log_and_no_error(
    slack: Any,
    observer: SlackObserver,
    closed_url: str,
    caplog: pytest.LogCaptureFixture,
    trouble: str,
) -> None:
    """The URL is in no log and no error, also where everything is logged, and the server echoes the
    address.
    """
    caplog.set_level(logging.DEBUG, "urllib3")
    if trouble == "down":
        observer = SlackObserver(closed_url)
        observer.pause = 0.001
    elif trouble == "refused":
        slack.answers = [Response(f"nothing at {slack.url}", 404)] * 2
    elif trouble == "password refused":
        observer = SlackObserver(slack.url.replace("://", "://ann:SECRET-password@"))
        slack.answers = [Response("ann may not use SECRET-password", 401)] * 2
    assert "SECRET" not in shown_while_recording(observer, caplog)


def test_other_requests_are_logged_as_before(
    slack: Any, observer: SlackObserver, caplog: pytest.LogCaptureFixture
) -> None:
    """The user's own use of the library is not silenced."""
    import requests

    caplog.set_level(logging.DEBUG)
    record_completed_run(observer)
    assert "POST" not in caplog.text
    requests.post(slack.url, json={"text": "mine"}, timeout=10).close()
    assert "POST" in caplog.text
