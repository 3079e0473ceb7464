"""The address of runs, as users write it."""

import re
from typing import Any
from urllib.parse import quote, unquote

import attrs

from sacred_core.exceptions import OptionError
from sacred_core.masking import mask_text
from sacred_core.stores.run_ids import normalize_id

#: Collections that do not contain runs.
RESERVED = frozenset(
    "fs.files fs.chunks _properties system.indexes system.users system.profile system.js "
    "system.views search_space metrics sacred_deleted".split()
)
_FORMS = "[HOST:PORT:]DB[.COLLECTION[:ID]][!PRIORITY] or mongodb://[USER:PASSWORD@]HOST/DB"
_PLACE = r"(?P<db>[^.:/\\ \"$!]+)(?:\.(?P<collection>[^:!$]+)(?::(?P<id>[^!]+))?)?"
_SHORT = re.compile(rf"(?:(?P<host>\[[^\]]+\]|[^:/@\s]+):(?P<port>\d+):)?{_PLACE}")
_PATH = re.compile(_PLACE)
_URL = re.compile(r"(?P<server>mongodb(?:\+srv)?://[^/?]+)(?:/(?P<path>[^?]*))?(?P<rest>\?.*)?")
#: Options of a URL that name no secret and that others need.
_HARMLESS = ("authsource", "authmechanism", "directconnection", "replicaset", "ssl", "tls")
_PRIORITY = re.compile(r"(?P<rest>.*)!(?P<priority>-?\d+)", re.DOTALL)


@attrs.frozen(repr=False)
class Address:
    """A collection of runs. The URL may hold a password: it is not shown.

    Attributes:
        url: Of the server, None for the local one.
        db_name: The database.
        collection: The runs in it.
        overwrite: The id of a run that is to be replaced, or None.
        priority: Of the observer, or None.
    """

    url: str | None
    db_name: str = "sacred"
    collection: str = "runs"
    overwrite: int | str | None = None
    priority: int | None = None

    def arguments(self) -> dict[str, Any]:
        """Return what was given, by the names of `MongoObserver`'s arguments."""
        return {k: v for k, v in attrs.asdict(self).items() if v is not None}


def parse_argument(argument: str) -> Address:
    """Parse the argument of ``-m``.

    Raises:
        OptionError: it has none of the documented forms.
    """
    text, priority = argument.strip(), None
    if match := _PRIORITY.fullmatch(text):
        text, priority = match["rest"], int(match["priority"])
    if "://" in text:
        return _from_url(text, priority, argument)
    match = _SHORT.fullmatch(text)
    if not match:
        raise _error(argument)
    if match["port"] and not 0 < int(match["port"]) < 2**16:
        raise OptionError(
            f"{match['port']!r} in {argument!r} is not a port: use a number from 1 to 65535"
        )
    url = f"mongodb://{match['host']}:{match['port']}" if match["host"] else None
    return _address(url, match, priority)


def display_host(url: str | None) -> str:
    """Return the host part of a URL, which holds no secret."""
    if url is None:
        return "localhost:27017"
    return (
        url.partition("?")[0].partition("://")[2].rpartition("@")[2].partition("/")[0]
        or (url.rpartition("@")[2])
    )


def hosts(url: str | None) -> frozenset[str]:
    """Return the servers of a URL, each with its port."""
    names = display_host(url).lower().split(",")
    has_ports = not (url or "").startswith("mongodb+srv://")
    return frozenset(
        f"{name}:27017" if has_ports and not re.search(r":\d+$", name) else name for name in names
    )


def location(url: str | None, client: Any, runs: Any) -> str:
    """Return the URL of a collection for `parse_argument`, without password and secret options.

    Args:
        url: As the observer was given it, or None.
        client: What it was given in place of a URL, or None.
        runs: The collection of the runs.
    """
    nodes = sorted(client.nodes) if client is not None else ()
    text = url or ",".join(f"{host}:{port}" for host, port in nodes) or "localhost:27017"
    text = text if "://" in text else f"mongodb://{text}"
    found = _URL.fullmatch(text)
    server = re.sub(r"(://[^:@/]*):[^@/]*@", r"\1@", found["server"] if found else text)
    options = [
        option
        for option in ((found["rest"] or "") if found else "").lstrip("?").split("&")
        if option.partition("=")[0].lower() in _HARMLESS
    ]
    query = "?" + "&".join(options) if options else ""
    return f"{server}/{quote(runs.database.name)}.{quote(runs.name)}{query}"


def _from_url(text: str, priority: int | None, argument: str) -> Address:
    found = _URL.fullmatch(text)
    if not found or "@" in (found["path"] or "") or found["server"].count("@") > 1:
        raise _encoding_error(text) if "@" in text else _error(argument)
    path = unquote(found["path"] or "")
    match = _PATH.fullmatch(path or "sacred")
    if not match:
        raise _error(argument)
    # The database in the URL of a server is the one that has the user.
    url = f"{found['server']}/{match['db'] if path else ''}{found['rest'] or ''}"
    return _address(url, match, priority)


def _address(url: str | None, match: re.Match[str], priority: int | None) -> Address:
    run_id = None if match["id"] is None else normalize_id(match["id"])
    return Address(url, match["db"], match["collection"] or "runs", run_id, priority)


def _encoding_error(url: str) -> OptionError:
    # The rest cannot be taken apart: any part of it may be one of the password.
    scheme = url.partition("://")[0]
    return OptionError(
        f"the user or password of the {scheme}:// URL has characters that must be percent-encoded, "
        "as urllib.parse.quote_plus does: '/' is %2F, '@' is %40, ':' is %3A"
    )


def _error(argument: str) -> OptionError:
    told = mask_text(argument) if "://" in argument else argument.rpartition("@")[2]
    return OptionError(f"-m takes {_FORMS}, not {told!r}")
