"""The way to a server: the address of runs, as users write it, and the client."""

import re
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC
from typing import Any
from urllib.parse import quote, unquote

import attrs
import pymongo
from bson.codec_options import CodecOptions, DatetimeConversion
from pymongo import errors
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.uri_parser import split_options

from sacred_core.exceptions import OptionError, StoreError, UnavailableError
from sacred_core.finalizing import call_when_unused
from sacred_core.masking import mask_text
from sacred_core.stores.run_ids import normalize_id

Document = dict[str, Any]
Runs = Collection[Document]

#: What is odd in one document must not prevent others of the same answer from being read.
CODEC: CodecOptions[Document] = CodecOptions(
    tz_aware=True,
    tzinfo=UTC,
    unicode_decode_error_handler="replace",
    datetime_conversion=DatetimeConversion.DATETIME_AUTO,
)
#: Milliseconds. The driver's own are 30 s, 20 s and for ever, for which a heartbeat would wait.
_PATIENCE = {
    "serverSelectionTimeoutMS": 5_000,
    "connectTimeoutMS": 5_000,
    "socketTimeoutMS": 20_000,
}
#: What the manual calls the options of TLS, and pymongo 4 does.
_RENAMED = {
    "ssl": "tls",
    "ssl_certfile": "tlsCertificateKeyFile",
    "ssl_pem_passphrase": "tlsCertificateKeyFilePassword",
    "ssl_ca_certs": "tlsCAFile",
    "ssl_crlfile": "tlsCRLFile",
}
#: Codes of a server for a document that is too large.
_TOO_LARGE = (10334, 17419, 17420)
#: Collections that do not contain runs.
RESERVED = frozenset(
    "fs.files fs.chunks _properties system.indexes system.users system.profile system.js "
    "system.views search_space metrics sacred_deleted".split()
)
_FORMS = "[HOST:PORT:]DB[.COLLECTION[:ID]][!PRIORITY] or mongodb://[USER:PASSWORD@]HOST/DB"
_PLACE = r"(?P<db>[^.:/\\ \"$!\0]+)(?:\.(?P<collection>[^:!$\0]+)(?::(?P<id>[^!]+))?)?"
_SHORT = re.compile(rf"(?:(?P<host>\[[^\]]+\]|[^:/@\s]+):(?P<port>\d+):)?{_PLACE}")
_PATH = re.compile(_PLACE)
_URL = re.compile(r"(?P<server>mongodb(?:\+srv)?://[^/?]+)(?:/(?P<path>[^?]*))?(?P<rest>\?.*)?")
#: Options of a URL that name no secret and that others need.
_HARMLESS = ("authsource", "authmechanism", "directconnection", "replicaset", "ssl", "tls")
_PRIORITY = re.compile(r"(?P<rest>.*)!(?P<priority>-?\d+)", re.DOTALL)


@attrs.frozen(repr=False)
class Address:
    """A collection of runs. The URL may contain a password: it is not shown.

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
    """Return the host part of a URL, which contains no secret."""
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


class RefusedError(StoreError):
    """The server refused what was to be written; it may record other things.

    Cause: A value is larger than MongoDB stores in a document (16 MB), or a rule of the collection
    rejects it.

    Fix: Record large values in files: ``_run.add_artifact``.
    """


class Connection:
    """A client, closed when the last user of this object lets go of it.

    Args:
        url: Of the server, None for the local one.
        options: Further arguments of `pymongo.MongoClient`.
        client: One that the user made, used in place of an own one and never closed.

    Raises:
        ValueError: the URL or an option is wrong.
    """

    def __init__(
        self, url: str | None, options: Mapping[str, Any], client: Any | None = None
    ) -> None:
        self.display_name = "the given client" if client is not None else display_host(url)
        self.client = client if client is not None else _new_client(url, options)
        if client is None:
            call_when_unused(self, _close, self.client)

    def database(self, name: str) -> Database[Document]:
        """Return a database whose times are aware."""
        database: Database[Document] = self.client.get_database(name, codec_options=CODEC)
        return database

    @contextmanager
    def translate_errors(self) -> Iterator[None]:
        """Turn what the driver raises into a sentence.

        Raises:
            RefusedError: the server refuses what was to be written.
            UnavailableError: the server cannot be reached, or does not accept any request.
        """
        try:
            yield
        except (errors.PyMongoError, errors.DocumentTooLarge) as error:
            kind = RefusedError if _is_refusal(error) else UnavailableError
            raise kind(f"MongoDB at {self.display_name}: {reason(error)}") from error


def _close(client: "pymongo.MongoClient[Document]") -> None:
    """Close a client; a server that is not reachable delays the end of the process by a second."""
    with pymongo.timeout(1.0):  # `close` waits for a server to end the sessions
        client.close()


def _is_refusal(error: Exception) -> bool:
    if isinstance(error, errors.BulkWriteError):
        return bool((error.details or {}).get("writeErrors"))
    if isinstance(error, errors.OperationFailure) and error.code in _TOO_LARGE:
        return True
    return isinstance(error, (errors.WriteError, errors.DocumentTooLarge))


def reason(error: Exception) -> str:
    """Return why something failed, without the driver's view of the whole cluster."""
    if isinstance(error, errors.ConnectionFailure):
        first = str(error).partition(" (configured timeouts")[0].partition(", Timeout:")[0]
        return f"cannot be reached: {mask_text(first)}"
    if isinstance(error, errors.OperationFailure):
        details = error.details or {}
        if details.get("writeErrors"):  # of several writes at once
            details = details["writeErrors"][0]
        return mask_text(str(details.get("errmsg") or error).partition(", full error")[0])
    return f"{type(error).__name__}: {mask_text(str(error))}"


def client_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of a client with the old names of TLS options replaced.

    Raises:
        ValueError: a key is in a separate file, which pymongo no longer takes.
    """
    given = {_RENAMED.get(name, name): value for name, value in options.items()}
    if (requirement := given.pop("ssl_cert_reqs", None)) is not None:
        given["tlsAllowInvalidCertificates"] = requirement != ssl.CERT_REQUIRED
    if (is_matched := given.pop("ssl_match_hostname", None)) is not None:
        given["tlsAllowInvalidHostnames"] = not is_matched
    key = given.pop("ssl_keyfile", None)
    if key is not None and given.setdefault("tlsCertificateKeyFile", key) != key:
        raise ValueError(
            "pymongo takes the key and its certificate from one file: join ssl_keyfile and "
            "ssl_certfile, and pass that as tlsCertificateKeyFile"
        )
    return given


def _check_options(url: str | None) -> None:
    """Refuse options of a URL of which the driver would only warn.

    Raises:
        ValueError: one is unknown, or has a value that it cannot have.
    """
    query = (url or "").partition("?")[2]
    for option in filter(None, query.split("&")):
        try:
            split_options(option, validate=True, warn=False)
        except (errors.PyMongoError, ValueError) as error:
            name = option.partition("=")[0]
            raise _OptionValueError(
                f"option {name!r} of the URL: {mask_text(str(error))}"
            ) from None


class _OptionValueError(ValueError):
    """An invalid option; the message contains no other part of the URL."""


def _new_client(url: str | None, options: Mapping[str, Any]) -> "pymongo.MongoClient[Document]":
    given = client_options(options)
    known = {name.lower() for name in given}
    for name, milliseconds in _PATIENCE.items():
        if name.lower() not in known and f"{name.lower()}=" not in (url or "").lower():
            given[name] = milliseconds
    try:
        _check_options(url)
        return pymongo.MongoClient(url, **{"connect": False, **given})
    except _OptionValueError as error:
        raise ValueError(f"no client for MongoDB at {display_host(url)!r}: {error}") from None
    except (errors.PyMongoError, ValueError, TypeError) as error:
        # The driver's message about a URL may quote any part of it.
        has_password = "@" in (url or "") and isinstance(error, (errors.InvalidURI, ValueError))
        why = (
            "user and password must be percent-encoded (urllib.parse.quote_plus), and the port "
            "be a number"
            if has_password
            else reason(error)
        )
        raise ValueError(f"no client for MongoDB at {display_host(url)!r}: {why}") from None


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
    text = mask_text(argument) if "://" in argument else argument.rpartition("@")[2]
    return OptionError(f"expected {_FORMS}, got {text!r}")
