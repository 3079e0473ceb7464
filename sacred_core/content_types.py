"""The media type of a file, from its name."""

_COMPRESSED = {"gzip": "application/gzip", "bzip2": "application/x-bzip2", "xz": "application/x-xz"}


def guess_content_type(name: str) -> str | None:
    """Return the media type of the suffix of a file name, or None.

    The types are those of `mimetypes`. A compressed file has the type of its compression.
    """
    import mimetypes

    kind, compression = mimetypes.guess_type(name.rpartition("/")[2].replace(":", "_"))
    if compression is not None:
        return _COMPRESSED.get(compression, "application/octet-stream")
    return kind
