"""Tests of notes, tags and deletions by users of the board."""

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from sacred_file.store import FileStore

from sacred_core import Experiment, open_store
from sacred_core.archives.packing import pack
from sacred_core.exceptions import UnavailableError
from sacred_core.observers import FileStorageObserver
from sacred_core.stores import StoredRun
from sacred_core.stores.annotations import current_user

OWN = {"Origin": "http://127.0.0.1:8137"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with the runs 1 and 2."""
    ex = Experiment("train", save_git_info=False)
    ex.main(lambda: None)
    ex.observers.append(FileStorageObserver(tmp_path / "runs"))
    ex.run()
    ex.run()
    return tmp_path / "runs"


def stored(folder: Path, run_id: int = 1) -> StoredRun:
    """Return a run as its store has it."""
    return open_store(folder).get(run_id)


class Editor:
    """A user who edits run 1 of a board.

    Args:
        client: Of the board.
        folder: The folder of the runs.
    """

    def __init__(self, client: Any, folder: Path) -> None:
        self.client = client
        self.fields = {"token": client.app.state.board.edit_token, "uid": stored(folder).uid}

    def send(self, action: str, **fields: str) -> Any:
        """Send a form."""
        data = self.fields | {"action": action} | fields
        return self.client.post("/edit/runs/1", data=data, headers=OWN)


@pytest.fixture
def editor(folder: Path, connect) -> Editor:
    """Return a user of a board that can be edited."""
    return Editor(connect(folder, is_editable=True), folder)


def test_a_note_is_added(editor: Editor, folder: Path) -> None:
    """It is the one that `sacred runs note` adds, by the user of the process."""
    response = editor.send("note", note="  converged <b>late</b>\r\nsee #12 ")
    assert (response.status_code, response.headers["location"]) == (303, "/run/runs/1#notes")
    [note] = stored(folder).notes
    assert note["text"] == "converged <b>late</b>\nsee #12"
    assert note["user"] == current_user()


def test_tags_are_added_and_removed(editor: Editor, folder: Path) -> None:
    """Several are separated by commas; one with a comma can be removed."""
    assert editor.send("tag", tags="baseline, large batch,,").status_code == 303
    assert stored(folder).tags == ["baseline", "large batch"]
    assert editor.send("untag", tag="large batch").status_code == 303
    assert stored(folder).tags == ["baseline"]
    open_store(folder).annotate(1, annotation_with_tag("a,b"))
    assert editor.send("untag", tag="a,b").headers["location"] == "/run/runs/1#notes"
    assert stored(folder).tags == ["baseline"]


def annotation_with_tag(tag: str) -> Any:
    """Return an annotation that adds a tag."""
    from sacred_core.stores.annotations import new_tags

    return new_tags([tag])


def test_the_page_of_a_run_has_the_forms(editor: Editor, folder: Path) -> None:
    """They work without a script: each has the tokens and its action."""
    editor.send("tag", tags="baseline,second")
    page = editor.client.get("/run/runs/1").text
    forms = re.findall(
        r'<form[^>]*method="post" action="/edit/runs/1">(.*?)</form>', page, re.DOTALL
    )
    fields = [dict(re.findall(r'name="(\w+)" value="([^"]*)"', form)) for form in forms]
    actions = {each.pop("action"): each for each in fields}
    assert actions == {
        "note": editor.fields,
        "untag": editor.fields | {"tag": "second"},
        "tag": editor.fields,
    }
    assert 'href="/edit/runs/1"' in page
    editor.send("untag", **actions["untag"])
    assert stored(folder).tags == ["baseline"]


def test_only_the_record_of_the_address_is_changed(folder: Path, tmp_path: Path, connect) -> None:
    """A board of several locations describes that on the page of a run."""
    shutil.copytree(folder, tmp_path / "copy")
    client = connect(folder, tmp_path / "copy", is_editable=True)
    editor = Editor(client, folder)
    client.get("/")
    assert editor.send("note", note="here").status_code == 303
    assert len(stored(folder).notes) == 1 and stored(tmp_path / "copy").notes == []
    page = client.get("/run/runs/1").text
    assert "not copies of the run in other locations" in page


def test_a_run_is_deleted_after_a_page_that_asks(editor: Editor, folder: Path) -> None:
    """The page works without a script, and its form has the tokens."""
    page = editor.client.get("/edit/runs/1")
    assert page.status_code == 200 and "Delete run 1?" in page.text
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', page.text))
    assert fields == editor.fields | {"action": "delete"}
    response = editor.client.post("/edit/runs/1", data=fields, headers=OWN)
    assert (response.status_code, response.headers["location"]) == (303, "/")
    assert sorted(open_store(folder).ids()) == [2]
    assert editor.client.get("/edit/runs/1").status_code == 404
    assert editor.send("note", note="late").status_code == 404


def test_a_running_run_is_not_deleted(editor: Editor, folder: Path) -> None:
    """The page has the sentence of the store, and the way back."""
    run = stored(folder)
    observer = FileStorageObserver(folder)
    observer.started_event(
        ex_info=run.experiment, command="main", host_info={}, start_time=run.start_time,
        config={}, meta_info={}, _id="live",
    )  # fmt: skip
    fields = editor.fields | {"uid": open_store(folder).get("live").uid, "action": "delete"}
    response = editor.client.post("/edit/runs/live", data=fields, headers=OWN)
    assert response.status_code == 409
    assert "run &#39;live&#39; is still running" in response.text
    assert 'href="/run/runs/live"' in response.text
    assert "live" in open_store(folder).ids()


def test_an_archive_is_not_changed(folder: Path, tmp_path: Path, connect) -> None:
    """The page has the sentence of the store, which describes what to do."""
    store = open_store(folder)
    pack(store, [store.get(1)], tmp_path / "runs.zip")
    editor = Editor(connect(tmp_path / "runs.zip", is_editable=True), folder)
    for action in ("note", "delete"):
        data = editor.fields | {"action": action, "note": "mine"}
        response = editor.client.post("/edit/runs.zip/1", data=data, headers=OWN)
        assert response.status_code == 409
        assert "is an archive, which cannot be changed: unpack it" in response.text


def test_a_note_for_a_store_that_is_away_is_not_lost(
    editor: Editor, folder: Path, monkeypatch
) -> None:
    """The page has the reason and the note."""

    def fail(*args: object) -> None:
        raise UnavailableError("the disk of 'runs' is away")

    monkeypatch.setattr(FileStore, "annotate", fail)
    response = editor.send("note", note="my note")
    assert response.status_code == 503
    assert "the disk of &#39;runs&#39; is away" in response.text
    assert "my note</textarea>" in response.text


@pytest.mark.parametrize(
    ("action", "fields", "sentence"),
    [
        ("note", {"note": " \r\n "}, "a note must not be empty"),
        ("note", {}, "a note must not be empty"),
        ("tag", {"tags": " , "}, "a tag must not be empty"),
        ("tag", {"tags": "a\x1b[31m"}, "has control characters"),
        ("untag", {}, "a tag must not be empty"),
    ],
)
def test_what_is_not_valid_is_shown_with_the_reason(
    editor: Editor, folder: Path, action: str, fields: dict[str, str], sentence: str
) -> None:
    """Nothing of it is stored."""
    response = editor.send(action, **fields)
    assert response.status_code == 400 and sentence in response.text
    assert stored(folder).annotations == []


def test_an_unknown_action_is_an_error(editor: Editor) -> None:
    """The sentence has the action, as text."""
    response = editor.send("<b>")
    assert response.status_code == 400 and "the action &#39;&lt;b&gt;&#39;" in response.text


def test_a_form_of_an_earlier_start_is_refused_and_the_note_is_not_lost(
    editor: Editor, folder: Path
) -> None:
    """The page has the note, to be copied."""
    for token in ("", "x" * 43, "é"):
        response = editor.send("note", note="my <long> note", token=token)
        assert response.status_code == 403
        assert "The board was started again" in response.text
        assert "my &lt;long&gt; note</textarea>" in response.text
    assert stored(folder).annotations == []


def test_a_run_that_replaced_another_is_not_changed(editor: Editor, folder: Path) -> None:
    """The page was made for the run that had the id before."""
    response = editor.send("delete", uid=stored(folder, 2).uid)
    assert response.status_code == 409 and "replaced by another run" in response.text
    assert sorted(open_store(folder).ids()) == [1, 2]


def test_errors_are_json_where_json_is_wanted(editor: Editor) -> None:
    """A script gets the sentence under `error`."""
    data = editor.fields | {"action": "note"}
    response = editor.client.post("/edit/runs/1?format=json", data=data, headers=OWN)
    assert response.json() == {"error": "a note must not be empty, got ''"}


def test_a_board_without_edit_changes_nothing(folder: Path, connect) -> None:
    """The sentence names the option; the pages have no forms."""
    client = connect(folder)
    editor = Editor(client, folder)
    for action in ("note", "tag", "untag", "delete"):
        response = editor.send(action, note="a", tags="a", tag="a")
        assert response.status_code == 403 and "start it with --edit" in response.text
    assert client.get("/edit/runs/1").status_code == 403
    assert client.app.state.board.edit_token not in client.get("/run/runs/1").text
    assert stored(folder).annotations == [] and sorted(open_store(folder).ids()) == [1, 2]


def test_a_form_of_another_site_changes_nothing(editor: Editor, folder: Path) -> None:
    """It is refused although its fields are correct."""
    data = editor.fields | {"action": "delete"}
    for headers in ({}, {"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        assert editor.client.post("/edit/runs/1", data=data, headers=headers).status_code == 403
    assert sorted(open_store(folder).ids()) == [1, 2]
