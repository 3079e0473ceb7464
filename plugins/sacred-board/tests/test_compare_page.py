"""Tests of the page that compares runs."""

import hashlib
import json
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

import jsonschema
import pytest

from sacred_core.observers import FileStorageObserver
from sacred_core.testing import EventDriver

from .page_tables import Page

DOCS = Path(__file__).parents[3] / "docs"
CODE = "def decay(step):\n    return 0.9 ** step\n"


def record(folder: Path, files: Path, rate: float, code: str, output: str = "hello\n") -> None:
    """Record a run whose code is a file."""
    files.mkdir(exist_ok=True, parents=True)
    source = files / "model.py"
    source.write_text(code)
    digest = hashlib.md5(code.encode()).hexdigest()
    driver = EventDriver(FileStorageObserver(folder))
    driver.start(
        config={"lr": rate, "batch": 64, "seed": 1},
        ex_info={
            "name": "mnist", "base_dir": str(files), "sources": [["model.py", digest]],
            "dependencies": ["numpy==2.0"], "repositories": [],
        },
        meta_info={"origins": {"command line": ["lr"]}, "options": {}},
    )  # fmt: skip
    driver.log("loss", [1.0, rate])
    driver.print(output)
    driver.complete(result={"accuracy": 1 - rate})


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five runs: the code and the configuration of some differ; the last one is damaged."""
    folder = tmp_path_factory.mktemp("compare")
    runs = folder / "runs"
    record(runs, folder / "files", 0.5, CODE)
    record(runs, folder / "files", 0.25, CODE.replace("0.9", "0.95"), "good <b>bye</b>\n")
    record(runs, folder / "files", 0.5, CODE)
    record(runs, folder / "files", 0.5, CODE, "".join(f"{n}\n" for n in range(1000)))
    record(runs, folder / "files", 0.5, CODE)
    (runs / "5" / "config.json").write_text("{")
    return runs


@pytest.fixture
def client(store: Path, connect):
    """A client of a board over the store."""
    return connect(store)


def address_of(*keys: str, **parameters: str) -> str:
    """Return the address of a comparison."""
    return f"/compare?{urlencode([*(('run', key) for key in keys), *parameters.items()])}"


def page_of(client, *keys: str, **parameters: str) -> Page:
    """Return the page that compares runs."""
    response = client.get(address_of(*keys, **parameters))
    assert response.status_code == 200, response.text
    return Page(response.text)


def test_two_runs_have_causes_and_differences(client) -> None:
    """Causes are ranked as by `sacred runs why`; entries have both values and their origins."""
    page = page_of(client, "runs/1", "runs/2")
    text = page.text
    assert "Why they differ" in text and "Where the metrics part" in text
    assert text.index("lr 0.5 → 0.25 (command line)") < text.index("decay (model.py:1) changed")
    assert ["lr", "0.5 command line", "0.25 command line"] in page.rows
    assert ["result.accuracy", "0.5", "0.75"] in page.rows
    assert ["loss", "0.5", "0.25", "-0.25"] in page.rows, "the last values of metrics"
    assert ["result.accuracy", "0.5", "0.75", "+0.25"] in page.rows
    metric = next(row for row in page.rows if row[0].startswith("loss") and "points" in row[1])
    assert metric[0] == "losspart at step 1: 0.5, 0.25" and metric[2].startswith("2 points, min")
    assert "batch" not in {row[0] for row in page.rows if row}


def test_code_is_a_coloured_unified_diff(client) -> None:
    """Added and removed lines have classes; what is stored is escaped."""
    text = client.get(address_of("runs/1", "runs/2")).text
    for line in (
        '<span class="diff-file">+++ model.py</span>',
        '<span class="diff-hunk">@@ -1,2 +1,2 @@</span>',
        '<span class="diff-same"> def decay(step):</span>',
        '<span class="diff-del">-    return 0.9 ** step</span>',
        '<span class="diff-add">+    return 0.95 ** step</span>',
        '<span class="diff-add">+good &lt;b&gt;bye&lt;/b&gt;</span>',
    ):
        assert line in text


def test_equal_runs_have_no_differences(client) -> None:
    """The page says that nothing differs."""
    page = page_of(client, "runs/1", "runs/3")
    assert "Nothing that was recorded differs" in page.text
    assert "Nothing that was compared differs." in page.text


def test_long_texts_are_shortened_until_all_is_shown(client) -> None:
    """The number of hidden lines is a link to all of them."""
    text = client.get(address_of("runs/1", "runs/4")).text
    assert text.count('class="diff-add"') < 401 and "and 602 more lines" in Page(text).text
    assert page_of(client, "runs/1", "runs/4").links["show them"] == (
        "?run=runs%2F1&run=runs%2F4&all=1#section-output"
    )
    assert client.get(address_of("runs/1", "runs/4", all="1")).text.count('"diff-add"') == 1000


def test_more_runs_are_a_table(client) -> None:
    """A row for each fact that differs; all facts on demand, those that differ marked."""
    page = page_of(client, "runs/1", "runs/2", "runs/3")
    assert ["lr", "0.5", "0.25", "0.5"] in page.rows
    names = {row[0] for row in page.rows if row}
    assert "batch" not in names and "Why they differ" not in page.text
    response = client.get(address_of("runs/1", "runs/2", "runs/3", all="1"))
    everything = Page(response.text)
    assert ["batch", "64", "64", "64"] in everything.rows
    assert ["numpy", *["2.0"] * 3] in [[cell.strip("'") for cell in row] for row in everything.rows]
    assert '<td class="differs"><span class="cut">0.25</span></td>' in response.text
    assert '<td class="differs"><span class="cut">64</span></td>' not in response.text


def keys_of(link: str) -> list[str]:
    """Return the runs of a link."""
    return [value for name, value in parse_qsl(urlsplit(link).query) if name == "run"]


def test_runs_are_swapped_removed_and_added_by_links(client) -> None:
    """The rest of the address stays."""
    assert keys_of(page_of(client, "runs/1", "runs/2").links["Swap"]) == ["runs/2", "runs/1"]
    page = page_of(client, "runs/1", "runs/2", "runs/3", only="config")
    assert page.links["Remove"] == "?run=runs%2F2&run=runs%2F3&only=config"
    assert keys_of(page.links["First"]) == ["runs/2", "runs/1", "runs/3"]
    assert keys_of(page.links["With A"]) == ["runs/1", "runs/2"]
    assert keys_of(page.links["Curves"]) == ["runs/1", "runs/2", "runs/3"]
    assert page.fields["run"][:3] == ["runs/1", "runs/2", "runs/3"]
    assert "Remove" not in page_of(client, "runs/1", "runs/2").links


def test_only_some_aspects_are_compared(client) -> None:
    """`only` is as in `sacred runs diff`."""
    page = page_of(client, "runs/1", "runs/2", only="config, code")
    assert "Configuration 1" in page.text and "Output 1" not in page.text


def test_curves_are_on_the_page(client) -> None:
    """Their options are part of the address, which other links retain."""
    response = client.get(address_of("runs/1", "runs/2", logy="1", x="relative"))
    assert 'data-metric="loss"' in response.text
    assert "logy=1" in Page(response.text).links["All facts"]
    assert "x=relative" in Page(response.text).links["Swap"]


@pytest.mark.parametrize(
    ("keys", "parameters", "status", "sentence"),
    [
        ([], {}, 400, "Select 2 to 20 runs to compare"),
        (["runs/1"], {}, 400, "this address has 1."),
        (["runs/1", "runs/1"], {}, 400, "this address has 1."),
        ([f"runs/{number}" for number in range(21)], {}, 400, "this address has 21."),
        (["runs/1", "other/1"], {}, 404, "run 'other/1' not found"),
        (["runs/1", "runs/"], {}, 404, "This board has no run 'runs/': expected LOCATION/ID."),
        (["runs/1", "1"], {}, 400, "this address has 1."),
        (["runs/1", "runs/9"], {}, 404, "run '9' not found"),
        (["runs/1", "runs/../1"], {}, 404, "not found"),
        (["runs/1", "runs/2"], {"only": "nothing"}, 400, "unknown aspect 'nothing'"),
        (["runs/1", "runs/2"], {"smooth": "2"}, 400, "smooth must be between"),
    ],
)
def test_wrong_addresses_are_errors(
    client, keys: list[str], parameters: dict[str, str], status: int, sentence: str
) -> None:
    """A sentence says what is wrong, in HTML and in JSON."""
    response = client.get(address_of(*keys, **parameters))
    assert response.status_code == status and sentence in Page(response.text).text
    answer = client.get(address_of(*keys, **parameters, format="json"))
    assert answer.status_code == status and sentence in answer.json()["error"]


def test_json_is_that_of_the_command_line(client) -> None:
    """Of two runs as `sacred runs diff --json`, of more as its table."""
    two = client.get(address_of("runs/1", "runs/2", format="json")).json()
    jsonschema.validate(two, json.loads((DOCS / "diff.schema.json").read_text()))
    assert [each["key"] for each in two["sections"]["config"]] == ["lr"]
    more = client.get(address_of("runs/1", "runs/2", "runs/3", format="json")).json()
    jsonschema.validate(more, json.loads((DOCS / "diff-table.schema.json").read_text()))
    assert [run["id"] for run in more["runs"]] == [1, 2, 3]


def test_damaged_runs_are_compared_as_far_as_they_can_be_read(client) -> None:
    """The page names the damage."""
    page = page_of(client, "runs/1", "runs/5")
    assert "DAMAGED" in page.text and "it is damaged" in page.text
    assert "it is damaged" in page_of(client, "runs/1", "runs/2", "runs/5").text


def test_runs_of_several_locations_are_compared(store: Path, tmp_path: Path, connect) -> None:
    """Each run has its location."""
    record(tmp_path / "other", tmp_path / "files", 0.125, CODE)
    client = connect(store, tmp_path / "other")
    assert client.get(address_of("runs/1", "third/1")).status_code == 404
    assert client.get(address_of("runs/1", "2")).status_code == 404
    page = page_of(client, "runs/1", "other/1")
    assert ["lr", "0.5 command line", "0.125 command line"] in page.rows
    assert [row[2] for row in page.rows[1:3]] == ["runs", "other"]


def test_metrics_that_cannot_be_read_are_reported(tmp_path: Path, connect) -> None:
    """The rest of the runs is compared."""
    for rate in (0.5, 0.25):
        record(tmp_path / "cut", tmp_path / "files", rate, CODE)
    (tmp_path / "cut" / "2" / "metrics.index.json").unlink()
    (tmp_path / "cut" / "2" / "metrics.json").write_text("{")
    page = page_of(connect(tmp_path / "cut"), "cut/1", "cut/2")
    assert "metrics not compared" in page.text
    assert ["lr", "0.5 command line", "0.25 command line"] in page.rows


def test_a_note_is_separated_from_values_only(tmp_path: Path, connect) -> None:
    """Parentheses in a value are part of it."""
    for value in ("a  (b", "a  (c)"):
        driver = EventDriver(FileStorageObserver(tmp_path / "notes"))
        driver.start(config={"text": value, "seed": 1})
        driver.complete()
    page = page_of(connect(tmp_path / "notes"), "notes/1", "notes/2")
    assert ["text", "'a (b'", "'a (c)'"] in page.rows


def test_a_store_that_fails_later_is_reported(
    client, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page began before the comparison; it ends with the reason, without secrets."""
    from sacred_board.pages import compare

    from sacred_core.exceptions import StoreError

    def fail(*args: object) -> None:
        raise StoreError("no answer from postgresql://me:hidden12@host/db")

    monkeypatch.setattr(compare, "compare_runs", fail)
    page = page_of(client, "runs/1", "runs/2")
    assert "Not compared no answer from postgresql://me:" in page.text
    assert "hidden12" not in page.text
