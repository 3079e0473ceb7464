"""Tests of the requests that are refused, and of the headers of all responses."""

from pathlib import Path

import pytest
from sacred_board.protection import HEADERS, LARGEST_BODY, LONGEST_ADDRESS
from starlette.routing import Route
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

TOKEN = "correct-horse-battery"
OWN = {"Origin": "http://127.0.0.1:8137"}


@pytest.fixture
def client(tmp_path: Path, connect):
    """Return a client of a board without runs."""
    (tmp_path / "runs").mkdir()
    return connect(tmp_path / "runs")


@pytest.mark.parametrize("path", ["/", "/nothing", "/run/runs/1", "/static/board.css", "/login"])
def test_each_response_has_the_headers(client, path: str) -> None:
    """Errors, redirects and files have them too."""
    headers = client.get(path).headers
    assert {name: headers.get(name) for name in HEADERS} == HEADERS


def test_hosts_without_encryption_get_no_header_that_browsers_report(tmp_path, connect) -> None:
    """Browsers log an error for this header unless the connection is secure."""
    (tmp_path / "runs").mkdir()
    client = connect(tmp_path / "runs", host="192.0.2.1", token=TOKEN)
    headers = client.get("/login", headers={"Host": "192.0.2.1:8137"}).headers
    assert {*HEADERS} - {name for name in HEADERS if name in headers} == {
        "Cross-Origin-Opener-Policy"
    }
    assert "Cross-Origin-Opener-Policy" in client.get("/login").headers


def test_an_unexpected_error_is_a_page_with_the_headers(client, capsys) -> None:
    """Its sentence names the exception without secrets; the terminal shows where to report it."""

    def fail(request: object) -> None:
        raise RuntimeError("no password=geheim123 today")

    client.app.router.routes.insert(0, Route("/failing", fail))
    response = TestClient(client.app, client.base_url, raise_server_exceptions=False).get(
        "/failing"
    )
    assert response.status_code == 500
    assert "Unexpected RuntimeError" in response.text and "geheim123" not in response.text
    assert {name: response.headers.get(name) for name in HEADERS} == HEADERS
    assert "unexpected RuntimeError" in (shown := capsys.readouterr().err)
    assert "Please report it" in shown and "geheim123" not in shown


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8137", "", "127.0.0.1.nip.example"])
def test_the_name_of_another_site_is_refused(client, host: str) -> None:
    """DNS rebinding: the page names no location, which the site could read."""
    response = client.get("/", headers={"Host": host})
    assert response.status_code == 403
    assert "does not answer for the host" in response.text
    assert "runs" not in response.text.partition("<body")[2].replace("use the address", "")


def test_the_refusal_is_json_where_json_is_wanted(client) -> None:
    """Errors have the sentence under `error`."""
    response = client.get("/?format=json", headers={"Host": "evil.example"})
    assert response.status_code == 403
    assert response.json()["error"].startswith("This board does not answer for the host")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT", "X"])
def test_other_methods_are_refused(client, method: str) -> None:
    """The answer lists the allowed methods."""
    response = client.request(method, "/")
    assert (response.status_code, response.headers["allow"]) == (405, "GET, HEAD, POST")


def test_a_long_address_is_refused(client) -> None:
    """The limit is for path and query together."""
    rest = LONGEST_ADDRESS - len("/") - len("where=")
    assert client.get(f"/?where={'x' * (rest + 1)}").status_code == 414
    assert client.get(f"/?other={'x' * rest}").status_code == 200


@pytest.mark.parametrize(
    "path", ["/%00", "/run/runs/%00", "/?where=%00", "/run/runs/%FF", "/%C3%28", "/%ED%A0"]
)
def test_addresses_that_cannot_be_decoded_are_refused(client, path: str) -> None:
    """Null characters, which databases do not store, and bytes that are not UTF-8 are errors."""
    response = client.get(path)
    assert response.status_code == 400 and "The address" in response.text


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "http://127.0.0.1:8138"}, 403),
        ({"Origin": "http://127.0.0.1:8137.evil.example"}, 403),
        ({"Origin": "http://127.0.0.1:8137", "Sec-Fetch-Site": "cross-site"}, 403),
        ({"Origin": "http://evil.example", "Sec-Fetch-Site": "same-origin"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "none"}, 403),
        ({"Referer": "http://127.0.0.1:8137/"}, 403),
        ({"Origin": "http://127.0.0.1:8137"}, 404),
        ({"Origin": "https://127.0.0.1:8137"}, 404),
        ({"Sec-Fetch-Site": "same-origin"}, 404),
    ],
)
def test_forms_of_other_sites_are_refused(client, headers: dict[str, str], status: int) -> None:
    """A form without the headers that browsers add is not from a page of the board."""
    assert client.post("/nothing", headers=headers).status_code == status


@pytest.mark.parametrize(
    ("site", "mode", "target", "status"),
    [
        ("cross-site", "no-cors", "image", 403),
        ("cross-site", "cors", "empty", 403),
        ("same-site", "no-cors", "script", 403),
        ("cross-site", "navigate", "iframe", 403),
        ("cross-site", "navigate", "object", 403),
        ("cross-site", "navigate", "document", 200),
        ("none", "navigate", "document", 200),
        ("same-origin", "cors", "empty", 200),
    ],
)
def test_other_sites_may_link_to_a_page_but_not_embed_it(
    client, site: str, mode: str, target: str, status: int
) -> None:
    """Images, scripts, frames and requests of other sites are refused."""
    headers = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": mode, "Sec-Fetch-Dest": target}
    assert client.get("/", headers=headers).status_code == status


@pytest.mark.parametrize("size", [LARGEST_BODY, LARGEST_BODY + 1])
def test_a_large_form_is_refused(client, size: int) -> None:
    """Also if its length is not known before it is received."""
    status = 404 if size <= LARGEST_BODY else 413
    parts = (b"x" * 1024 for _ in range(size // 1024))
    assert client.post("/nothing", headers=OWN, content=b"x" * size).status_code == status
    body = [*parts, b"x" * (size % 1024)]
    assert client.post("/nothing", headers=OWN, content=iter(body)).status_code == status


def test_a_websocket_is_closed(client) -> None:
    """The board has none."""
    with pytest.raises(WebSocketDisconnect) as caught, client.websocket_connect("/"):
        pass
    assert caught.value.code == 1008


class TestToken:
    """Boards with a token."""

    @pytest.fixture
    def client(self, tmp_path: Path, connect):
        """Return a client of a board with a token."""
        (tmp_path / "runs").mkdir()
        return connect(tmp_path / "runs", token=TOKEN)

    def log_in(self, client, **fields: str):
        """Send the form of the login page."""
        return client.post("/login", data=fields, headers=OWN)

    def test_a_browser_is_sent_to_the_login_page_and_back(self, client) -> None:
        """The wanted page is an argument of the login page, the token is in no address."""
        accept = {"Accept": "text/html"}
        response = client.get("/run/runs/a%2Fb?tab=x%26y&z", headers=accept)
        assert response.status_code == 303
        page = client.get(response.headers["location"])
        assert page.status_code == 200
        wanted = "/run/runs/a%2Fb?tab=x%26y&z"
        assert f'name="next" value="{wanted.replace("&", "&amp;")}"' in page.text
        entered = self.log_in(client, token=TOKEN, next=wanted)
        assert (entered.status_code, entered.headers["location"]) == (303, wanted)
        assert client.get("/", headers=accept).status_code == 200

    def test_the_cookie_is_for_this_board_only_and_not_for_scripts(self, client) -> None:
        """Cookies are shared by all ports of a host, hence the port in the name."""
        cookie = self.log_in(client, token=TOKEN).headers["set-cookie"]
        name, _, rest = cookie.partition("=")
        assert name == "sacred_board_8137" and TOKEN not in rest
        flags = {each.strip().lower() for each in rest.split(";")[1:]}
        assert flags == {"httponly", "path=/", "samesite=strict"}

    @pytest.mark.parametrize("path", ["/", "/run/runs/1", "/changes", "/nothing", "/edit/runs/1"])
    def test_a_program_gets_an_error(self, client, path: str) -> None:
        """The sentence describes the header; it does not depend on what exists."""
        response = client.get(path + "?format=json")
        assert response.status_code == 401
        assert response.headers["www-authenticate"] == "Bearer"
        assert "Authorization: Bearer TOKEN" in response.json()["error"]
        assert client.get(path, headers={"Accept": "*/*"}).status_code == 401
        assert client.post(path, headers=OWN | {"Accept": "text/html"}).status_code == 401

    def test_a_program_sends_the_token_in_a_header(self, client) -> None:
        """A wrong token, or one in the address, is refused."""
        assert client.get("/", headers={"Authorization": f"bearer {TOKEN}"}).status_code == 200
        assert client.get("/", headers={"Authorization": "Bearer wrong"}).status_code == 401
        assert client.get("/", headers={"Authorization": f"Basic {TOKEN}"}).status_code == 401
        assert client.get(f"/?token={TOKEN}").status_code == 401

    def test_a_wrong_token_shows_the_form_again(self, client) -> None:
        """The page has the reason, and what was entered is not on it."""
        response = self.log_in(client, token="wrong-and-long-token", next="/?where=x")
        assert response.status_code == 403 and "set-cookie" not in response.headers
        assert "This is not the token" in response.text and "wrong-and" not in response.text
        assert 'value="/?where=x"' in response.text

    def test_guesses_are_limited(self, client) -> None:
        """After ten wrong tokens the correct one is refused too, for a minute."""
        statuses = [self.log_in(client, token=f"{n}").status_code for n in range(11)]
        assert statuses == [403] * 10 + [429]
        response = self.log_in(client, token=TOKEN)
        assert (response.status_code, response.headers["retry-after"]) == (429, "60")
        response = client.get("/", headers={"Authorization": f"Bearer {TOKEN}"})
        assert (response.status_code, response.headers["retry-after"]) == (429, "60")

    @pytest.mark.parametrize(
        "wanted",
        [
            "//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)",
            "/\t/evil.example", "evil", "", "\\\\evil.example",
        ],
    )  # fmt: skip
    def test_the_login_page_leads_to_this_board_only(self, client, wanted: str) -> None:
        """An address of another site is replaced by the first page."""
        response = self.log_in(client, token=TOKEN, next=wanted)
        assert (response.status_code, response.headers["location"]) == (303, "/")

    def test_the_login_page_and_its_style_need_no_token(self, client) -> None:
        """They name no location."""
        page = client.get("/login")
        assert page.status_code == 200 and "<li>" not in page.text
        assert client.get("/static/board.css").status_code == 200
        assert client.get("/static/../run/runs/1").status_code in (401, 404)

    @pytest.mark.parametrize(
        ("content", "kind"),
        [
            (b"token=%FF", "application/x-www-form-urlencoded"),
            (b"\xff", "application/x-www-form-urlencoded"),
            (b"token=%00", "application/x-www-form-urlencoded"),
            (b"&".join(b"a=1" for _ in range(51)), "application/x-www-form-urlencoded"),
            (b"{}", "application/json"),
            (b"", "multipart/form-data"),
        ],
    )
    def test_what_is_not_a_form_is_refused(self, client, content: bytes, kind: str) -> None:
        """The answer is an error page."""
        headers = OWN | {"Content-Type": kind}
        response = client.post("/login", content=content, headers=headers)
        assert response.status_code in (400, 415) and "form" in response.text


def test_a_board_without_a_token_has_no_login_page(client) -> None:
    """It leads to the wanted page; a form for it changes nothing."""
    response = client.get("/login?next=/run/runs/1")
    assert (response.status_code, response.headers["location"]) == (303, "/run/runs/1")
    assert client.post("/login", data={"token": ""}, headers=OWN).status_code == 403
