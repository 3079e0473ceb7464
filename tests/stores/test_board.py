"""A board changes the runs of each kind of store."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sacred_board import create_app
from sacred_board.board import Board
from sacred_board.data.locations import Location
from starlette.testclient import TestClient

from sacred_core.testing import EventDriver

from .places import KINDS, Place, Places

BASE = "http://127.0.0.1:8137"


@pytest.fixture(params=KINDS)
def place(request: pytest.FixtureRequest, places: Places) -> Place:
    """A store with two completed runs and a running one."""
    place = places.new(request.param)
    for number in range(3):
        driver = EventDriver(place.observer())
        driver.start(config={"lr": 0.1, "seed": number}, start_time=datetime.now(UTC))
        if number < 2:
            driver.complete()
    return place


def test_runs_are_annotated_and_deleted(place: Place) -> None:
    """The store has the notes and tags, lacks the deleted run, and refuses a running one."""
    store = place.open()
    first, second, running = sorted(store.list(), key=lambda run: run.config["seed"])
    location = Location("runs", "runs", place.open)
    board = Board([location], is_editable=True)
    with TestClient(create_app(board), BASE, follow_redirects=False) as client:

        def send(run: Any, action: str, **fields: str) -> int:
            data = {"token": board.edit_token, "uid": run.uid, "action": action} | fields
            path = f"/edit/runs/{run.id}"
            return client.post(path, data=data, headers={"Origin": BASE}).status_code

        assert send(first, "note", note="a <note> ä") == 303
        assert send(first, "tag", tags="baseline, second one") == 303
        assert send(first, "untag", tag="baseline") == 303
        page = client.get(f"/run/runs/{first.id}").text
        assert "a &lt;note&gt; ä" in page and "second one" in page and "baseline" not in page
        assert send(second, "delete") == 303
        assert client.get(f"/run/runs/{second.id}").status_code == 404
        assert f"/run/runs/{second.id}" not in client.get("/").text
        assert send(second, "note", note="late") == 404
        assert send(running, "delete") == 409
    changed = store.get(first.id)
    assert [note["text"] for note in changed.notes] == ["a <note> ä"]
    assert changed.tags == ["second one"]
    assert {run.id for run in store.list()} == {first.id, running.id}
