"""Attacks on a board: by stored runs, by addresses, by other sites and by guesses."""

import json
import shutil
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode, urljoin, urlsplit

import httpx2
import pytest
from sacred_board import create_app
from sacred_board.board import Board
from sacred_board.data.locations import Location
from sacred_board.protection import HEADERS
from starlette.testclient import TestClient

from sacred_core import open_store
from sacred_core.testing.effort import examples
from sacred_core.testing.hostile_records import HostileRecords

from .hostile_runs import FILES, MARKS, NAMES, mark, record_hostile_runs, word
from .safe_html import html_problems

BASE = "http://127.0.0.1:8137"
OWN = {"Origin": BASE}
SECRET = "content of a file outside of the store"
#: Routes whose responses do not end.
STREAMS = {"changes"}
#: Pages that are loaded at most: all kinds of them are among the first.
MOST_PAGES = 250


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with hostile runs, beside a file with a secret."""
    parent = tmp_path_factory.mktemp("hostile")
    record_hostile_runs(parent / "runs")
    (parent / "secret.txt").write_text(SECRET)
    (parent / "runs" / "1" / "link.txt").symlink_to(parent / "secret.txt")
    return parent / "runs"


def new_client(folder: Path, **settings: Any) -> TestClient:
    """Return a client of a board over a folder."""
    location = Location("runs", "runs", lambda: open_store(folder))
    return TestClient(create_app(Board([location], **settings)), BASE, follow_redirects=False)


@pytest.fixture(scope="module")
def client(folder: Path) -> Iterator[TestClient]:
    """A client of a board over the hostile runs, which can be edited."""
    with new_client(folder, is_editable=True) as client:
        yield client


class Links(HTMLParser):
    """Collects the addresses to which a page links."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an address."""
        self.found += [value for name, value in attrs if name in ("href", "src") and value]


def is_page(response: Any) -> bool:
    """Return whether a response is a page of the board."""
    return response.headers.get("content-type", "").startswith("text/html")


def kind_of(address: str) -> tuple[Any, ...]:
    """Return what pages have in common that differ only in the values of the query."""
    parts = urlsplit(address)
    pairs = parse_qsl(parts.query)
    shown = [value for name, value in pairs if name in ("tab", "file")]
    return parts.path, frozenset(name for name, _ in pairs), *shown


@pytest.fixture(scope="module")
def pages(client: TestClient) -> dict[str, Any]:
    """The responses of all addresses to which pages link, by address."""
    metrics = [("metric", mark("metric")), ("metric", "loss")]
    runs = [("run", "runs/1"), ("run", "runs/2")]
    waiting = ["/", "/?where=" + quote(mark("name")), "/run/runs/1", "/run/runs/2", "/edit/runs/1"]
    known = {
        "compare": f"/compare?{urlencode(runs)}",
        "curves": f"/curves?{urlencode(runs + metrics)}",
    }
    names = {route.name for route in client.app.routes}
    waiting += [address for name, address in known.items() if name in names]
    found: dict[str, Any] = {}
    seen = {kind_of(each) for each in waiting}
    while waiting and len(found) < MOST_PAGES:
        address = waiting.pop(0)
        found[address] = client.get(address)
        if not is_page(found[address]):
            continue
        parser = Links()
        parser.feed(found[address].text)
        for link in parser.found:
            new = urljoin(address, link).partition("#")[0]
            if new and kind_of(new) not in seen:
                seen.add(kind_of(new))
                waiting.append(new)
    return found


def test_all_pages_of_hostile_runs_are_answered(pages) -> None:
    """Pages link to nothing that does not exist, and each has the headers."""
    statuses = {address: response.status_code for address, response in pages.items()}
    errors = {address: status for address, status in statuses.items() if status not in (200, 303)}
    assert set(errors) <= {f"/?where={quote(mark('name'))}"}
    assert len(statuses) > 5
    for address, response in pages.items():
        for name in HEADERS:
            assert response.headers.get(name), (address, name)
        assert "x-injected" not in response.headers, address


def test_no_page_has_an_element_that_was_stored(pages) -> None:
    """Each script, style and address of a page is one of the board."""
    problems = {
        address: html_problems(response.text)
        for address, response in pages.items()
        if is_page(response)
    }
    assert {address: found for address, found in problems.items() if found} == {}


#: Places that pages show, in the record or in a file.
@pytest.mark.parametrize("place", MARKS)
def test_a_script_in_a_record_is_shown_as_text(pages, place: str) -> None:
    """The word of the place is on a page, and the mark is on none as it was stored."""
    texts = [response.text for response in pages.values() if is_page(response)]
    assert any(word(place) in text for text in texts)
    assert [text for text in texts if mark(place) in text and "<" in mark(place)] == []


@pytest.mark.parametrize(("name", "content_type"), [(name, kind) for name, kind, _ in FILES])
def test_no_file_is_executed_on_the_origin_of_the_board(client, name, content_type) -> None:
    """It is downloaded, an image or plain text, and the browser does not guess its type."""
    response = client.get(f"/file/runs/1/artifact/{quote(name)}")
    assert response.status_code == 200
    assert response.content == next(content for each, _, content in FILES if each == name)
    headers = response.headers
    assert headers["x-content-type-options"] == "nosniff"
    policy = headers["content-security-policy"]
    assert "sandbox" in policy and "default-src 'none'" in policy and "allow-" not in policy
    is_shown = not headers["content-disposition"].startswith("attachment;")
    if is_shown:
        assert headers["content-type"] in ("image/png", "text/plain; charset=utf-8")
    assert "javascript" not in headers["content-type"] and "css" not in headers["content-type"]
    assert "x-injected" not in headers and "html" not in headers["content-type"]


@pytest.mark.parametrize("name", NAMES)
def test_no_name_of_a_file_adds_a_header(client, name: str) -> None:
    """The file is found by its name; the name of the download is quoted."""
    response = client.get(f"/file/runs/1/artifact/{quote(name, safe='')}")
    assert response.status_code == 200 and "x-injected" not in response.headers
    disposition = response.headers["content-disposition"]
    assert disposition.isprintable() and disposition.isascii()
    assert disposition.count('"') in (0, 2)


#: What a parameter of a path is replaced by, as in an address.
PARTS = [
    "..", ".", "%2e%2e", "%2E%2E%2Fsecret.txt", "../secret.txt", "..%2Fsecret.txt",
    "....//secret.txt", "..%252Fsecret.txt",
    "%2F%2Fetc%2Fpasswd", "/etc/passwd", "..%5Csecret.txt", "C:%5Cwindows",
    "%00", "1%00.txt", "%0d%0aX-Injected:%20yes", "%E2%80%AE", "%ED%A0%80", "%FF", "%", "%zz",
    "link.txt", "~root", "file:%2F%2F%2Fetc%2Fpasswd", "x" * 5000, "-1", "1e400", "9" * 400,
    "%3Cscript%3Ealert(1)%3C%2Fscript%3E", "{{7*7}}", "run.json", "1%2F..%2F2", "con", "nul.txt",
]  # fmt: skip
VALID = {
    "slug": "runs",
    "run_id": "1",
    "kind": "artifact",
    "name": "table.csv",
    "path": "board.css",
}


def get_exactly(client: TestClient, address: str) -> httpx2.Response:
    """Return the response for an address which the client does not change: it removes `..`."""

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    messages: list[Any] = []

    async def send(message: Any) -> None:
        messages.append(message)

    path, _, query = address.partition("?")
    scope = {
        "type": "http", "http_version": "1.1", "method": "GET", "scheme": "http", "root_path": "",
        "path": unquote(path), "raw_path": path.encode(), "query_string": query.encode(),
        "headers": [(b"host", b"127.0.0.1:8137")], "client": ("127.0.0.1", 1), "state": {},
        "server": ("127.0.0.1", 8137), "app": client.app,
    }  # fmt: skip
    client.portal.call(client.app, scope, receive, send)
    content = b"".join(message.get("body", b"") for message in messages[1:])
    headers = [(name.decode("latin-1"), value) for name, value in messages[0]["headers"]]
    return httpx2.Response(messages[0]["status"], headers=headers, content=content)


def is_refusal(response: Any) -> bool:
    """Return whether a response is an error page which contains nothing of what was requested."""
    problems = html_problems(response.text) if is_page(response) else []
    return response.status_code in (400, 404, 405, 414) and problems == []


@pytest.mark.parametrize("part", PARTS)
def test_no_parameter_of_a_path_reaches_a_file(client, folder: Path, part: str) -> None:
    """Each parameter of each route is replaced by what names a file in other programs."""
    for route in client.app.routes:
        for name in set(route.param_convertors) & {*VALID}:
            values = {key: quote(value) for key, value in VALID.items()} | {name: part}
            response = get_exactly(client, route.path_format.format(**values))
            assert is_refusal(response), (route.path_format, name, response.status_code)
            assert SECRET not in response.text and "root:" not in response.text
            assert "x-injected" not in response.headers


def test_the_routes_of_probes_are_those_of_the_board(client) -> None:
    """A new parameter of a path has a valid value in `VALID`, so that it is probed too."""
    names = {name for route in client.app.routes for name in route.param_convertors}
    assert names <= {*VALID}


#: Queries of addresses, which no page may fail for.
LONG = "config.lr = 1 and " * 1500 + "config.lr = 1"
QUERIES = [
    "where=" + quote("(" * 5000), "where=" + "not%20" * 5000 + "x", "where=" + quote(LONG),
    "where=" + quote('name ~ "(a+)+$"'), "where=" + quote('name ~ "["'), "where=%FF", "where=%",
    "where=" + quote(mark("name")), "where=" + quote("config.__class__.__mro__ exists"),
    "where=config.lr%20=%20" + "9" * 5000, "where=id%20=%20%27%C2%85%27", "where=%ED%A0%80",
    "sort=" + quote(mark("name")), "sort=__class__", "sort=" + "-" * 1000, "sort=,,,", "sort=",
    "columns=" + quote(mark("name")), "columns=" + "id," * 5000, "columns=config.__proto__",
    "columns=metrics.loss.mean", "group-by=" + quote(mark("name")), "group-by=all-but",
    "group_by=__class__", "groups=all-but%20seed", "page=-1", "page=0", "page=1e9",
    "page=" + "9" * 400, "page=%F0%9F%98%80", "page=NaN", "limit=-1", "limit=0",
    "limit=99999999999999999999", "offset=-5",
    "run=runs/1&run=runs/1", "run=runs/1", "run=", "run=nowhere/1&run=runs/1",
    "run=runs/../1&run=runs/2", "&".join(["run=runs/1", "run=runs/2"] * 500), "run=runs/nope",
    "run=runs/1&run=runs/2&metric=nope", "run=runs/1&metric=" + quote(mark("metric")),
    "run=runs/1&metric=loss&x=" + quote(mark("name")), "run=runs/1&metric=loss&x=wall&log=maybe",
    "run=runs/1&metric=loss&smooth=NaN", "run=runs/1&metric=loss&smooth=-1e308",
    "run=runs/1&metric=loss&smooth=2", "run=runs/1&metric=loss&zoom=NaN,Infinity",
    "run=runs/1&metric=loss&zoom=1e308,-1e308", "run=runs/1&metric=loss&from=a&to=b",
    "run=runs/1&metric=loss&width=-1", "run=runs/1&metric=loss&width=1e12&points=1e12",
    "tab=" + quote(mark("name")), "tab=../..", "tab=__init__", "output=-1", "output=1e99",
    "points=loss:-1", "points=loss:" + "9" * 400, "points=" + quote(mark("metric")) + ":0",
    "points=:", "format=xml", "format=" + quote(mark("name")), "format=json&format=html", "=&&==&",
    "&".join(f"a{n}=1" for n in range(3000)), "theme=" + quote(mark("name")), "next=//evil.example",
]  # fmt: skip


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query[:40])
def test_no_query_makes_a_page_fail(client, query: str) -> None:
    """The answer is a page or an error page; what was given is on it as text."""
    for route in client.app.routes:
        if "GET" not in (getattr(route, "methods", None) or ()) or route.name in STREAMS:
            continue
        path = route.path_format.format(**{key: quote(value) for key, value in VALID.items()})
        for suffix in ("", "&format=json"):
            response = client.get(f"{path}?{query}{suffix}")
            assert response.status_code in (200, 303, 400, 404, 414), path
            if is_page(response):
                assert html_problems(response.text) == []
                assert not [
                    name for name in MARKS if mark(name) in response.text and "<" in mark(name)
                ]


def test_records_of_other_programs_make_no_page_fail(folder: Path, tmp_path: Path) -> None:
    """Records with values that fit nowhere are shown, or marked as damaged."""
    changed = tmp_path / "runs"
    record_hostile_runs(changed)
    records = HostileRecords(seed=7)
    for name in ("run.json", "config.json"):
        path = changed / "1" / name
        original = json.loads(path.read_text())
        for number in range(examples(5, 30)):
            copy = changed / f"{name}-{number}"
            shutil.copytree(changed / "2", copy)
            (copy / name).write_bytes(records.text(original))
    run_ids = [*map(str, open_store(changed).ids())]
    assert len(run_ids) > 5
    with new_client(changed, is_editable=True) as client:
        assert client.get("/?limit=500").status_code == 200
        names = [route.name for route in client.app.routes]
        for run_id in set(run_ids) - {"2"}:
            runs = urlencode([("run", f"runs/{run_id}"), ("run", "runs/2")])
            addresses = [f"/run/runs/{run_id}", f"/edit/runs/{run_id}"]
            addresses += [f"/{each}?{runs}" for each in ("compare", "curves") if each in names]
            for address in addresses:
                response = client.get(address)
                assert response.status_code in (200, 404), address
                assert html_problems(response.text) == []


@pytest.mark.parametrize(
    "host",
    ["evil.example", "127.0.0.1.evil.example:8137", "localhost.evil.example", "[::ffff:1.2.3.4]",
     ""],
)  # fmt: skip
def test_a_name_that_resolves_to_this_machine_reads_nothing(client, host: str) -> None:
    """DNS rebinding: each route refuses the name of another site, before anything is read."""
    for route in client.app.routes:
        path = route.path_format.format(**{key: quote(value) for key, value in VALID.items()})
        for method in ("GET", "POST", "HEAD"):
            response = client.request(method, path, headers={"Host": host} | OWN)
            assert response.status_code == 403, path
            assert "xss-" not in response.text and "train" not in response.text


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "null"},
        {"Origin": "http://evil.example"},
        {"Origin": "http://localhost:8137"},
        {"Origin": f"{BASE}0"},
        {"Sec-Fetch-Site": "cross-site", "Origin": BASE},
        {"Sec-Fetch-Site": "same-site"},
        {"Referer": f"{BASE}/", "Cookie": "sacred_board_8137=x"},
    ],
    ids=str,
)
def test_a_form_of_another_site_changes_nothing(client, folder: Path, headers: Any) -> None:
    """Each route that accepts forms refuses one, although its fields are correct."""
    board = client.app.state.board
    fields = {"token": board.edit_token, "uid": open_store(folder).get(1).uid, "action": "delete"}
    tried = 0
    for route in client.app.routes:
        if "POST" in (getattr(route, "methods", None) or ()):
            path = route.path_format.format(**VALID)
            assert client.post(path, data=fields, headers=headers).status_code == 403
            tried += 1
    assert tried >= 2 and 1 in open_store(folder).ids()


@pytest.mark.parametrize(
    "fields",
    [
        {"action": "untag", "tag": "x" * 50_000},
        {"action": "tag", "tags": ",".join("abcdefgh" * 500)},
        {"action": "tag", "tags": "\u202e\u2028"},
        {"action": "note", "note": "\ud800"},
        {"action": "__class__"},
        {"action": ""},
        {"action": "note", "note": "x", "uid": "' or 1=1"},
        {"action": "delete", "token": "' or 1=1"},
        {"action": "delete", "uid": ""},
    ],
    ids=str,
)
def test_no_form_makes_a_page_fail(client, folder: Path, fields: dict[str, str]) -> None:
    """What is not valid is an error page, and no run is deleted."""
    board = client.app.state.board
    known = {"token": board.edit_token, "uid": open_store(folder).get(2).uid}
    body = urlencode(known | fields, errors="surrogatepass")
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    response = client.post("/edit/runs/2", content=body, headers=OWN | kind)
    assert response.status_code in (303, 400, 403, 409)
    assert not is_page(response) or html_problems(response.text) == []
    assert 2 in open_store(folder).ids()


@pytest.mark.parametrize(
    "guess", ["", " ", "' or 1=1 --", "correct-horse", "é", "\ud800", "x" * 60_000]
)
def test_no_guess_is_the_token(folder: Path, guess: str) -> None:
    """A guess shows the form again; nothing of a run is shown without the token."""
    with new_client(folder, token="correct-horse-battery") as client:
        body = urlencode({"token": guess}, errors="surrogatepass")
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        response = client.post("/login", content=body, headers=OWN | kind)
        assert response.status_code in (400, 403) and "set-cookie" not in response.headers
        cookies = {"sacred_board_8137": quote(guess[:100], errors="surrogatepass")}
        client.cookies.update(cookies)
        for route in client.app.routes:
            path = route.path_format.format(**{key: quote(value) for key, value in VALID.items()})
            response = client.get(path + "?format=json")
            is_public = path.startswith(("/login", "/static"))
            assert response.status_code == 401 or is_public
            assert "xss-" not in response.text
