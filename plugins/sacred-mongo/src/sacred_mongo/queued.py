"""Records runs in MongoDB in the background."""

from typing import Any

from sacred_core.observers.queue import QueueObserver
from sacred_mongo.connection import parse_argument
from sacred_mongo.observer import MongoObserver


class QueuedMongoObserver(QueueObserver):
    """A `MongoObserver` for which the run does not wait.

    Args:
        interval, retry_interval: See `sacred_core.observers.QueueObserver`.
        arguments: Those of `MongoObserver`.
    """

    def __init__(
        self,
        interval: float = 20.0,
        retry_interval: float = 10.0,
        url: str | None = None,
        db_name: str = "sacred",
        collection: str = "runs",
        overwrite: int | str | None = None,
        priority: int = 30,
        client: Any | None = None,
        **kwargs: Any,
    ) -> None:
        observer = MongoObserver(
            url=url, db_name=db_name, collection=collection, overwrite=overwrite,
            priority=priority, client=client, **kwargs,
        )  # fmt: skip
        super().__init__(observer, interval=interval, retry_interval=retry_interval)

    @classmethod
    def from_argument(cls, argument: str) -> "QueuedMongoObserver":
        """Return the observer for an argument like that of ``-m``."""
        return cls(**parse_argument(argument).arguments())
