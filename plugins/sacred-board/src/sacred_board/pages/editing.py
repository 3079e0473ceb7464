"""Changes of runs: notes, tags and deletions."""

import hmac
from collections.abc import Mapping
from functools import partial

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from sacred_board.board import Board
from sacred_board.data.locations import Location, LocationAwayError
from sacred_board.forms import read_form
from sacred_board.pages.run import find_run
from sacred_board.rendering import make_path, render, render_json, wants_json
from sacred_core.exceptions import AnnotationError, StoreError
from sacred_core.masking import mask_text
from sacred_core.stores import StoredRun
from sacred_core.stores.annotations import Annotation, new_note, new_tags

#: The part of the page of a run that has the notes, tags and forms.
_FRAGMENT = "#notes"


async def confirm_deletion(request: Request) -> Response:
    """Return the page on which the deletion of a run is confirmed."""
    _require_editable(request.app.state.board)
    location, run = await find_run(request)
    return render(request, "delete.html", {"location": location, "run": run})


async def edit_run(request: Request) -> Response:
    """Change a run as a form requests, and return to its page."""
    board: Board = request.app.state.board
    _require_editable(board)
    form = await read_form(request)
    if not hmac.compare_digest(form.get("token", "").encode(), board.edit_token.encode()):
        return _refuse(request, form, "The board was started again. Reload the page first.", 403)
    location, run = await find_run(request)
    if form.get("uid") != run.uid:
        sentence = f"The run {run.id} was replaced by another run with this id. Reload the page."
        return _refuse(request, form, sentence, 409)
    try:
        path = await _change(request, location, run, form)
    except LocationAwayError as error:
        return _refuse(request, form, str(error), 503)
    except AnnotationError as error:
        return _refuse(request, form, str(error), 400)
    except StoreError as error:  # such as a running run, which is not deleted
        return _refuse(request, form, str(error), 409)
    return RedirectResponse(path, 303)


async def _change(
    request: Request, location: Location, run: StoredRun, form: Mapping[str, str]
) -> str:
    """Change a run, and return the path of the next page.

    Raises:
        AnnotationError: a note or a tag is not valid.
        HTTPException: the form has no known action.
        LocationAwayError: the store cannot be reached.
        StoreError: the store refuses the change.
    """
    action = form.get("action", "")
    store = await location.store()
    if action == "delete":
        await location.call(partial(store.delete, run.id))  # of many files it takes long
        location.index.require_look()
        return make_path(request, "runs")
    await location.read(store.annotate, run.id, _annotation(action, form))
    location.index.require_look()
    return make_path(request, "run", slug=location.slug, run_id=run.id) + _FRAGMENT


def _annotation(action: str, form: Mapping[str, str]) -> Annotation:
    """Return the annotation that a form requests; its user is that of the process."""
    match action:
        case "note":
            return new_note(form.get("note", "").replace("\r\n", "\n").strip())
        case "tag":
            names = [each.strip() for each in form.get("tags", "").split(",")]
            return new_tags([each for each in names if each] or [""])
        case "untag":
            return new_tags([form.get("tag", "")], remove=True)
    raise HTTPException(400, f"A run cannot be changed by the action {action!r}.")


def _require_editable(board: Board) -> None:
    """Raise an error for a board that does not allow changes.

    Raises:
        HTTPException: it does not.
    """
    if not board.is_editable:
        raise HTTPException(403, "This board does not allow changes: start it with --edit.")


def _refuse(request: Request, form: Mapping[str, str], sentence: str, status: int) -> Response:
    """Return why a run was not changed, with the note that the user entered."""
    sentence = mask_text(sentence)
    if wants_json(request):
        return render_json({"error": sentence}, status)
    path = make_path(request, "run", **request.path_params)
    context = {"sentence": sentence, "entered": form.get("note") or form.get("tags"), "path": path}
    return render(request, "not_changed.html", context, status)


ROUTES = [
    Route("/edit/{slug}/{run_id:path}", confirm_deletion, name="edit"),
    Route("/edit/{slug}/{run_id:path}", edit_run, methods=["POST"]),
]
