"""Tests of the page of a run."""

import json
import re
import shutil
import time
from pathlib import Path

import jsonschema
import pytest
from sacred_board.data.locations import Outage

from sacred_core.observers import FileStorageObserver
from sacred_core.testing import EventDriver

SCHEMA = Path(__file__).parents[3] / "docs" / "runs.schema.json"


def text_of(client, path: str) -> str:
    """Return the page at a path without its elements."""
    response = client.get(path)
    assert response.status_code == 200, response.text
    return " ".join(re.sub(r"<[^>]+>", " ", response.text).split())


def tabs_of(client, path: str) -> list[str]:
    """Return the tabs of a page of a run."""
    nav = re.search(r'<nav class="tabs".*?</nav>', client.get(path).text, re.DOTALL)
    return re.findall(r">([^<>]+)</a>", nav[0])


def test_the_header_has_what_identifies_a_run(client) -> None:
    """It has name, command, status, times, host, location, tags, notes and the command line."""
    text = text_of(client, "/run/runs/1")
    for expected in (
        "Run 1 train &lt;net&gt; main", "COMPLETED", "baseline", "two words", "started 20",
        "stopped 20", "took", "host", "stored in", "a &lt;b&gt;note&lt;/b&gt;", "ada",
        "sacred runs show", "sacred runs rerun", "sacred runs diff",
    ):  # fmt: skip
        assert expected in text
    assert "lr=0.02" in client.get("/run/runs/1").text
    assert "Previous" not in text


def test_tabs_without_content_are_hidden(client) -> None:
    """A run has a tab for each part that it has."""
    assert tabs_of(client, "/run/runs/1") == [
        "Overview", "Configuration", "Output", "Curves", "Result", "Artifacts", "Resources",
        "Sources", "Packages", "Host", "Info",
    ]  # fmt: skip
    assert "Artifacts" not in tabs_of(client, "/run/runs/3")
    assert "Result" not in tabs_of(client, "/run/runs/2")


def test_the_overview_has_what_one_wants_first(client) -> None:
    """It has the result, metrics, changed entries, images and the last lines of the output."""
    text = text_of(client, "/run/runs/1")
    assert "accuracy 0.9876" in text
    assert "loss 0.02 0.02 1 50" in text
    assert "3 of 9 entries set for this run" in text
    assert "lr 0.02 update" in text and "optimizer.name &#39;sgd&#39; named config small" in text
    assert "red &lt;b&gt;output&lt;/b&gt; 100%" in text
    html = client.get("/run/runs/1").text
    assert 'src="/file/runs/1/artifact/image.png"' in html
    assert "<polyline" in html
    assert "<script>alert" not in html and "sk-secret" not in html


def test_the_overview_says_that_it_has_the_first_metrics_only(tmp_path: Path, connect) -> None:
    """The twelve first metrics of a run are shown, and that these are not all."""
    for count in (12, 13):
        driver = EventDriver(FileStorageObserver(tmp_path / "runs"))
        driver.start()
        driver.log_together({f"m{number}": [1.0] for number in range(count)})
        driver.complete()
    client = connect(tmp_path / "runs")
    all_text, first_text = text_of(client, "/run/runs/1"), text_of(client, "/run/runs/2")
    assert "m11 1 1 1 1" in all_text and "the first 12" not in all_text
    assert "m11 1 1 1 1" in first_text and "m12" not in first_text
    assert "Metrics the first 12 Show curves" in first_text


def test_a_failed_run_shows_its_traceback_first(client) -> None:
    """The exception is in the header, and the traceback is on the overview."""
    html = client.get("/run/runs/2").text
    assert html.index("ValueError: the loss is &lt;not&gt; finite") < html.index('class="tabs"')
    assert "Traceback (most recent call last)" in html


def test_the_configuration_has_origins_and_marks(client) -> None:
    """Groups are rows, entries have their origin, and what was set for the run is marked."""
    html = client.get("/run/runs/1?tab=configuration").text
    assert 'data-group="optimizer"' in html and 'data-group="layers.0"' in html
    assert re.search(r'data-path="lr" class="is-update"', html)
    assert re.search(r'data-path="optimizer.name" class="is-named"', html)
    assert re.search(r'data-path="optimizer.betas">', html)
    assert "with small lr=0.02" in html.replace("&#39;", "'")
    text = text_of(client, "/run/runs/1?tab=configuration")
    assert "api_token &#39;***&#39;" in text
    assert "betas [0.9, 0.999] dictionary" in text


def test_the_output_is_shown_with_colours(client) -> None:
    """Colours are classes, and text that a carriage return overwrote is gone."""
    html = client.get("/run/runs/1?tab=output").text
    assert '<span class="ansi-fg-1">red</span> &lt;b&gt;output&lt;/b&gt;\n100%\n' in html
    assert "\x1b" not in html and "\r" not in html


def test_of_a_long_output_the_last_part_is_first(tmp_path: Path, connect, store: Path) -> None:
    """The rest is shown on demand, and all of it can be opened as text."""
    copy = tmp_path / "runs"
    shutil.copytree(store, copy)
    lines = "".join(f"line {number}\n" for number in range(20_000))
    (copy / "1" / "cout.txt").write_text(lines)
    client = connect(copy)
    page = client.get("/run/runs/1?tab=output").text
    assert "line 19999" in page and "line 0\n" not in page
    [hidden] = re.findall(r"The first (\d+) characters are not shown", page)
    assert len(lines) - 100_000 <= int(hidden) < len(lines) - 99_000
    [address] = re.findall(r'href="([^"]+)" data-show-all', page)
    everything = client.get(address.replace("&amp;", "&")).text
    assert "line 0\n" in everything and "line 19999" in everything
    assert client.get("/file/runs/1/output/output.txt").text == lines


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("points.csv", '<th class="num">epoch</th><th class="num">loss</th><th>name</th>'),
        ("points.csv", '<td class="num">0.25</td><td>b</td>'),
        ("points.csv", "&lt;i&gt;a&lt;/i&gt;"),
        ("confusion.json", "  &#34;labels&#34;: ["),
        ("folder/notes é.txt", "second &lt;b&gt;line&lt;/b&gt;"),
        ("evil.html", "&lt;script&gt;document.title"),
        ("train.log", "a log"),
        ("image.png", '<img src="/file/runs/1/artifact/image.png"'),
        ("evil.svg", '<img src="/file/runs/1/artifact/evil.svg"'),
        ("model.bin", "Files of the type application/octet-stream are not shown."),
        ("model.bin", "256 kB (256000 bytes)"),
        ("model.bin", "<dt>epoch</dt><dd>3</dd>"),
    ],
)
def test_artifacts_are_shown_by_their_types(client, name: str, expected: str) -> None:
    """Images are shown, CSV as a table, JSON and text as lines; others can be downloaded."""
    response = client.get("/run/runs/1", params={"tab": "artifacts", "file": name})
    assert expected in response.text
    assert "<script>document" not in response.text and "<script>alert" not in response.text


def test_sources_and_resources_are_shown(client) -> None:
    """Lines have numbers, and Python has elements for its words."""
    sources = client.get("/run/runs/1?format=json").json()["files"]["source"]
    [name] = [name for name in sources if name.endswith("recorded_runs.py")]
    html = client.get("/run/runs/1", params={"tab": "sources", "file": name}).text
    assert '<li id="L1">' in html
    assert '<span class="code-string">&#34;&#34;&#34;A store with runs' in html
    assert '<span class="code-keyword">import</span> struct' in html
    assert "a resource" in text_of(client, "/run/runs/1?tab=resources")


def test_packages_host_and_info_are_shown(client) -> None:
    """Each is a tab."""
    assert "sacred-core" in text_of(client, "/run/runs/1?tab=packages")
    assert "python_version" in text_of(client, "/run/runs/1?tab=host")
    assert "best epoch 4" in text_of(client, "/run/runs/1?tab=info")


def test_a_tab_without_content_says_so(client) -> None:
    """An address of a tab that is hidden for a run is valid."""
    text = text_of(client, "/run/runs/3?tab=artifacts")
    assert "There is nothing to show for this run." in text


def test_unknown_addresses_are_errors(client) -> None:
    """The page has a sentence, and JSON has the same."""
    for path, sentence in (
        ("/run/runs/1?tab=nosuch", "The page of a run has no tab &#39;nosuch&#39;."),
        ("/run/runs/99", "run &#39;99&#39; not found"),
        ("/run/other/1", "This board has no location &#39;other&#39;."),
    ):
        response = client.get(path)
        assert response.status_code == 404
        assert sentence in response.text
    error = client.get("/run/runs/99?format=json")
    assert (error.status_code, "not found" in error.json()["error"]) == (404, True)


def test_json_is_that_of_the_command_line(client) -> None:
    """It follows the schema of runs, with points and output."""
    data = client.get("/run/runs/1?format=json").json()
    jsonschema.validate(data, json.loads(SCHEMA.read_text()))
    assert data["metrics"]["loss"]["values"][:2] == [1.0, 0.5]
    assert data["output"].startswith("\x1b[31mred")


def test_a_damaged_run_shows_its_readable_parts(tmp_path: Path, connect, store: Path) -> None:
    """One line has the reason; configuration, files and output are shown."""
    copy = tmp_path / "runs"
    shutil.copytree(store, copy)
    (copy / "1" / "metrics.jsonl").write_bytes(b"{\0") if (copy / "1/metrics.jsonl").exists() else (
        copy / "1" / "metrics.json"
    ).write_bytes(b"{\0")
    (copy / "1" / "run.json").write_text("{")
    client = connect(copy)
    html = client.get("/run/runs/1").text
    assert html.count('<p class="damage">') >= 1
    assert "All readable parts are shown." in html
    assert "Configuration 9 entries" in text_of(client, "/run/runs/1")
    assert 'data-path="optimizer.name"' in html
    assert "100%" in html
    assert "Curves" in tabs_of(client, "/run/runs/1")
    assert "lr" in text_of(client, "/run/runs/1?tab=configuration")
    assert client.get("/run/runs/1?tab=curves").status_code == 200


def test_neighbours_copies_and_reruns_are_linked(tmp_path: Path, connect, store: Path) -> None:
    """The page links the run before and after, copies with the same uid, and what it repeats."""
    copy = tmp_path / "copies"
    shutil.copytree(store, copy)
    uid = json.loads((copy / "1" / "run.json").read_text())["meta"]["uid"]
    repeat(copy / "3" / "run.json", {"uid": uid, "id": "1", "location": "runs"})
    repeat(copy / "2" / "run.json", {"uid": "0" * 32, "id": "7", "location": "mongodb://u:pw@h/x"})
    client = connect(store, copy)
    client.get("/?where=status+exists")  # all runs are read
    first = client.get("/run/copies/1?tab=host").text
    assert 'rel="prev"' not in first
    assert re.search(r'rel="next" href="/run/copies/2\?tab=host"', first)
    assert re.search(r'stored in</dt><dd>[^<]+copies, <a href="/run/runs/1">', first)
    assert re.search(r'repeated by</dt><dd><a href="/run/copies/3">run 3</a></dd>', first)
    last = client.get("/run/copies/3").text
    assert re.search(r'rel="prev" href="/run/copies/2"', last)
    assert re.search(r'repeats</dt><dd><a href="/run/runs/1">run 1</a>', last)
    middle = client.get("/run/copies/2").text
    assert "repeats</dt><dd>run 7 in mongodb://" in middle and ":pw" not in middle


def repeat(record: Path, rerun_of: dict[str, str]) -> None:
    """Store in the record of a run that it repeats another one."""
    data = json.loads(record.read_text())
    data["meta"]["rerun_of"] = rerun_of
    record.write_text(json.dumps(data))


def test_while_a_store_is_away_the_record_is_shown(store: Path, connect) -> None:
    """What was read last is on the page; what has to be read is one line with the reason."""
    client = connect(store)
    assert client.get("/?where=status+exists").status_code == 200  # all runs are read
    [location] = client.app.state.board.locations
    location.outage = Outage("runs", "the network is down", 60, time.monotonic() + 60)
    configuration = text_of(client, "/run/runs/1?tab=configuration")
    assert "lr 0.02 update" in configuration and "COMPLETED" in configuration
    overview = text_of(client, "/run/runs/1")
    assert "accuracy 0.9876" in overview and "the network is down" in overview
    output = client.get("/run/runs/1?tab=output").text
    assert '<p class="panel-problem error-text">the network is down</p>' in output
    assert client.get("/run/runs/1?format=json").status_code == 503


def test_curves_have_charts_and_a_table(client) -> None:
    """The tab has the charts of the page of curves, and the extremes of each metric."""
    html = client.get("/run/runs/1?tab=curves").text
    assert re.search('<figure [^>]*data-metric="loss"', html)
    assert 'data-metric="loss" data-count="50"' in html
    assert "curves.js" in html and "curves.js" not in client.get("/run/runs/1").text


def test_no_page_has_a_secret_that_sacred_recorded(tmp_path: Path, connect) -> None:
    """Before and after all runs are loaded, pages and JSON have asterisks in its place."""
    driver = EventDriver(FileStorageObserver(tmp_path / "runs"))
    driver.start(config={"db": {"password": "hunter2hunter2"}}, meta_info={})
    driver.complete()
    client = connect(tmp_path / "runs")
    paths = (
        "/", "/?entries=all", "/?format=json", "/?group=config.db.password", "/run/runs/1",
        "/run/runs/1?tab=configuration", "/run/runs/1?format=json", "/", "/curves?run=runs/1",
    )  # fmt: skip
    texts = {path: client.get(path).text for path in paths}
    assert not [path for path, text in texts.items() if "hunter2" in text]
    assert "***" in texts["/run/runs/1?tab=configuration"]


def test_the_page_of_a_resumed_run_has_its_segments(tmp_path, connect) -> None:
    """The header lists them; points are those that are shown, in JSON with ``raw`` all points."""
    folder = tmp_path / "runs"
    driver = EventDriver(FileStorageObserver(folder))
    driver.start()
    driver.log("loss", [3.0, 2.0, 9.0])
    driver.beat()
    driver.interrupt()
    driver.resume(FileStorageObserver(folder))
    driver.log("loss", [1.0], 2)
    driver.beat()
    driver.complete()
    client = connect(str(folder))
    text = text_of(client, "/run/runs/1")
    assert "Resumed: 2 segments 1: started 2026-01-02 03:04:05 UTC" in text
    assert "loss 1 1 3 3" in text
    for query, steps in (("", [0, 1, 2]), ("&raw", [0, 1, 2, 2])):
        data = client.get(f"/run/runs/1?format=json{query}").json()
        jsonschema.validate(data, json.loads(SCHEMA.read_text()))
        assert data["metrics"]["loss"]["steps"] == steps and len(data["segments"]) == 2
    assert "Resumed" not in text_of(connect(str(folder)), "/")
