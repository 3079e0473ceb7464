"""Errors of the driver as one sentence."""

from collections.abc import Iterator
from contextlib import contextmanager

from boto3.exceptions import Boto3Error
from botocore import exceptions as driver
from botocore.parsers import ResponseParserError
from sacred_objects import BucketAwayError, BucketMissingError

from sacred_core.exceptions import StoreError
from sacred_core.masking import mask_text
from sacred_s3.answers import NotS3Error

_HINTS = {
    "AccessDenied": "access denied: the policy of the user or of the bucket must allow "
    "s3:ListBucket, s3:GetObject, s3:PutObject and s3:DeleteObject",
    "InvalidAccessKeyId": "the access key is not known there: see 'aws configure list'",
    "SignatureDoesNotMatch": "the secret key is wrong: see 'aws configure list'",
    "ExpiredToken": "the session has expired: log in again",
    "RequestTimeTooSkewed": "the clock of this machine is wrong",
    "NotImplemented": "the server lacks something that is needed, such as conditional writes",
}
_SAME = {
    "403": "AccessDenied",
    "Forbidden": "AccessDenied",
    "AllAccessDisabled": "AccessDenied",
    "InvalidToken": "ExpiredToken",
    "ExpiredTokenException": "ExpiredToken",
    "TokenRefreshRequired": "ExpiredToken",
}
_REGION = {
    "AuthorizationHeaderMalformed", "PermanentRedirect", "IllegalLocationConstraintException",
    "InvalidLocationConstraint", "301",
}  # fmt: skip
#: What passes by itself.
_AWAY = {
    "InternalError", "ServiceUnavailable", "SlowDown", "RequestTimeout", "Throttling",
    "ThrottlingException", "RequestLimitExceeded", "BandwidthLimitExceeded",
}  # fmt: skip
_NO_CREDENTIALS = (
    driver.NoCredentialsError, driver.PartialCredentialsError, driver.CredentialRetrievalError,
    driver.TokenRetrievalError, driver.SSOError,
)  # fmt: skip
_INTERRUPTED = (driver.ConnectionError, driver.HTTPClientError, driver.IncompleteReadError)


@contextmanager
def translate_errors(url: str) -> Iterator[None]:
    """Turn what the driver raises into a `StoreError` about the bucket ``url``."""
    try:
        yield
    except (NotS3Error, ResponseParserError) as error:
        raise BucketAwayError(f"{url} cannot be reached: {reason(error)}") from error
    except (driver.BotoCoreError, driver.ClientError, Boto3Error) as error:
        raise _to_store_error(url, _cause(error)) from error


def code_of(error: BaseException) -> str:
    """Return what S3 calls a mistake, or an empty text."""
    response = getattr(error, "response", None) or {}
    return str((response.get("Error") or {}).get("Code") or "")


def reason(error: BaseException) -> str:
    """Return why something failed, without secrets."""
    if isinstance(error, ResponseParserError):  # it quotes the whole answer
        return "something that is not S3 answered, such as a proxy or a login page"
    if isinstance(error, NotS3Error):
        return str(error)
    return mask_text(f"{type(error).__name__}: {error}")


def _to_store_error(url: str, error: BaseException) -> StoreError:
    code = code_of(error)
    code = _SAME.get(code, code)
    if code in ("NoSuchBucket", "404"):
        return BucketMissingError(f"there is no bucket {url!r}")
    if code in _HINTS:
        return StoreError(f"{url}: {_HINTS[code]}")
    if code in _REGION:
        return StoreError(
            f"{url} is in another region: set the region of the bucket ({_message(error)})"
        )
    if code in _AWAY or _status(error) >= 500:
        return BucketAwayError(f"{url} is not available: {_message(error)}")
    if code:
        return StoreError(f"{url}: {code}: {_message(error)}")
    if isinstance(error, _NO_CREDENTIALS):
        return StoreError(
            f"no credentials found for {url}: run 'aws configure', or set AWS_ACCESS_KEY_ID "
            f"and AWS_SECRET_ACCESS_KEY ({reason(error)})"
        )
    if isinstance(error, _INTERRUPTED):
        return BucketAwayError(f"{url} cannot be reached: {reason(error)}")
    return StoreError(f"{url}: {reason(error)}")


def _cause(error: BaseException) -> BaseException:
    """Return what an error of an upload is about: boto3 has it as a string only."""
    inner = error.__cause__ or error.__context__
    is_wrapped = isinstance(error, Boto3Error) and inner is not None
    return _cause(inner) if is_wrapped and inner is not None else error


def _message(error: BaseException) -> str:
    response = getattr(error, "response", None) or {}
    return mask_text(str((response.get("Error") or {}).get("Message") or error))


def _status(error: BaseException) -> int:
    response = getattr(error, "response", None) or {}
    return int((response.get("ResponseMetadata") or {}).get("HTTPStatusCode") or 0)
