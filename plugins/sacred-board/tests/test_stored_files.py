"""Tests of the files of runs: what is sent, how, and what is refused."""

import asyncio
import io
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from sacred_board.data.locations import Location
from sacred_board.file_response import FileResponse, byte_range, content_disposition
from sacred_file.store import FileStore

from .recorded_runs import ARTIFACTS, png


def path_of(name: str, kind: str = "artifact", run_id: str = "1") -> str:
    """Return the path of a file of a run."""
    return f"/file/runs/{run_id}/{kind}/{quote(name, safe='')}"


@pytest.mark.parametrize("name", ARTIFACTS)
def test_artifacts_are_sent_as_they_are(client, name: str) -> None:
    """Each has its bytes and its length; nothing in it may run, and no other type is guessed."""
    response = client.get(path_of(name))
    content = ARTIFACTS[name] or png()
    assert response.content == content
    assert response.headers["content-length"] == str(len(content))
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert response.headers["cross-origin-resource-policy"] == "same-origin"


@pytest.mark.parametrize(
    ("name", "content_type", "disposition"),
    [
        ("image.png", "image/png", "inline"),
        ("points.csv", "text/plain; charset=utf-8", "inline"),
        ("confusion.json", "text/plain; charset=utf-8", "inline"),
        ("folder/notes é.txt", "text/plain; charset=utf-8", "inline"),
        ("evil.html", "application/octet-stream", "attachment"),
        ("evil.svg", "image/svg+xml", "attachment"),
        ("model.bin", "application/octet-stream", "attachment"),
    ],
)
def test_only_images_and_text_are_shown(
    client, name: str, content_type: str, disposition: str
) -> None:
    """HTML and SVG are downloaded, and text is never another type than plain text."""
    headers = client.get(path_of(name)).headers
    assert headers["content-type"] == content_type
    assert headers["content-disposition"].startswith(f"{disposition}; filename=")


def test_the_recorded_type_cannot_add_headers(tmp_path: Path, connect, store: Path) -> None:
    """A type in a record is compared with a list, and never sent."""
    copy = tmp_path / "runs"
    shutil.copytree(store, copy)
    for record in (copy / "1").glob("*.json"):
        text = record.read_text()
        record.write_text(text.replace('"image/png"', '"text/html\\r\\nSet-Cookie: a=b"'))
    headers = connect(copy).get(path_of("image.png")).headers
    assert headers["content-type"] == "application/octet-stream"
    assert "set-cookie" not in headers


def test_the_other_kinds_are_sent_as_text(client) -> None:
    """Sources, resources and the output are plain text, also if they are named otherwise."""
    sources = client.get("/run/runs/1?format=json").json()["files"]["source"]
    [name] = [name for name in sources if name.endswith("recorded_runs.py")]
    source = client.get(path_of(name, "source"))
    assert source.text.startswith('"""A store with runs')
    assert source.headers["content-type"] == "text/plain; charset=utf-8"
    [resource] = client.get("/run/runs/1?format=json").json()["resources"]
    assert client.get(path_of(resource, "resource")).text == "a resource\n"
    assert client.get(path_of("output.txt", "output")).text.startswith("\x1b[31mred")


def test_head_has_the_headers_of_get(client) -> None:
    """The content is not read."""
    response = client.head(path_of("model.bin"))
    assert response.status_code == 200
    assert response.headers["content-length"] == "256000"
    assert response.content == b""


@pytest.mark.parametrize(
    "path",
    [
        "/file/runs/1/artifact/nosuch",
        "/file/runs/1/artifact/..%2F..%2Frun.json",
        "/file/runs/1/artifact/..%2f2%2fcout.txt",
        "/file/runs/1/artifact/%2Fetc%2Fpasswd",
        "/file/runs/1/artifact/..%5C..%5Crun.json",
        "/file/runs/1/artifact/%2e%2e/%2e%2e/run.json",
        "/file/runs/1/artifact/image.png%00.txt",
        "/file/runs/1/resource/%2Fetc%2Fpasswd",
        "/file/runs/1/source/..%2F1%2Frun.json",
        "/file/runs/1/patch/HEAD",
        "/file/runs/1/output/other.txt",
        "/file/runs/1/nosuch/image.png",
        "/file/runs/..%2F..%2Fetc/artifact/passwd",
        "/file/runs/99/artifact/image.png",
        "/file/..%2Fruns/1/artifact/image.png",
        "/file/runs/1/artifact/",
    ],
)
def test_only_recorded_names_are_sent(client, path: str) -> None:
    """A path of the client reaches no file: all else than a name of the run is not found."""
    response = client.get(path)
    assert response.status_code == (400 if "%00" in path else 404)
    assert response.headers["content-type"].startswith("text/html")
    assert "root:" not in response.text


def test_a_missing_file_is_a_page(tmp_path: Path, connect, store: Path) -> None:
    """The sentence names the file."""
    copy = tmp_path / "runs"
    shutil.copytree(store, copy)
    for path in [*copy.rglob("*model.bin*"), *copy.rglob("*model*")]:
        if path.is_file():
            path.unlink()
    response = connect(copy).get(path_of("model.bin"))
    assert response.status_code == 404
    assert "model.bin" in response.text and "Traceback" not in response.text


def test_ids_with_slashes_have_files(tmp_path: Path, store: Path) -> None:
    """A run of a store in a sub-folder is addressed by an encoded id."""
    from sacred_board import create_app
    from sacred_board.board import Board
    from sacred_board.data.locations import Location
    from starlette.testclient import TestClient

    from sacred_core.stores.recursive import RecursiveStore

    root = tmp_path / "all"
    shutil.copytree(store, root / "a" / "b")
    location = Location(str(root), "all", lambda: RecursiveStore(root))
    with TestClient(create_app(Board([location])), "http://127.0.0.1:8137") as client:
        page = client.get("/run/all/a%2Fb%2F1")
        assert 'src="/file/all/a%2Fb%2F1/artifact/image.png"' in page.text
        assert f"sacred runs show -r {root} a/b/1" in page.text and "runs rerun" not in page.text
        response = client.get("/file/all/a%2Fb%2F1/artifact/folder%2Fnotes%20%C3%A9.txt")
        assert response.content == ARTIFACTS["folder/notes é.txt"]


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("a.txt", 'inline; filename="a.txt"'),
        ("a b.txt", 'inline; filename="a b.txt"'),
        ('a".txt', "inline; filename=\"a_.txt\"; filename*=UTF-8''a%22.txt"),
        ("é\r\n.txt", "inline; filename=\"___.txt\"; filename*=UTF-8''%C3%A9%0D%0A.txt"),
        ("100%.txt", "inline; filename=\"100_.txt\"; filename*=UTF-8''100%25.txt"),
        ("a\ud800", "inline; filename=\"a_\"; filename*=UTF-8''a%3F"),
    ],
)
def test_file_names_are_encoded(name: str, header: str) -> None:
    """A name cannot end the header; names beside ASCII are in UTF-8."""
    assert content_disposition(name, is_attachment=False) == header


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (None, None), ("bytes=0-", (0, 100)), ("bytes=10-19", (10, 20)),
        ("bytes=90-200", (90, 100)), ("bytes=-10", (90, 100)), ("bytes=-200", (0, 100)),
        ("bytes=100-", (100, 100)),
        ("bytes=-0", (100, 100)), ("bytes=-", None), ("bytes=5-4", None), ("bytes=0-1,5-6", None),
        ("lines=0-1", None), ("bytes=a-b", None),
    ],
)  # fmt: skip
def test_ranges_are_parsed(asked: str | None, expected: tuple[int, int] | None) -> None:
    """What is not one range of bytes is a request for the whole file."""
    assert byte_range(asked, 100) == expected
    assert byte_range(asked, None) is None


def test_a_part_of_a_file_is_sent(client) -> None:
    """Players of audio and video request parts; bytes that a file does not have are an error."""
    content = ARTIFACTS["model.bin"]
    part = client.get(path_of("model.bin"), headers={"Range": "bytes=100-300099"})
    assert (part.status_code, part.content) == (206, content[100:])
    assert part.headers["content-range"] == "bytes 100-255999/256000"
    middle = client.get(path_of("model.bin"), headers={"Range": "bytes=5-9"})
    assert middle.content == content[5:10] and middle.headers["content-length"] == "5"
    beyond = client.get(path_of("model.bin"), headers={"Range": "bytes=256000-"})
    assert (beyond.status_code, beyond.content) == (416, b"")
    assert beyond.headers["content-range"] == "bytes */256000"


class BrokenFile(io.BytesIO):
    """A file that fails after its first part."""

    def read(self, size: int | None = -1) -> bytes:
        if self.tell():
            raise OSError("the disk is gone")
        return super().read(size)


class EndlessFile(io.RawIOBase):
    """A file without an end, whose size is not known."""

    def __init__(self) -> None:
        self.parts = 0

    def seekable(self) -> bool:
        return False

    def read(self, size: int = -1) -> bytes:
        self.parts += 1
        return b"x" * size


async def send_to(file: Any, leaves_after: int) -> tuple[list[dict[str, Any]], Any]:
    """Send a file to a client that leaves after some parts; return the messages."""
    location = Location("x", "x", lambda: None)
    await location.store()
    messages: list[dict[str, Any]] = []
    left = asyncio.Event()

    async def send(message: dict[str, Any]) -> None:
        messages.append(message)
        if len(messages) > leaves_after:
            left.set()
        await asyncio.sleep(0)

    async def receive() -> dict[str, Any]:
        await left.wait()
        return {"type": "http.disconnect"}

    response = await FileResponse.of(location, file, {}, None)
    await response({"method": "GET"}, receive, send)
    return messages, response


def test_a_file_that_breaks_off_is_not_sent_as_a_whole_one(caplog) -> None:
    """The response does not end, so that the client notices; the reason is a line of the log."""
    file = BrokenFile(b"x" * 600_000)
    messages, _ = asyncio.run(send_to(file, leaves_after=100))
    assert [message.get("more_body") for message in messages] == [None, True]
    assert file.closed
    assert "A file was sent in part: the disk is gone" in caplog.text


def test_a_file_is_not_read_after_the_client_left() -> None:
    """A download that the user ends does not go on, and the file is closed."""
    file = EndlessFile()
    messages, response = asyncio.run(send_to(file, leaves_after=3))
    assert file.closed and file.parts < 10
    assert "content-length" not in response.headers
    assert len(messages) < 10


def test_a_file_that_cannot_be_read_is_a_page(client, monkeypatch) -> None:
    """The disk has the file, and refuses to read it: the sentence has the reason."""

    class Unreadable(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise OSError("the disk is gone")

    monkeypatch.setattr(FileStore, "open_file", lambda *arguments: Unreadable(b"x"))
    response = client.get(path_of("model.bin"))
    assert response.status_code == 404
    assert "cannot be read: the disk is gone" in response.text
