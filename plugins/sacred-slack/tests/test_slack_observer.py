"""The messages to Slack of whole runs."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from sacred_slack import SlackObserver

from sacred_core import Experiment
from sacred_core.exceptions import ConfigFileError, SacredError, TimeoutInterrupt
from sacred_core.testing import EventDriver, Memory, MemoryObserver, ObserverContract
from sacred_core.testing.documented import overridden
from sacred_core.testing.experiments import experiment_with_each_end


class TestContract(ObserverContract):
    secret = "XXXSECRET"

    @pytest.fixture(autouse=True)
    def _slack(self, slack: Any) -> None:
        self.url = slack.url

    def make_observer(self, tmp_path: Path) -> SlackObserver:
        return SlackObserver(self.url)


def experiment(observer: SlackObserver) -> Experiment:
    ex = experiment_with_each_end(observer, "cooking", "the <pot>\nis black")
    ex.add_config(lr=0.5, dish={"name": "soup"})
    return ex


def test_a_completed_run(slack: Any, observer: SlackObserver) -> None:
    """One message, at the end, with name, time and result."""
    assert experiment(observer).run().result == 42
    [message] = slack.posted
    assert message["text"] == "*cooking* completed after _0:00:00_ with result=`42`"
    assert (message["username"], message["icon_emoji"]) == ("sacred-bot", ":angel:")


def test_a_failed_run(slack: Any, observer: SlackObserver) -> None:
    """The error is named, and the traceback is in a block of code."""
    with pytest.raises(ValueError, match="the <pot>"):
        experiment(observer).run("fail")
    [text] = slack.texts
    first, _, block = text.partition("\n")
    assert first == "*cooking* failed after _0:00:00_ with `ValueError: the &lt;pot&gt;`"
    assert block.startswith("```Traceback (most recent") and block.endswith("is black```")


@pytest.mark.parametrize(
    ("command", "error", "status"),
    [("interrupt", KeyboardInterrupt, "INTERRUPTED"), ("time_out", TimeoutInterrupt, "TIMEOUT")],
)
def test_an_interrupted_run(
    slack: Any, observer: SlackObserver, command: str, error: type[BaseException], status: str
) -> None:
    """The message has the reason."""
    with pytest.raises(error):
        experiment(observer).run(command)
    assert slack.texts == [f"*cooking* stopped after _0:00:00_: {status}"]


@pytest.mark.parametrize("by_position", [True, False])
def test_overridden_methods_send_the_same(
    slack: Any, observer: SlackObserver, by_position: bool
) -> None:
    """Overridden methods send the same, with Sacred's documented signatures, which have no trace of
    an interrupt.
    """
    observer.interrupted_text = "{error}"
    with pytest.raises(KeyboardInterrupt):
        experiment(overridden(observer, by_position)).run("interrupt")
    assert slack.texts == ["KeyboardInterrupt"]


def test_nested_runs(slack: Any, observer: SlackObserver) -> None:
    """Each run has its own message, the inner one first."""
    inner, outer = experiment(observer), Experiment("outer", save_git_info=False)
    outer.observers.append(observer)

    @outer.main
    def main() -> str:
        return f"around {inner.run().result}"

    outer.run()
    assert [text.split("=")[1] for text in slack.texts] == ["`42`", "`around 42`"]


def test_runs_with_an_id_of_a_store(slack: Any, tmp_path: Path) -> None:
    """Templates may name the run as other observers do."""
    files = pytest.importorskip("sacred_file")
    ex = experiment(SlackObserver(slack.url, completed_text="{_id} {command} {config[dish][name]}"))
    ex.observers.append(files.FileStorageObserver(tmp_path / "runs"))
    ex.run(options={"--id": "abc"})
    assert slack.texts == ["abc main soup"]


@pytest.mark.parametrize("suffix", ["json", "yaml", "pickle"])
def test_a_file_describes_the_observer(slack: Any, tmp_path: Path, suffix: str) -> None:
    """A file describes the observer, in any format of configuration files; a text that is null
    sends nothing.
    """
    from sacred_core.config.files import dump_config_file

    entries = {
        "webhook_url": slack.url,
        "icon": "https://example.org/me.png",
        "bot_name": None,
        "completed_text": "YAY! {ex_info[name]} completed with result=`{result}`",
        "interrupted_text": None,
        "failed_text": "Oh noes! {ex_info[name]} failed saying `{error}`",
    }
    dump_config_file(entries, tmp_path / f"slack.{suffix}")
    ex = experiment(SlackObserver.from_config(tmp_path / f"slack.{suffix}"))
    ex.run()
    with pytest.raises(KeyboardInterrupt):
        ex.run("interrupt")
    with pytest.raises(ValueError, match="the <pot>"):
        ex.run("fail")
    assert slack.texts == [
        "YAY! cooking completed with result=`42`",
        "Oh noes! cooking failed saying `ValueError: the &lt;pot&gt;`",
    ]
    assert slack.posted[0]["icon_url"] == "https://example.org/me.png"
    assert slack.posted[0]["username"] == "sacred-bot"


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ({"icon": ":imp:"}, "has no entry 'webhook_url'"),
        ({"webhook_url": None}, "has no entry 'webhook_url'"),
        ({"webhook_url": "http://a/SECRET", "fail_text": ""}, "did you mean 'failed_text'"),
        ({"webhook_url": "hooks.slack.com/SECRET"}, "is not the URL of a webhook"),
        ({"webhook_url": "https://[SECRET"}, "is not the URL of a webhook"),
        ({"webhook_url": ["SECRET"]}, "is not the URL of a webhook"),
        ({"webhook_url": "http://a/SECRET", "failed_text": "{eror}"}, "did you mean {error}"),
        ({"webhook_url": "http://a/SECRET", "failed_text": 7}, "failed_text must be a string"),
    ],
)
def test_a_wrong_file_is_one_sentence(
    tmp_path: Path, entries: dict[str, Any], expected: str
) -> None:
    """It names what is missing or unknown, and never shows the URL."""
    file = tmp_path / "slack.json"
    file.write_text(json.dumps(entries))
    with pytest.raises(SacredError) as caught:
        SlackObserver.from_config(file)
    assert expected in str(caught.value) and "SECRET" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "content", "place"),
    [
        ("a.json", '{"webhook_url": "http://a/SECRET",}', "JSONDecodeError in line 1"),
        ("a.yaml", 'x: 1\nwebhook_url: "http://a/SECRET" "x"', "ParserError in line 2"),
    ],
)
def test_a_file_that_cannot_be_parsed_is_not_quoted(
    tmp_path: Path, name: str, content: str, place: str
) -> None:
    """Parsers show the line; here the error has only its number."""
    (tmp_path / name).write_text(content)
    with pytest.raises(ConfigFileError, match=place) as caught:
        SlackObserver.from_config(tmp_path / name)
    assert "SECRET" not in str(caught.value)
    assert caught.value.__cause__ is None and caught.value.__context__ is None


def test_a_missing_file_is_named() -> None:
    """A missing file is named, as that of any configuration."""
    with pytest.raises(ConfigFileError, match=r"'nowhere\.yaml' cannot be read"):
        SlackObserver.from_config("nowhere.yaml")


def test_texts_may_be_set_later(slack: Any, observer: SlackObserver) -> None:
    """They are checked again when a run starts, before anything is computed."""
    observer.completed_text = "{resutl}"
    with pytest.raises(SacredError, match=r"did you mean \{result\}"):
        experiment(observer).run()
    observer.completed_text = None
    experiment(observer).run()
    assert slack.posted == []


def test_only_the_first_end_of_a_run_is_sent(slack: Any, observer: SlackObserver) -> None:
    """An end that comes again, as delivery may, is not posted again."""
    driver = EventDriver(observer, times=3)
    driver.start()
    driver.complete(result=1)
    assert len(slack.posted) == 1


def test_the_manuals_configuration_can_be_read(slack: Any, tmp_path: Path) -> None:
    """The manual's configuration can be read, as YAML of the smallest form."""
    (tmp_path / "slack.yml").write_text(yaml.safe_dump({"webhook_url": slack.url}))
    observer = SlackObserver.from_config(str(tmp_path / "slack.yml"))
    assert (observer.webhook_url, observer.bot_name) == (slack.url, "sacred-bot")


def test_a_queued_run_sends_no_message(slack: Any, observer: SlackObserver) -> None:
    """Nothing started, and nothing stopped."""
    experiment(observer).run(options={"--queue": True})
    assert slack.posted == []


def test_observers_of_one_webhook_are_not_equal() -> None:
    """They would have to be compared by what is secret, and may have templates of their own."""
    url = "https://hooks.slack.com/services/T/B/x"
    assert SlackObserver(url) != SlackObserver(url)
    assert len({SlackObserver(url), SlackObserver(url)}) == 2


def test_a_resumed_run_names_its_segment(slack: Any, observer: SlackObserver) -> None:
    """The message of the process that resumed the run has the id, and the number of its segment."""
    observer.failed_text = observer.completed_text = "{_id}, segment {segment}"
    ex = Experiment("e", interactive=True, save_git_info=False)
    ex.observers += [MemoryObserver(Memory()), observer]

    @ex.main
    def main(_run: Any) -> None:
        if not _run.resumed:
            raise RuntimeError

    with pytest.raises(RuntimeError):
        ex.run()
    ex.run(resume=1)
    assert slack.texts == ["1, segment 1", "1, segment 2"]
