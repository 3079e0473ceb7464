"""Errors of the driver as one sentence."""

from collections.abc import Iterator
from contextlib import contextmanager

import requests
from google.api_core import exceptions as api
from google.auth import exceptions as auth
from sacred_objects import BucketAwayError, BucketMissingError

from sacred_core.exceptions import StoreError
from sacred_core.masking import mask_text

_LOG_IN = "set GOOGLE_APPLICATION_CREDENTIALS, or run 'gcloud auth application-default login'"
#: Where an answer is not JSON, or lacks what all of Google's have.
PAGE = "something that is not Google Cloud Storage answered, such as a proxy or a login page"
_AWAY = (api.ServerError, api.TooManyRequests, requests.RequestException, ConnectionError)


class NotGoogleError(ConnectionError):
    """Something that is not Google has answered.

    Cause: A proxy or a login page of a network answers in place of Google.

    Fix: Log in to the network, or set the proxy; the run continues and the events are retried.
    """


@contextmanager
def translate_errors(url: str) -> Iterator[None]:
    """Turn what the driver raises into a `StoreError` about the bucket ``url``."""
    try:
        yield
    except (api.GoogleAPIError, auth.GoogleAuthError, requests.RequestException) as error:
        raise _to_store_error(url, error) from error
    except ConnectionError as error:
        raise _to_store_error(url, error) from error


def _to_store_error(url: str, error: Exception) -> StoreError:
    if isinstance(error, api.RetryError):
        cause = error.cause
        return BucketAwayError(f"{url} cannot be reached: {reason(cause or error)}")
    if isinstance(error, auth.TransportError):
        return BucketAwayError(f"{url}: cannot get a token from Google: {reason(error)}")
    if isinstance(error, auth.DefaultCredentialsError):
        return StoreError(f"no credentials found for {url}: {_LOG_IN}")
    if isinstance(error, (auth.GoogleAuthError, api.Unauthorized)):
        return StoreError(f"the credentials for {url} are refused: {_LOG_IN} ({reason(error)})")
    if isinstance(error, api.NotFound):
        return BucketMissingError(
            f"there is no bucket {url!r}: create it first, as with 'gcloud storage buckets create'"
        )
    if isinstance(error, api.Forbidden):
        return StoreError(
            f"{url}: access denied: the account needs the role 'Storage Object User' "
            f"(roles/storage.objectUser) on the bucket ({reason(error)})"
        )
    if isinstance(error, _AWAY) or _is_page(error):
        return BucketAwayError(f"{url} cannot be reached: {reason(error)}")
    return StoreError(f"{url}: {reason(error)}")


def _is_page(error: BaseException) -> bool:
    """Return whether an answer came, with a good status, that is not one of Google."""
    status = getattr(getattr(error, "response", None), "status_code", 0)
    is_other = isinstance(error, api.GoogleAPICallError) and 200 <= status < 300
    return is_other or isinstance(error, (NotGoogleError, requests.JSONDecodeError))


def reason(error: BaseException) -> str:
    """Return why something failed, without secrets and addresses of requests."""
    if _is_page(error):
        return PAGE
    text = error.message if isinstance(error, api.GoogleAPICallError) else str(error)
    return mask_text(f"{type(error).__name__}: {text}")
