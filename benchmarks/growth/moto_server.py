"""Runs moto on a port, with an address that takes many objects at once: moto needs 5 ms per object.

Usage: python -m benchmarks.growth.moto_server PORT
"""

import json
import logging
import sys
import threading
from collections.abc import Callable, Iterable
from typing import Any

#: Takes ``[bucket, [[key, key of an object with the same metadata, text], …]]`` as JSON.
WRITE_PATH = "/_write_objects"


def main() -> None:
    """Serve until the process is ended."""
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import run_simple

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    application = DomainDispatcherApplication(create_backend_app)
    run_simple("127.0.0.1", int(sys.argv[1]), _with_writing(application), threaded=True)


def _with_writing(application: Callable[..., Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
    lock = threading.Lock()

    def serve(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["PATH_INFO"] != WRITE_PATH:
            with lock:  # moto checks a condition and then writes; S3 does that in one step
                return list(application(environ, start_response))
        size = int(environ["CONTENT_LENGTH"])
        _write(*json.loads(environ["wsgi.input"].read(size)))
        start_response("200 OK", [("Content-Length", "0")])
        return [b""]

    return serve


def _write(bucket: str, objects: list[list[str]]) -> None:
    from moto.core.models import DEFAULT_ACCOUNT_ID
    from moto.s3.models import s3_backends

    backend = s3_backends[DEFAULT_ACCOUNT_ID]["aws"]
    for key, like, text in objects:
        new = backend.put_object(bucket, key, text.encode())
        if (template := backend.get_object(bucket, like)) is not None:
            new.set_metadata(template.metadata)


if __name__ == "__main__":
    main()
