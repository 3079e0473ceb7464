"""Tests of the page of curves, its data and its drawings without JavaScript."""

import html
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from sacred_board.data.series_colors import group_slots, run_slots
from starlette.testclient import TestClient

from sacred_core import Experiment, open_store
from sacred_core.observers import FileStorageObserver
from sacred_core.stores import StoredRun
from sacred_core.stores.groups import compute_statistics
from sacred_core.testing import EventDriver

SCHEMA = json.loads((Path(__file__).parents[3] / "docs" / "curves.schema.json").read_text())
ALL = "&".join(f"run=runs/{number}" for number in range(1, 5))


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two learning rates with two seeds each, and a run with other metrics and hostile names."""
    folder = tmp_path_factory.mktemp("curves") / "runs"

    def record(function: Callable[..., Any], **config: Any) -> None:
        ex = Experiment("train", save_git_info=False)
        ex.main(function)
        ex.add_config(config)
        ex.observers.append(FileStorageObserver(folder))
        ex.run()

    def train(_run: Any, lr: float, seed: int) -> None:
        for step in range(200):
            _run.log_scalar("loss", (1 + seed % 3) * 2.0 ** (-lr * step), step)
        for step in range(0, 200, 10):
            _run.log_scalar("accuracy", step / 200, step)

    for lr in (0.1, 0.01):
        for seed in (1, 2):
            record(train, lr=lr, seed=seed)

    def others(_run: Any) -> None:
        for step in range(5):
            _run.log_scalar("</script><b>", float(step), step)
        _run.log_scalar("nothing", float("nan"), 0)

    record(others)
    return folder


@pytest.fixture
def client(runs: Path, connect: Callable[..., TestClient]) -> TestClient:
    """A board over these runs."""
    return connect(runs)


def data_of(client: TestClient, query: str) -> dict[str, Any]:
    """Return the data of a page, which follows the schema."""
    response = client.get(f"/curves?{query}&format=json")
    assert response.status_code == 200, response.text
    data: dict[str, Any] = response.json()
    jsonschema.Draft202012Validator(SCHEMA).validate(data)
    return data


def curves_of(data: dict[str, Any], metric: str) -> list[dict[str, Any]]:
    """Return the curves of a metric."""
    (found,) = (each["curves"] for each in data["charts"] if each["metric"] == metric)
    assert isinstance(found, list)
    return found


def test_the_data_has_each_run_and_metric(client: TestClient) -> None:
    """One request returns the points of all runs and metrics, in the order of the address."""
    data = data_of(client, ALL)
    assert data["metrics"] == ["loss", "accuracy"]
    assert [each["label"] for each in data["runs"]] == [
        "lr=0.1, seed=1", "lr=0.1, seed=2", "lr=0.01, seed=1", "lr=0.01, seed=2"
    ]  # fmt: skip
    curves = curves_of(data, "loss")
    assert [each["run"] for each in curves] == [f"runs/{number}" for number in range(1, 5)]
    assert curves[0]["x"] == [*range(200)] and curves[0]["is_exact"]
    assert curves[1]["y"][:2] == pytest.approx([3.0, 3 * 2.0**-0.1], rel=1e-8)
    assert "low" not in curves[0] and "smooth" not in curves[0]


@pytest.mark.parametrize(
    "query",
    ["x=time&logx=1", "x=relative&logx=1", "smooth=0.9", "from=10&to=30.5", "width=16", "logx=1"],
)
def test_each_view_follows_the_schema(client: TestClient, query: str) -> None:
    """The data says which view it has, with rows in the order of x."""
    data = data_of(client, f"{ALL}&metric=loss&{query}")
    (chart,) = data["charts"]
    for curve in chart["curves"]:
        assert curve["x"] == sorted(curve["x"]) and len(curve["x"]) == len(curve["y"]) > 10
        assert ("smooth" in curve) == ("smooth" in query)
        assert curve["is_exact"] == (query != "width=16")
    assert data["log_x"] == ("logx=1" in query and "x=time" not in query)


def test_times_have_all_their_digits(client: TestClient, runs: Path) -> None:
    """The wall time of a point is that of its record, to the microsecond."""
    times = open_store(runs).metrics(1)["loss"]["timestamps"]
    (curve,) = curves_of(data_of(client, "run=runs/1&x=time&metric=loss"), "loss")
    assert curve["x"] == [time.timestamp() for time in times]


def test_groups_have_means_and_intervals(client: TestClient) -> None:
    """Runs that differ in the seed are one curve, with the statistics of their values."""
    data = data_of(client, f"{ALL}&group=all-but+seed&metric=loss")
    assert [(each["label"], each["runs"]) for each in data["groups"]] == [
        ("lr=0.1", ["runs/1", "runs/2"]), ("lr=0.01", ["runs/3", "runs/4"])
    ]  # fmt: skip
    first, _ = curves_of(data, "loss")
    expected = compute_statistics([2.0, 3.0])
    assert (first["y"][0], first["count"][0]) == (2.5, 2)
    assert first["low"][0] == pytest.approx(expected.low, rel=1e-8)
    (by_field,) = data_of(client, f"{ALL}&group=name&metric=loss")["groups"]
    assert by_field["label"] == "name=train" and len(by_field["runs"]) == 4
    smooth = curves_of(data_of(client, f"{ALL}&group=name&smooth=0.9&metric=loss"), "loss")
    raw = curves_of(data_of(client, f"{ALL}&group=name&metric=loss"), "loss")
    assert smooth[0]["y"][0] == raw[0]["y"][0] and smooth[0]["y"][50] > raw[0]["y"][50] * 1.05


def test_runs_of_several_locations(
    runs: Path, tmp_path: Path, connect: Callable[..., TestClient]
) -> None:
    """The names of runs have their locations where the page has several."""
    driver = EventDriver(FileStorageObserver(tmp_path / "other"))
    driver.start()
    driver.log("loss", [1.0, 2.0])
    driver.complete()
    data = data_of(connect(runs, tmp_path / "other"), "run=runs/1&run=other/1&metric=loss")
    assert [each["title"] for each in data["runs"]] == ["runs/1", "other/1"]
    assert [len(each["x"]) for each in curves_of(data, "loss")] == [200, 2]
    assert data["runs"][0]["slot"] != data["runs"][1]["slot"]


def test_metrics_are_chosen_by_name_or_by_words(client: TestClient) -> None:
    """The address has names of metrics, or parts of them; nothing else is read."""
    for query, names in [
        ("metric=accuracy", ["accuracy"]), ("match=ACC", ["accuracy"]), ("match=o+s", ["loss"]),
        ("match=x", []), ("metric=loss&match=acc", []),
        ("metric=accuracy&metric=loss", ["loss", "accuracy"]),
    ]:  # fmt: skip
        data = data_of(client, f"{ALL}&{query}")
        assert [each["metric"] for each in data["charts"]] == names
        assert data["metrics"] == ["loss", "accuracy"]
    page = client.get(f"/curves?{ALL}&match=x").text
    assert "No metric matches" in page


@pytest.mark.parametrize(
    ("query", "status", "sentence"),
    [
        ("", 400, "0 runs"),
        ("&".join(f"run=runs/{number}" for number in range(21)), 400, "21 runs"),
        ("run=runs/99", 404, "run '99' not found"),
        ("run=other/1", 404, "no location 'other'"),
        ("run=runs/1&x=date", 400, "x must be one of step, time, relative, got 'date'"),
        ("run=runs/1&smooth=2", 400, "smooth must be between 0 and 0.999, got '2'"),
        ("run=runs/1&smooth=much", 400, "smooth must be a number, got 'much'"),
        ("run=runs/1&from=1", 400, "needs both from and to"),
        ("run=runs/1&from=5&to=5", 400, "from must be less than to"),
        ("run=runs/1&from=nan&to=5", 400, "from must be a number"),
        ("run=runs/1&group=all-but", 400, "needs an entry"),
        ("run=runs/1&group=nothing.x", 400, "group: "),
        ("run=runs/1&width=1000000", 400, "width must be between"),
    ],
)
def test_mistakes_in_addresses(client: TestClient, query: str, status: int, sentence: str) -> None:
    """A page and its data report what is wrong with the address."""
    page = client.get(f"/curves?{query}")
    data = client.get(f"/curves?{query}&format=json")
    assert page.status_code == data.status_code == status
    assert sentence in data.json()["error"] and "Traceback" not in page.text


def test_one_missing_run_leaves_the_others(client: TestClient) -> None:
    """A run that cannot be read is an error beside the curves of the others."""
    data = data_of(client, "run=runs/1&run=runs/99&run=nowhere/1")
    assert [each["run"] for each in data["runs"]] == ["runs/1"]
    assert {each["run"] for each in data["errors"]} == {"runs/99", "nowhere/1"}
    page = client.get("/curves?run=runs/1&run=runs/99").text
    assert "run &#39;99&#39; not found" in page and page.count("curve-line series-1") == 2


def test_a_store_that_is_away(connect: Callable[..., TestClient], tmp_path: Path) -> None:
    """The page of runs that nothing else can show is an error to be retried."""
    driver = EventDriver(FileStorageObserver(tmp_path / "runs"))
    driver.start()
    driver.log("loss", [1.0, 2.0])
    driver.complete()
    client = connect(tmp_path / "runs")
    assert client.get("/curves?run=runs/1").status_code == 200
    (tmp_path / "runs").rename(tmp_path / "moved")
    answer = client.get("/curves?run=runs/1&format=json")
    assert answer.status_code == 503 and answer.json()["error"]
    assert int(answer.headers["retry-after"]) > 0
    both = client.get("/curves?run=runs/1&run=nowhere/1")
    assert both.status_code == 503


def test_the_page_works_without_javascript(client: TestClient) -> None:
    """The curves are drawn as SVG, with the controls as a form that has the other parameters."""
    page = client.get(f"/curves?{ALL}&smooth=0.5&hide=runs/2&from=0&to=100&tab=curves").text
    assert page.count('class="curve-plot"') == 2
    # Of three visible runs the raw and the smoothed line, for two metrics.
    assert len(re.findall('class="curve-line series-[1-4]', page)) == 12
    assert "curve-line series-2" not in page
    assert '<input type="hidden" name="tab" value="curves">' in page
    assert '<input type="hidden" name="from" value="0.0">' in page
    assert 'style="' not in page and "<script>" not in page
    links = [html.unescape(link) for link in re.findall(r'href="(\?[^"]*)"', page)]
    assert len(links) == 5  # to the whole range, and to hide or show each run
    whole = client.get(f"/curves{links[0]}").text
    assert "curve-line series-2" not in whole and 'name="from"' not in whole
    shown = client.get(f"/curves{links[2]}").text
    assert "curve-line series-2" in shown and 'name="from"' in shown
    assert "curve-line series-3" not in client.get(f"/curves{links[3]}").text
    grouped = client.get(f"/curves?{ALL}&group=all-but+seed&logy=1&logx=1").text
    assert grouped.count("curve-band series-") == 4 and "NaN" not in grouped


def test_stored_text_is_never_markup(client: TestClient) -> None:
    """The name of a metric with HTML in it does not end the data of the page."""
    page = client.get("/curves?run=runs/5").text
    assert "</script><b>" not in page and "&lt;/script&gt;&lt;b&gt;" in page
    data = page.partition('class="curve-data">')[2].partition("</script>")[0]
    assert json.loads(data)["metrics"] == ["</script><b>", "nothing"]
    assert curves_of(json.loads(data), "nothing")[0]["y"] == [None]


def test_neighbouring_runs_have_different_colours() -> None:
    """The colour of a run is that of its id, on each page; runs of one page differ."""
    ids = [StoredRun(id=number, status="COMPLETED") for number in (1, 2, 24, 25, "a/1")]
    slots = run_slots(ids)
    assert slots[:3] == [0, 1, 7] and slots[3] < 8  # 25 has not its colour, which is that of 1
    assert len(set(slots)) == 5
    assert run_slots(ids[1:2]) == [1] and run_slots(ids[3:4]) == [0]
    assert run_slots(ids[4:]) == run_slots([ids[4]])
    assert run_slots([ids[0], ids[3], ids[1]]) == [0, 2, 1]
    many = run_slots([StoredRun(id=2, status="COMPLETED")] * 25)
    assert sorted(many[:24]) == [*range(24)] and many[:9] == [1, 2, 3, 4, 5, 6, 7, 0, 9]
    assert many[24] in range(24)
    assert group_slots(3) == [0, 1, 2] and len(group_slots(30)) == 30
