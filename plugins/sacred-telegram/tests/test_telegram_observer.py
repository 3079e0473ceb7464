"""The messages to a chat of whole runs."""

import json
from pathlib import Path
from typing import Any

import pytest
from sacred_telegram import TelegramObserver

from sacred_core import Experiment
from sacred_core.exceptions import ConfigFileError, SacredError
from sacred_core.testing import EventDriver, ObserverContract
from sacred_core.testing.experiments import experiment_with_each_end


class TestContract(ObserverContract):
    secret = "AASECRET-token"

    @pytest.fixture(autouse=True)
    def _api(self, api: Any, token: str) -> None:
        self.arguments = token, api.url

    def make_observer(self, tmp_path: Path) -> TelegramObserver:
        token, url = self.arguments
        return TelegramObserver(token, 42, base_url=url)


def experiment(observer: TelegramObserver) -> Experiment:
    ex = experiment_with_each_end(observer, "slow_cooking", "the <pot> & *the* `lid`")
    ex.add_config(lr=0.5)
    return ex


def test_a_completed_run(api: Any, observer: TelegramObserver) -> None:
    """Its start is sent silently, then its end with the result."""
    assert experiment(observer).run().result == 42
    start, end = api.sent
    assert start["text"].startswith("▶️ <b>slow_cooking</b> started at <i>20")
    assert end["text"] == "✅ <b>slow_cooking</b> completed after <i>0:00:00</i> with " + (
        "result=<code>42</code>"
    )
    assert [m["disable_notification"] for m in api.sent] == [True, False]
    assert {(m["chat_id"], m["parse_mode"]) for m in api.sent} == {(42, "HTML")}


def test_the_start_is_sent_before_anything_is_computed(
    api: Any, observer: TelegramObserver
) -> None:
    """The run sees that it was announced."""
    ex = experiment(observer)

    @ex.command
    def look() -> int:
        return len(api.sent)

    assert ex.run("look").result == 1


@pytest.mark.parametrize("is_silent", [True, False])
def test_only_completions_may_be_silent(api: Any, token: str, is_silent: bool) -> None:
    """Failures and interruptions make a sound whatever is asked for."""
    ex = experiment(TelegramObserver(token, 42, is_silent, started_text="", base_url=api.url))
    ex.run()
    with pytest.raises(ValueError, match="the <pot>"):
        ex.run("fail")
    with pytest.raises(KeyboardInterrupt):
        ex.run("interrupt")
    assert [m["disable_notification"] for m in api.sent] == [is_silent, False, False]


def test_a_failed_run(api: Any, observer: TelegramObserver) -> None:
    """The error and the traceback mean themselves in HTML."""
    with pytest.raises(ValueError, match="the <pot>"):
        experiment(observer).run("fail")
    first, _, block = api.texts[-1].partition("\n")
    error = "ValueError: the &lt;pot&gt; &amp; *the* `lid`"
    assert first.endswith(f"failed after <i>0:00:00</i> with <code>{error}</code>")
    assert block.startswith("<pre>Traceback (most recent") and block.endswith(f"{error}</pre>")


def test_an_interrupted_run(api: Any, observer: TelegramObserver) -> None:
    """The message has the reason."""
    with pytest.raises(KeyboardInterrupt):
        experiment(observer).run("interrupt")
    assert api.texts[-1].endswith("stopped after <i>0:00:00</i>: INTERRUPTED")


def test_nested_runs(api: Any, token: str) -> None:
    """Each run has its own messages."""
    observer = TelegramObserver(
        token, 42, started_text="{command}?", completed_text="{result}!", base_url=api.url
    )
    inner, outer = experiment(observer), Experiment("outer", save_git_info=False)
    outer.observers.append(observer)

    @outer.command
    def around() -> str:
        return f"around {inner.run().result}"

    outer.run("around")
    assert api.texts == ["around?", "main?", "42!", "around 42!"]


@pytest.mark.parametrize("suffix", ["json", "yaml", "pickle"])
def test_a_file_describes_the_observer(api: Any, token: str, tmp_path: Path, suffix: str) -> None:
    """A file describes the observer, in any format of configuration files; a text that is null
    sends nothing.
    """
    from sacred_core.config.files import dump_config_file

    entries = {
        "token": token,
        "chat_id": "-10042",
        "silent_completion": True,
        "proxy_url": None,
        "base_url": f"{api.url}/bot",
        "started_text": None,
        "completed_text": "*{ex_info[name]}* has {result}",
    }
    dump_config_file(entries, tmp_path / f"telegram.{suffix}")
    experiment(TelegramObserver.from_config(tmp_path / f"telegram.{suffix}")).run()
    [message] = api.sent
    assert message["text"] == "<b>slow_cooking</b> has 42"
    assert (message["chat_id"], message["disable_notification"]) == ("-10042", True)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"token": None}, "has no entry 'token'"),
        ({"chat_id": None}, "has no entry 'chat_id'"),
        ({"token": 7}, "the token is not that of a bot"),
        ({"token": "12:SECRET x"}, "the token is not that of a bot"),
        ({"chat_id": True}, "chat_id must be the number of a chat, got True"),
        ({"silent_completion": "no"}, "silent_completion must be true or false, got 'no'"),
        ({"slient_completion": True}, "did you mean 'silent_completion'"),
        ({"base_url": "localhost:8081"}, "base_url must be the URL of a Bot API server"),
        ({"proxy_url": "gopher://u:SECRET@h:70/"}, "http or socks5, not gopher://…"),
        ({"proxy_url": "u:SECRET@h"}, "proxy_url is PROTOCOL://PROXY_HOST:[PROXY_PORT]/"),
        ({"proxy_url": "http://h:SECRET/"}, "proxy_url is PROTOCOL://PROXY_HOST:[PROXY_PORT]/"),
        ({"username": "u", "password": "SECRET"}, "are for a proxy"),
        ({"started_text": "{elapsed_time}"}, "started_text has the field {elapsed_time}"),
        ({"failed_text": "x" * 5000}, "the maximum of a message is 4096"),
    ],
)
def test_a_wrong_file_is_one_sentence(
    tmp_path: Path, changes: dict[str, Any], expected: str
) -> None:
    """It names what is missing, unknown or wrong, and shows no secret."""
    file = tmp_path / "telegram.json"
    file.write_text(json.dumps({"token": "12:SECRET", "chat_id": 42, **changes}))
    with pytest.raises(SacredError) as caught:
        TelegramObserver.from_config(file)
    assert expected in str(caught.value) and "SECRET" not in str(caught.value)


def test_a_file_that_cannot_be_parsed_is_not_quoted(tmp_path: Path) -> None:
    """The parser would show the line with the token."""
    (tmp_path / "a.yaml").write_text('chat_id: 42\ntoken: "12:SECRET" "x"')
    with pytest.raises(ConfigFileError, match="in line 2") as caught:
        TelegramObserver.from_config(tmp_path / "a.yaml")
    assert "SECRET" not in f"{caught.value!r} {caught.value.__context__!r}"


def test_only_the_first_end_of_a_run_is_sent(api: Any, observer: TelegramObserver) -> None:
    """An end that comes again, as delivery may, is not sent again."""
    driver = EventDriver(observer, times=3)
    driver.start()
    driver.complete(result=1)
    assert len(api.sent) == 2


def test_a_long_traceback_is_cut(api: Any, observer: TelegramObserver) -> None:
    """A long traceback is cut: at most 4,096 characters, and the marks around what is cut are
    whole.
    """
    driver = EventDriver(observer)
    driver.start()
    driver.fail((*['  File "<&>"\n'] * 10_000, "ValueError: \U0001f600 the end\n"))
    text = api.texts[-1]
    assert len(text.encode("utf-16-le")) // 2 <= 4096
    assert "characters cut]" in text and text.endswith("ValueError: \U0001f600 the end</pre>")


def test_a_queued_run_sends_no_message(api: Any, observer: TelegramObserver) -> None:
    """Nothing started, and nothing stopped."""
    experiment(observer).run(options={"--queue": True})
    assert api.sent == []
