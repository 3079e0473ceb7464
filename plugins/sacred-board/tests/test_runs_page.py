"""Tests of the page of all runs."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import jsonschema
import pytest

from sacred_core.observers import FileStorageObserver
from sacred_core.stores import RunQuery, open_store
from sacred_core.stores.annotations import new_tags
from sacred_core.stores.query import parse as parse_query
from sacred_core.testing import EventDriver
from sacred_core.transfer.copying import copy_runs
from sacred_core.transfer.known_runs import Target

from .page_tables import Page

DOCS = Path(__file__).parents[3] / "docs"
#: The learning rates of the runs, each with two seeds.
RATES = (0.1, 0.01)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two learning rates with two seeds each, a failed run, and a damaged one."""
    folder = tmp_path_factory.mktemp("runs_page") / "runs"
    for rate in RATES:
        for seed in (1, 2):
            driver = start(folder, rate, seed)
            driver.log("loss", [1.0, rate + seed / 1000])
            driver.complete(result={"accuracy": 1 - rate, "score": seed})
    start(folder, 10.0, 1).fail()
    start(folder, 10.0, 2).complete()
    (folder / "6" / "config.json").write_text("{")
    open_store(str(folder)).annotate(3, new_tags(["base line"]))
    return folder


def start(folder: Path, rate: float, seed: int) -> EventDriver:
    """Start a run."""
    driver = EventDriver(FileStorageObserver(folder))
    driver.start(
        config={"lr": rate, "batch": 64, "seed": seed},
        ex_info={"name": "mnist", "base_dir": ".", "sources": []},
    )
    return driver


@pytest.fixture
def client(store: Path, connect):
    """A client of a board over the store, which has read all runs."""
    client = connect(store)
    client.get("/?sort=id")
    return client


def page_of(client, code: int = 200, /, **parameters: str | list[str]) -> Page:
    """Return the page with these parameters."""
    response = client.get(f"/?{urlencode(parameters, doseq=True)}")
    assert response.status_code == code, response.text
    return Page(response.text)


def ids(page: Page) -> list[str]:
    """Return the ids of the runs of a page."""
    return [row[1] for row in page.rows[1:]]


def test_the_newest_runs_are_first(client) -> None:
    """Columns are those of `sacred runs list`, with the entries of small results and tags."""
    page = page_of(client)
    assert page.rows[0][1:] == [
        "ID", "Status", "Started", "Duration", "Name", "lr", "seed", "result.accuracy",
        "result.score", "loss", "Tags",
    ]  # fmt: skip
    assert ids(page) == ["6", "5", "4", "3", "2", "1"]
    assert page.rows[4][1:3] == ["3", "COMPLETED"]
    assert page.rows[4][6:] == ["0.01", "1", "0.99", "1", "0.011", "base line"]
    assert page.links["3"] == "/run/runs/3"
    assert "6 runs" in page.text


def test_a_damaged_run_is_a_marked_row(client) -> None:
    """What can be read of it is shown, with the reason."""
    text = client.get("/").text
    row = text[text.index('data-row="runs/6"') :].partition("</tr>")[0]
    assert 'class="is-damaged"' in row and "DAMAGED" in row and "config.json" in row


@pytest.mark.parametrize(
    ("parameters", "found"),
    [
        ({"where": "config.lr < 1"}, "4321"),
        ({"where": "config.lr < 1", "sort": "metrics.loss.last"}, "3412"),
        ({"where": "config.lr < 1", "sort": "-metrics.loss.last"}, "2143"),
        ({"sort": "result.score,-id"}, "31425 6"),
        ({"status": "failed"}, "5"),
        ({"status": "COMPLETED", "where": "config.seed = 2"}, "42"),
        ({"where": 'tags has "base line"'}, "3"),
        ({"location": "runs", "where": "id in [1, 2]"}, "21"),
    ],
)
def test_runs_are_selected_and_sorted(client, parameters: dict[str, str], found: str) -> None:
    """By the query language; the status can be chosen beside a query."""
    page = page_of(client, **parameters)
    assert sorted(ids(page)) == sorted(found.replace(" ", ""))
    if "-id" not in parameters.get("sort", ""):
        assert ids(page) == [*found]
    data = client.get(f"/?{urlencode({**parameters, 'format': 'json'})}").json()
    assert [str(run["id"]) for run in data] == ids(page)


def test_headings_sort(client) -> None:
    """The first click sorts in ascending order, the second in descending, the third not."""
    page = page_of(client, where="config.lr < 1")
    assert parse(page.links["lr"]) == {"where": ["config.lr < 1"], "sort": ["config.lr"]}
    page = page_of(client, sort="config.lr")
    assert parse(page.links["lr"]) == {"sort": ["-config.lr"]}
    assert 'aria-sort="ascending"' in client.get("/?sort=config.lr").text
    page = page_of(client, sort="-config.lr")
    assert parse(page.links["lr"]) == {}
    assert 'aria-sort="descending"' in client.get("/?sort=-config.lr").text


def parse(link: str) -> dict[str, list[str]]:
    """Return the parameters of a link."""
    return parse_qs(urlsplit(link).query)


def test_columns_are_chosen_in_the_address(client) -> None:
    """A form sends a parameter for each check box; the boxes of shown columns are checked."""
    page = page_of(client, columns=["config.batch", "metrics.loss.min, meta.x"])
    assert page.rows[0][1:] == ["ID", "config.batch", "metrics.loss.min", "meta.x"]
    assert page.rows[5][2:] == ["64", "0.102", ""]
    chosen = page.fields["columns"]
    assert chosen[-3:] == ["config.batch", "metrics.loss.min", "meta.x"]
    assert page_of(client).fields["columns"][:4] == ["status", "start_time", "duration", "name"]


def test_all_entries_can_be_shown(client) -> None:
    """Entries that do not differ are hidden at first."""
    assert "batch" not in page_of(client, where="config.lr < 1").rows[0]
    page = page_of(client, all="1", where="config.lr < 1")
    assert page.rows[0][6:9] == ["lr", "batch", "seed"]


def test_a_wrong_query_is_marked_and_the_last_runs_stay(client) -> None:
    """The status is 400; the mark is below the place in the text."""
    response = client.get("/?" + urlencode({"where": "config.lr << 3", "last": "id = 2"}))
    assert response.status_code == 400
    page = Page(response.text)
    assert ids(page) == ["2"]
    assert page.fields["where"][0] == "config.lr << 3"
    assert "expected a value like 0.1" in page.text
    assert "<pre>config.lr &lt;&lt; 3\n           ^</pre>" in response.text
    assert 'data-position="11"' in response.text and 'aria-invalid="true"' in response.text
    assert ids(page_of(client, 400, where="x", last="y")) == ["6", "5", "4", "3", "2", "1"]
    part = client.get("/?where=x", headers={"Board-Part": "runs"})
    assert part.status_code == 200, "a script shows the error, and logs none"
    assert client.get("/?where=x&format=json").status_code == 400
    assert "unknown field 'x'" in client.get("/?where=x&format=json").json()["error"]


@pytest.mark.parametrize(
    ("parameters", "status", "sentence"),
    [
        ({"sort": "config"}, 400, "expected an entry of config"),
        ({"columns": "id,nothing"}, 400, "unknown field 'nothing'"),
        ({"group": "all-but"}, 400, "'all-but' needs an entry: write 'all-but seed'"),
        ({"page": "x"}, 400, "page must be a number of at least 1, got 'x'."),
        ({"page": "0"}, 400, "page must be a number of at least 1, got '0'."),
        ({"location": "other"}, 404, "This board has no location 'other'."),
    ],
)
def test_wrong_addresses_are_errors(
    client, parameters: dict[str, str], status: int, sentence: str
) -> None:
    """The page says what is wrong, and JSON has the same sentence."""
    assert sentence in page_of(client, status, **parameters).text
    answer = client.get(f"/?{urlencode({**parameters, 'format': 'json'})}")
    assert answer.status_code == status and sentence in answer.json()["error"]


def test_mistakes_are_reported(client) -> None:
    """Entries that no run has are reported with similar ones, as by `sacred runs list`."""
    page = page_of(client, where="config.lrr = 1")
    assert "No run has config.lrr: did you mean config.lr? " in page.text
    assert "None of the 6 runs matches." in page.text
    assert "did you mean FAILED?" in page_of(client, status="FAILD").text
    assert "No run has metrics.los.last" in page_of(client, columns="metrics.los.last").text
    assert "No run has" not in page_of(client, where="config.lr = 5").text
    assert "There is no such page: 6 runs match." in page_of(client, page="2").text


def test_groups_have_means_and_intervals(client) -> None:
    """A group shows what its runs share; the newest is first, and each can be opened."""
    page = page_of(client, group="all-but seed", where="config.lr < 1")
    assert page.rows[0][1:] == [
        "Runs", "IDs", "Pages of the group", "lr", "result.accuracy", "result.score", "loss",
    ]  # fmt: skip
    assert page.rows[1][1:7] == ["2", "3 4", "Compare Curves", "0.01", "0.99 ±0", "1.5 ±6.4"]
    assert page.rows[1][7].startswith("0.0115 ±0.0064")
    assert [row[2] for row in page.rows[1:]] == ["3 4", "1 2"]
    opened = Page(client.get("/" + page.links["2"]).text)
    assert [row[1] for row in opened.rows[1:]] == ["2", "3", "4", "2"]
    assert opened.rows[2][2:] == ["COMPLETED seed=1", "", "", "0.99", "1", "0.011"]
    assert "open" not in parse(opened.links["2"])


def test_groups_are_sorted_by_means(client) -> None:
    """Groups without a value are last."""
    for sort, found in (("metrics.loss.last", ["3 4", "1 2", "5"]),
                        ("-metrics.loss.last", ["1 2", "3 4", "5"]),
                        ("-config.lr", ["5", "1 2", "3 4"])):  # fmt: skip
        page = page_of(client, group="config.lr", sort=sort, where="config.lr exists")
        assert [row[2] for row in page.rows[1:]] == found


def test_groups_in_json_follow_their_schema(client) -> None:
    """They are what `sacred runs list --group-by --json` prints."""
    groups = client.get("/?group=config.lr&format=json").json()
    schema = json.loads((DOCS / "groups.schema.json").read_text())
    for group in groups:
        jsonschema.validate(group, schema)
    assert groups[-1]["ids"] == [1, 2] and groups[-1]["values"] == {"config.lr": 0.1}


def test_runs_in_json_follow_their_schema(client) -> None:
    """They are what `sacred runs list --json` prints."""
    schema = json.loads((DOCS / "runs.schema.json").read_text())
    runs = client.get("/?format=json").json()
    for run in runs:
        jsonschema.validate(run, schema)
    assert [run["status"] for run in runs] == ["DAMAGED", "FAILED", *["COMPLETED"] * 4]


def test_tags_and_statuses_are_links(client) -> None:
    """They add a condition to the filter of the page; numbers of runs are known."""
    page = page_of(client, where="config.lr < 1 or id = 6", status="COMPLETED")
    assert parse(page.links["base line"]) == {
        "where": ['(config.lr < 1 or id = 6) and tags has "base line"'],
        "status": ["COMPLETED"],
    }
    assert page.links["completed 4"] and page.links["running 0"] and page.links["damaged 1"]
    assert parse(page.links["All"]) == {"where": ["config.lr < 1 or id = 6"]}
    again = page_of(client, where='tags has "base line"')
    assert parse(again.links["base line"]) == {"where": ['tags has "base line"']}


def test_pages_have_50_runs(tmp_path: Path, connect) -> None:
    """The links before and after retain the rest of the address."""
    for seed in range(52):
        start(tmp_path / "many", 0.1, seed).complete()
    client = connect(tmp_path / "many")
    first = page_of(client)
    assert len(ids(first)) == 50 and first.links["Next"] == "?page=2"
    client.get("/?sort=id")
    first, second = (
        page_of(client, sort="config.seed"),
        page_of(client, sort="config.seed", page="2"),
    )
    assert "1 to 50 of 52 runs" in first.text and "Page 1 of 2" in first.text
    assert first.links["Next"] == "?sort=config.seed&page=2"
    assert ids(second) == ["51", "52"] and "51 to 52 of 52 runs" in second.text
    assert second.links["Previous"] == "?sort=config.seed" and "Next" not in second.links


def test_fields_have_short_names_in_the_menu_of_columns(client) -> None:
    """Their kinds are headings; the value of a check box is the whole field."""
    text = client.get("/").text
    menu = text[text.index('class="field-groups"') :].partition("</div>")[0]
    for field, label in (("config.lr", "lr"), ("metrics.loss.max", "loss max"), ("tags", "tags"),
                         ("result.accuracy", "result.accuracy")):  # fmt: skip
        start = f'<label title="{field}"><input type="checkbox" name="columns" value="{field}"'
        assert menu.count(start) == 1
        assert menu[menu.index(start) :].partition("</label>")[0].endswith(f">{label}")


def test_only_columns_of_numbers_are_aligned_to_the_right(tmp_path: Path, connect) -> None:
    """A column with a word among numbers is one of words."""
    for rate, mixed in ((0.1, 1), (0.2, "x")):
        driver = EventDriver(FileStorageObserver(tmp_path / "mixed"))
        driver.start(config={"lr": rate, "mixed": mixed, "seed": None if mixed == 1 else 3})
        driver.complete()
    text = connect(tmp_path / "mixed").get("/").text
    row = text[text.index('data-row="mixed/1"') :].partition("</tr>")[0]
    assert '<td class="num starts"><span class="cut">0.1</span></td>' in row
    assert '<td><span class="cut">1</span></td>' in row
    assert '<td class="num"><span class="cut">3</span></td>' in text


@pytest.mark.parametrize("group", ["", "all-but seed"])
def test_many_columns_are_hidden_at_first(tmp_path: Path, connect, group: str) -> None:
    """At most 24 entries have columns; 20 others are named, and a link shows all."""
    for number in range(2):
        driver = EventDriver(FileStorageObserver(tmp_path / "wide"))
        driver.start(config={f"e{entry:02}": entry + number for entry in range(46)})
        driver.complete()
    client = connect(tmp_path / "wide")
    page = page_of(client, group=group)
    assert "e23" in page.rows[0] and "e24" not in page.rows[0]
    assert "Not shown: e24, e25, " in page.text and "e43 and 2 more." in page.text
    everything = Page(client.get("/" + page.links["Show all"]).text)
    assert "e45" in everything.rows[0] and "Not shown" not in everything.text


def test_examples_of_queries_are_links(client) -> None:
    """Each is a query of the language, and retains the rest of the address."""
    page = page_of(client, sort="id")
    assert parse(page.links["config.lr < 0.1"]) == {"where": ["config.lr < 0.1"], "sort": ["id"]}
    start = [*page.links].index("status in [FAILED, DEAD]")
    for query in [*page.links][start : start + 8]:
        assert client.get("/" + page.links[query]).status_code == 200, query
    assert page.links["These runs as JSON"] == "?sort=id&format=json"


def test_copies_in_several_locations_are_shown_once(store: Path, tmp_path: Path, connect) -> None:
    """The location of each run has a column, with links to its copies."""
    other = tmp_path / "other"
    other.mkdir()
    target = Target(open_store(str(other)))
    copied = [*copy_runs(open_store(str(store)), target, RunQuery(where=parse_query("id < 3")))]
    assert len(copied) == 2
    client = connect(store, other)
    client.get("/?sort=id")
    page = page_of(client, sort="id")
    assert page.rows[0][1:3] == ["ID", "Location"]
    places = [row[2] for row in page.rows[1:]]
    assert len(places) == 6 and sum("other" in place and "runs" in place for place in places) == 2
    assert len(ids(page_of(client, location="other"))) == 2
    assert {*page_of(client, location="other").fields["location"]} == {"other"}


def test_an_empty_store_says_what_to_do(tmp_path: Path, connect) -> None:
    """The page has the command that records a run there."""
    (tmp_path / "none").mkdir()
    page = page_of(connect(tmp_path / "none"))
    assert f"The folder '{tmp_path / 'none'}' is empty: record one there" in page.text
    assert f"python train.py -F {tmp_path / 'none'}" in page.text
    assert page_of(connect(tmp_path / "none"), group="all-but seed").rows == []


def test_stored_texts_are_escaped(tmp_path: Path, connect) -> None:
    """Names, entries, values, tags, metrics and results cannot contain elements."""
    evil = "<script>alert(1)</script>\"'"
    driver = EventDriver(FileStorageObserver(tmp_path / "evil"))
    driver.start(config={evil: evil}, ex_info={"name": evil, "base_dir": ".", "sources": []})
    driver.log(evil, [1.0])
    driver.annotate(note=evil, added=[evil])
    driver.complete(result={evil: evil})
    client = connect(tmp_path / "evil")
    for query in ("", "?all=1", "?group=all-but+seed&open=evil/1", "?where=name+has+%22%3Cs%22",
                  "?where=<script>&sort=<script>&columns=<script>&group=<script>"):  # fmt: skip
        text = client.get(f"/{query}").text
        assert "<script>" not in text and "&lt;script&gt;" in text


def test_a_long_value_is_shortened(tmp_path: Path, connect) -> None:
    """More of it is the title of the cell, and not all of a megabyte."""
    driver = start(tmp_path / "long", 0.1, 1)
    driver.complete(result="x" * 1_000_000)
    text = connect(tmp_path / "long").get("/").text
    assert "x" * 160 + "…" in text and len(text) < 40_000


def test_a_running_run_shows_for_how_long(tmp_path: Path, connect) -> None:
    """The time since its start is in the column of durations."""
    driver = EventDriver(FileStorageObserver(tmp_path / "live"))
    started = datetime.now(UTC) - timedelta(hours=1, minutes=2, seconds=3)
    driver.start(start_time=started, meta_info={"beat_interval": 1e6})
    row = page_of(connect(tmp_path / "live")).rows[1]
    assert row[2] == "RUNNING" and row[4].startswith("1:02:0")


def test_children_are_indented_below_their_parents(tmp_path: Path, connect) -> None:
    """A table that is sorted by a column is not a tree."""
    folder = tmp_path / "runs"
    for number, parent in ((1, None), (2, 1), (3, 2), (4, None), (5, 1)):
        driver = EventDriver(FileStorageObserver(folder))
        meta = {"uid": f"{number:032x}"} | ({"parent": f"{parent:032x}"} if parent else {})
        driver.start(meta_info=meta)
        driver.complete()
    board = connect(folder)

    def ids(query: str) -> list[str]:
        rows = board.get(f"/{query}").text.split('<td class="main">')[1:]
        return [
            row.partition("<a")[0] + row.partition("</a>")[0].rpartition(">")[2] for row in rows
        ]

    assert ids("") == ["4", "1", "\xa0\xa05", "\xa0\xa02", "\xa0\xa0\xa0\xa03"]
    assert ids("?sort=id") == ["1", "2", "3", "4", "5"]
