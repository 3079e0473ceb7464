"""Tests of templates."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sacred_messages.templates import TemplateError, check_template, fill_template
from sacred_slack import SlackObserver

from sacred_core.testing import EventDriver

FIELDS = ["result", "config", "error"]


def fill(text: str, limit: int = 1000, **values: Any) -> str:
    check_template("completed_text", text, FIELDS, limit)
    return fill_template(
        text, {name: values.get(name) for name in FIELDS}, lambda value: value, limit
    )


@pytest.mark.parametrize(
    ("text", "reported"),
    [
        ("{resutl}", r"\{resutl\}, which does not exist \(did you mean \{result\}\?\): there are "),
        ("{foo[a].b}", r"\{foo\}, which does not exist: there are result, config, error"),
        ("{}", r"\{\}, which does not exist"),
        ("{0}", r"\{0\}, which does not exist"),
        ("{result:{width}}", r"\{width\}, which does not exist"),
        ("{result", "cannot be filled in"),
        ("result={`{result}`", "cannot be filled in"),
        ("result}", "cannot be filled in"),
        ("{result!x}", "cannot be filled in"),
        ("x" * 1001, "has 1001 characters without its fields; the maximum of a message is 1000"),
    ],
)
def test_a_wrong_text_is_one_sentence(text: str, reported: str) -> None:
    """It names the text, the field and those that exist."""
    with pytest.raises(TemplateError, match=reported) as caught:
        fill(text)
    assert "completed_text" in str(caught.value)


def test_misprints_of_the_manual_are_reported_when_the_observer_is_created() -> None:
    """Its sample has a stray brace; no run has to fail to find that out."""
    with pytest.raises(TemplateError, match="completed_text cannot be filled in"):
        SlackObserver("http://a/b", completed_text="YAY! with result={`{result}`")


@pytest.mark.parametrize("name", ["completed_text", "interrupted_text", "failed_text"])
def test_each_text_has_its_own_fields(name: str) -> None:
    """A failed run has no result, a completed one no error."""
    wrong = "{error}" if name == "completed_text" else "{result}"
    with pytest.raises(TemplateError, match=f"{name} has the field"):
        SlackObserver("http://a/b", **{name: wrong})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{config[lr]:.3f}", "0.500"),
        ("{config[a][b][1]}", "2"),
        ("{config[nothing]}", "{config[nothing]}"),
        ("{config[lr].real}", "0.5"),
        ("{result:.3f}", "None"),
        ("{error!r:>6}", "   'e'"),
        ("{{{error}}}", "{e}"),
    ],
)
def test_values_are_formatted_where_they_can_be(text: str, expected: str) -> None:
    """A part that is not there, or a format that does not fit, costs no message."""
    config = {"lr": 0.5, "a": {"b": [1, 2]}}
    assert fill(text, config=config, error="e") == expected


def test_a_long_value_is_cut_and_marked() -> None:
    """Its beginning and its end stay, and what surrounds it does."""
    text = fill("a {error} b {result} c", 300, error="first" + "x" * 5000 + "last", result=1)
    assert text.startswith("a first") and text.endswith("last b 1 c")
    assert 150 < len(text) <= 300 and "characters cut]" in text


@given(st.text(max_size=300), st.text(max_size=300), st.integers(20, 400))
def test_no_message_is_too_long(error: str, result: str, limit: int) -> None:
    """No message is too long, whatever the values are, and however escaping swells them."""
    values = {"error": error, "result": result, "config": {}}
    text = fill_template(
        "{error} <{result}>", values, lambda value: value.replace("&", "&amp;"), limit
    )
    assert len(text.encode("utf-16-le")) // 2 <= limit


def test_slack_receives_at_most_forty_thousand_characters(
    slack: Any, observer: SlackObserver
) -> None:
    """The block of code around a long traceback still ends, and the error is named."""
    driver = EventDriver(observer)
    driver.start()
    driver.fail((*["  <frame> & `code`\n"] * 10_000, "ValueError: the end\n"))
    [text] = slack.texts
    assert len(text) <= 40_000 and text.endswith("ValueError: the end```")
    assert "characters cut]" in text and "`ValueError: the end`" in text


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("<!channel> a<b & c>d &amp;", "&lt;!channel&gt; a&lt;b &amp; c&gt;d &amp;amp;"),
        ("a `b` c", "a \N{MODIFIER LETTER GRAVE ACCENT}b\N{MODIFIER LETTER GRAVE ACCENT} c"),
        ("__init__ *x* ~y~", "__init__ *x* ~y~"),
        ("ü \U0001f600 \udc80", "ü \U0001f600 ?"),
        ("{config}", "{config}"),
    ],
)
def test_values_have_no_meaning_in_slack(
    slack: Any, observer: SlackObserver, value: str, shown: str
) -> None:
    """No user is mentioned, and the code around a value ends where the template ends it."""
    driver = EventDriver(observer)
    driver.start()
    driver.complete(result=value)
    assert slack.texts == [f"*fed* completed after _0:00:00_ with result=`{shown}`"]


@pytest.mark.parametrize(
    ("trace", "error"),
    [
        (["Traceback\n", '  File "a"\n', "    x\n", "E: 1\n", "2\n", "a note\n"], "E: 1"),
        (["  | ExceptionGroup: g\n", "    | ValueError: v\n", "    +-----\n"], "ValueError: v"),
        (["E: 1\n"], "E: 1"),
        ([], ""),
    ],
)
def test_the_error_is_the_line_that_names_it(
    slack: Any, observer: SlackObserver, trace: list[str], error: str
) -> None:
    """The error is the line that names it, not a further line of its message."""
    observer.failed_text = "{error}|{backtrace}"
    driver = EventDriver(observer)
    driver.start()
    driver.fail(tuple(trace))
    assert slack.texts == [f"{error}|{''.join(trace)}".rstrip("\n")]


def test_times_are_times(slack: Any, observer: SlackObserver) -> None:
    """They take the formats of datetime, and are in UTC."""
    observer.completed_text = "{start_time:%H:%M} {stop_time.tzinfo} {elapsed_time}"
    driver = EventDriver(observer)
    driver.start(start_time=datetime(2026, 1, 2, 1, 2, tzinfo=UTC))
    driver.complete()
    assert slack.texts == ["01:02 UTC 2:02:06"]
