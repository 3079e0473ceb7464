"""Tests of what an explanation shows in Python and in a notebook."""

import re
from typing import Any

from sacred_core.compare import why


def test_a_notebook_shows_causes_with_their_ranks(record: Any) -> None:
    """Each part of the text is a block; what was recorded is text, without secrets."""
    odd = "<script>alert(1)</script>"
    first = record({"lr": 1, "x": odd, "db": "db://u:hunter2@h/1"}, metrics={"loss": [1, 2]})
    second = record({"lr": 2, "x": "", "db": "db://u:hunter2@h/2"}, metrics={"loss": [1, 3]})
    found = why(first, second)
    html = found._repr_html_()
    titles = re.findall(r"<p><b>(.*?)</b></p>", html)
    assert titles[:2] == ["Causes, the likeliest first", "Where the metrics part"]
    assert "Not a cause" not in titles and "Not recorded" in titles
    assert len(found) == 3 and ": 3 causes</p>" in html
    for rank, cause in enumerate(found, 1):
        assert f"{rank}. {cause.kind}  " in html
    assert "&lt;script&gt;" in html and "<script" not in html and "hunter2" not in html
    assert repr(found) == "<Explanation the memory#1, the memory#2: 3 causes>"
    assert str(found) == found.text()


def test_a_notebook_shows_that_nothing_differs(record: Any) -> None:
    """What was not recorded is shown all the same."""
    run = record({"lr": 1})
    html = why(run, run)._repr_html_()
    assert ": nothing that was recorded differs</p>" in html
    assert "Causes" not in html and "Not recorded" in html
