"""The official distributions, as data: what to install for a name or a flag that is missing."""

from typing import NamedTuple

_OBSERVERS = "sacred_core.observers"


class KnownName(NamedTuple):
    """A name that an official plugin offers, installed or not, and the flags of an observer."""

    name: str
    distribution: str
    flags: tuple[str, ...] = ()
    module: str = _OBSERVERS


KNOWN_NAMES = (
    KnownName("FileStorageObserver", "sacred-file", ("-F", "--file_storage")),
    KnownName("MongoObserver", "sacred-mongo", ("-m", "--mongo_db")),
    KnownName("QueuedMongoObserver", "sacred-mongo"),
    KnownName("TinyDbObserver", "sacred-tinydb", ("-t", "--tiny_db")),
    KnownName("TinyDbReader", "sacred-tinydb"),
    KnownName("SqlObserver", "sacred-sql", ("-s", "--sql")),
    KnownName("S3Observer", "sacred-s3", ("-S", "--s3")),
    KnownName("GoogleCloudStorageObserver", "sacred-gcs", ("--gcs",)),
    KnownName("SlackObserver", "sacred-slack"),
    KnownName("TelegramObserver", "sacred-telegram"),
    KnownName("LogFileWriter", "sacred-tensorflow", module="sacred_core.stflow"),
)


def distribution_of(name_or_flag: str, module: str = _OBSERVERS) -> str | None:
    """Return the official distribution that offers a name in ``module`` or a flag, or None.

    A long flag may be written with ``-`` for ``_``.
    """
    flag = name_or_flag[:2] + name_or_flag[2:].replace("-", "_")
    for known in KNOWN_NAMES:
        if (name_or_flag, module) == (known.name, known.module) or flag in known.flags:
            return known.distribution
    return None
