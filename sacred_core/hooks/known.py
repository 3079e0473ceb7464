"""The official distributions, as data: what to install for a name or a flag that is missing."""

from typing import NamedTuple


class KnownObserver(NamedTuple):
    """An observer of an official plugin, installed or not."""

    name: str
    distribution: str
    flags: tuple[str, ...] = ()


KNOWN_OBSERVERS = (
    KnownObserver("FileStorageObserver", "sacred-file", ("-F", "--file_storage")),
    KnownObserver("MongoObserver", "sacred-mongo", ("-m", "--mongo_db")),
    KnownObserver("QueuedMongoObserver", "sacred-mongo"),
    KnownObserver("TinyDbObserver", "sacred-tinydb", ("-t", "--tiny_db")),
    KnownObserver("TinyDbReader", "sacred-tinydb"),
    KnownObserver("SqlObserver", "sacred-sql", ("-s", "--sql")),
    KnownObserver("S3Observer", "sacred-s3", ("-S", "--s3")),
    KnownObserver("GoogleCloudStorageObserver", "sacred-gcs", ("--gcs",)),
    KnownObserver("SlackObserver", "sacred-slack"),
    KnownObserver("TelegramObserver", "sacred-telegram"),
)


def distribution_of(name_or_flag: str) -> str | None:
    """Return the official distribution that offers the name or the flag, or None.

    A long flag may be written with ``-`` for ``_``.
    """
    flag = name_or_flag[:2] + name_or_flag[2:].replace("-", "_")
    for known in KNOWN_OBSERVERS:
        if name_or_flag == known.name or flag in known.flags:
            return known.distribution
    return None
