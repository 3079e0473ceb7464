"""The part of `sacred_core.stores.documents.DocumentStore` that finds the records of runs."""

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Generic, TypeVar

from sacred_core.exceptions import StoreError
from sacred_core.stores.guarded import GuardedStore, Read, describe, not_found_error
from sacred_core.stores.run_ids import normalize_id

R = TypeVar("R")


class DocumentRecords(GuardedStore, Generic[R]):
    """Finds the records of runs; see `sacred_core.stores.documents.DocumentStore`."""

    display_name: str

    @abstractmethod
    def find(self, run_id: int | str) -> R | None:
        """Return the record of a run, None if there is none.

        Args:
            run_id: Normalized, see `sacred_core.stores.run_ids.normalize_id`; maybe not valid.
        """

    def find_part(self, run_id: int | str, part: str) -> R | None:
        """Return the record of a run of which one part is going to be used, as `find` does.

        A backend may override this and return a record that has this part only.

        Args:
            run_id: As of `find`.
            part: ``"output"``, ``"metrics"``, ``"files"`` or ``"annotations"``.
        """
        del part
        return self.find(run_id)

    @abstractmethod
    def read_fields(self, record: R) -> Mapping[str, Read]:
        """Return functions that each read one field: arguments of `StoredRun`, and
        ``annotations``, which returns a list of `Annotation`.
        """

    def translate_errors(self) -> AbstractContextManager[None]:
        """Return the context in which the methods of the backend are called.

        A backend translates errors of its driver into a `StoreError` there, as
        this one does for errors of the system.
        """
        return translate_os_errors()

    def require(self, run_id: Any, part: str | None = None) -> R:
        """Return the record of a run.

        Args:
            run_id: Of the run.
            part: The one that is going to be used, see `find_part`; None: any.

        Raises:
            StoreError: the run does not exist.
        """
        name = normalize_id(run_id)
        record = self.find(name) if part is None else self.find_part(name, part)
        if record is None:
            raise not_found_error(run_id, self.display_name)
        return record


@contextmanager
def translate_os_errors() -> Iterator[None]:
    """Raise a `StoreError` for an error of the system, such as a disk that is full.

    A backend that is not built on `DocumentStore` may use it, too.
    """
    try:
        yield
    except OSError as error:
        raise StoreError(f"cannot read or write the store: {describe(error)}") from error
