"""Forms that browsers send."""

from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException
from starlette.requests import Request

_TYPE = "application/x-www-form-urlencoded"
_MOST_FIELDS = 50


async def read_form(request: Request) -> dict[str, str]:
    """Return the fields of a form; of several with one name the last.

    Raises:
        HTTPException: the body is not a form.
    """
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != _TYPE:
        raise HTTPException(415, f"A form must be sent as {_TYPE}, not {content_type!r}.")
    try:
        text = (await request.body()).decode("ascii")
        fields = parse_qsl(
            text, keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict"
        )
    except ValueError:  # also wrong UTF-8
        raise HTTPException(400, "The form cannot be decoded.") from None
    form = dict(fields)
    if any("\0" in value for value in form.values()):
        raise HTTPException(400, "The form contains a null character.")
    return form
