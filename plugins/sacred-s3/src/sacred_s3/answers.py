"""Distinguishes the answers of S3 from pages of a proxy, which come with the status 200 too.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html
"""

from typing import Any

#: What an answer has: a header, an entry, or a part of its text.
_HEADERS = {"PutObject": "etag", "GetObject": "etag", "HeadObject": "etag", "UploadPart": "etag"}
_ENTRIES = {
    "ListObjectsV2": ("Name", "KeyCount", "IsTruncated"),
    "CreateMultipartUpload": ("UploadId",),
    "CompleteMultipartUpload": ("ETag",),
}
_TEXTS = {"DeleteObjects": b"DeleteResult"}
_OK = 200


class NotS3Error(Exception):
    """Something that is not S3 has answered."""


def check_answers(client: Any) -> None:
    """Make a client of boto3 raise `NotS3Error` for answers of other programs."""
    client.meta.events.register("after-call.s3", _check)


def _check(http_response: Any, parsed: Any, model: Any, **more: Any) -> None:
    del more
    if http_response.status_code // 100 * 100 != _OK:
        return
    headers = {name.lower(): value for name, value in http_response.headers.items()}
    kind = headers.get("content-type", "").partition(";")[0].strip()
    is_page = kind == "text/html" and not any(name.startswith("x-amz") for name in headers)
    if is_page or not _has_expected_fields(model.name, headers, parsed, http_response):
        raise NotS3Error(
            f"something that is not S3 answered {model.name} with status "
            f"{http_response.status_code} and {kind or 'no content type'}, such as a proxy or a "
            "login page"
        )


def _has_expected_fields(
    operation: str, headers: dict[str, str], parsed: Any, http_response: Any
) -> bool:
    if operation in _HEADERS:
        return _HEADERS[operation] in headers
    if operation in _ENTRIES:
        return any(entry in parsed for entry in _ENTRIES[operation])
    return operation not in _TEXTS or _TEXTS[operation] in http_response.content
