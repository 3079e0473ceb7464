"""Reads each run through one guard: what is wrong with one record hides no other run.

A store of any backend derives from `GuardedStore`, and describes a run as functions that each read
one field. A field whose function fails, or returns another type, is left at its default, and the
run gets the status `DAMAGED` with the reason. What is wrong with the whole store, like a
lost connection, is raised: a `StoreError` of its own, or one of `GuardedStore.outages`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from itertools import islice
from typing import Any, ClassVar, TypeAlias, TypeVar, cast

from sacred_core.exceptions import DamagedRecordError, NotARunError, RunNotFoundError, StoreError
from sacred_core.masking import mask_text
from sacred_core.stores.changes import decode_token, digest_token, encode_token, select_changed
from sacred_core.stores.checking import check_field
from sacred_core.stores.finding import MetricSummaries
from sacred_core.stores.model import StoredRun
from sacred_core.stores.run_ids import normalize_id
from sacred_core.stores.run_store import RunQuery, RunStore
from sacred_core.stores.skipping import skip_foreign
from sacred_core.stores.stored_in import with_store
from sacred_core.system_errors import system_error_text

T = TypeVar("T")
#: Reads one part of the record of a run.
Read: TypeAlias = Callable[[], Any]
#: An id, and the run with it: an error if it is not a run, None if it does not exist.
Found: TypeAlias = tuple[Any, "StoredRun | NotARunError | None"]

_LONGEST_REASON = 300


class GuardedStore:
    """The base class of stores; the methods of `sacred_core.stores.RunStore` are public.

    Attributes:
        outages: Exceptions of the driver that are about the whole store and not about one record.
        change_kind: The kind of store in tokens of changes, such as ``"file"``, of a backend that
            finds the runs that changed, see `change_position`; another one if the form of its
            positions changes. None: the records of all runs are read and compared.
    """

    outages: ClassVar[tuple[type[Exception], ...]] = ()
    change_kind: str | None = None

    def __repr__(self) -> str:
        name = getattr(self, "display_name", None)
        return f"{type(self).__name__}({'' if name is None else repr(mask_text(str(name)))})"

    def _repr_html_(self) -> str:
        """Return what a notebook shows: the newest runs."""
        from sacred_core.stores.table_display import store_html

        return store_html(cast(RunStore, self))

    def list(self, query: RunQuery | None = None) -> Iterator[StoredRun]:
        """Yield runs from the oldest to the newest; see `RunStore.list`."""
        query = query or RunQuery()
        newest_first = query.limit is not None
        if query.since is None or self.change_kind is not None:
            found = skip_foreign(self._find_all(query, newest_first))
        else:
            every = skip_foreign(self._find_all(RunQuery(now=query.now), newest_first))
            found = select_changed(self, query.since, every)
        runs = (run for run in found if query.accepts(run, MetricSummaries(self).of(run)))
        if query.limit is None:
            yield from runs
        else:
            yield from reversed([*islice(runs, max(query.limit, 0))])

    def change_token(self) -> str:
        """Return a token of the present state; see `sacred_core.stores.changes.change_token`."""
        if self.change_kind is None:
            return digest_token(self, self.list())
        return encode_token(self.change_kind, self, self.change_position())

    def change_position(self) -> Any:
        """Return plain data from which the store finds what changes from now on.

        For example a time or a number that each change increases. A backend that implements this
        sets `change_kind`, and its listing has exactly the runs that changed since the position
        that `position_since` returns. Changes that are made at the same time as the position is
        read must be found as well: those of the same clock tick, and those of transactions that
        began before and are committed afterwards.
        """
        raise NotImplementedError

    def position_since(self, query: RunQuery) -> Any:
        """Return the position in the token of a query, None if it has none.

        Raises:
            ChangeTokenError: the token is damaged, or another store issued it.
        """
        if query.since is None or self.change_kind is None:
            return None
        return decode_token(self.change_kind, self, query.since)

    def metrics(self, run_id: int | str, raw: bool = False) -> dict[str, dict[str, Any]]:
        """Return the metrics of a run; see `RunStore.metrics`."""
        raise NotImplementedError

    def writers(self, run_id: int | str) -> dict[str, StoredRun]:
        """Return what each writer of a run recorded; see `sacred_core.stores.writers`.

        Args:
            run_id: The run.

        Returns:
            A run by the name of each writer, such as ``"rank3"``, in the order of their numbers.
            The ids of these runs are those in the store that ``writer_store`` returns.

        Raises:
            StoreError: the run does not exist.
        """
        from sacred_core.stores.writers import stored_parts  # few runs have writers

        return stored_parts(self, run_id)

    def _find_all(self, query: RunQuery, newest_first: bool) -> Iterable[Found]:
        """Yield each record by its name: the run, the error where it is not one, or None.

        Args:
            query: Runs that do not fulfil its condition may be skipped; its limit does not matter.
                With `change_kind`, runs that did not change since `position_since` are skipped.
            newest_first: The order.
        """
        raise NotImplementedError

    def _guard(self, what: str) -> AbstractContextManager[None]:
        """Return `guard` with the outages of this store."""
        return guard(what, self.outages)

    def _guard_part(self, run_id: Any, part: str) -> AbstractContextManager[None]:
        """Return `guard` for a part of a run, such as ``"the output"``."""
        return self._guard(f"{part} of run {str(normalize_id(run_id))!r}")

    def _run(
        self, run_id: Any, fields: Mapping[str, Read], query: RunQuery | None = None
    ) -> StoredRun:
        """Return `make_run` of the fields that ``query`` uses, with the outages of this store."""
        attributes = None if query is None else query.attributes
        if attributes is not None:
            read = {"status", *attributes, *({"annotations"} if "tags" in attributes else ())}
            fields = {name: fields[name] for name in fields if name in read}
        run = make_run(run_id, fields, self.outages)
        return with_store(run, self)


def make_run(
    run_id: Any, fields: Mapping[str, Read], outages: tuple[type[Exception], ...] = ()
) -> StoredRun:
    """Return a run from functions that read its fields; see the module.

    Args:
        run_id: In its store.
        fields: By argument of `StoredRun`, and ``annotations``, which are `Annotation`.
        outages: See `GuardedStore`.

    Raises:
        StoreError: the store cannot be read, or the record is that of another program.
    """
    values: dict[str, Any] = {}
    reasons: dict[str, None] = {}
    for name, read in fields.items():
        try:
            value = check_field(name, read())
        except outages:
            raise
        except DamagedRecordError as error:
            reasons[str(error)] = None
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001 - a record may contain anything
            reasons[f"{name}: {describe(error)}"] = None
        else:
            if value is not None:
                values[name] = value
    annotations = values.pop("annotations", ())
    run = StoredRun(id=run_id, **{"status": "", **values})
    for annotation in dict.fromkeys(annotations):  # an equal one was delivered twice
        run.annotate(annotation)
    if reasons:
        run.damage = "; ".join(reasons)
    return run


@contextmanager
def guard(what: str, outages: tuple[type[Exception], ...] = ()) -> Iterator[None]:
    """Raise a `DamagedRecordError` about ``what`` for any error with one record.

    Args:
        what: What is read, for the message.
        outages: See `GuardedStore`.
    """
    try:
        yield
    except StoreError:
        raise
    except outages:
        raise
    except Exception as error:  # noqa: BLE001 - a record may contain anything
        raise DamagedRecordError(f"{what} cannot be read: {describe(error)}") from None


def once(read: Callable[[], T]) -> Callable[[], T]:
    """Return a function that calls ``read`` once, and returns or raises the same each time."""
    result: list[T] = []
    failure: list[Exception] = []

    def read_once() -> T:
        if failure:
            raise failure[0]
        if not result:
            try:
                result.append(read())
            except Exception as error:
                failure.append(error)
                raise
        return result[0]

    return read_once


def run_or_foreign(read: Callable[[], StoredRun | None]) -> StoredRun | NotARunError | None:
    """Return the run, or the error for a record that is not one."""
    try:
        return read()
    except NotARunError as error:
        return error


def describe(error: Exception) -> str:
    """Return why a record cannot be read, in one short line without secrets."""
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    if isinstance(error, MemoryError):
        return "it does not fit into the memory"
    if isinstance(error, OSError) and error.strerror:
        text = system_error_text(error)
    else:
        text = str(error) if isinstance(error, StoreError) else f"{type(error).__name__}: {error}"
    line = " ".join(mask_text(text).split())
    return line if len(line) <= _LONGEST_REASON else f"{line[:_LONGEST_REASON]}…"


def not_found_error(run_id: Any, display_name: str) -> RunNotFoundError:
    """Return the error for a run that is not in a store.

    Args:
        run_id: Of the run.
        display_name: The store, without secrets.
    """
    return RunNotFoundError(f"run {str(normalize_id(run_id))!r} not found in {display_name}")


def still_running(run_id: Any) -> StoreError:
    """Return the error for a run that cannot be deleted yet."""
    return StoreError(f"run {str(normalize_id(run_id))!r} is still running")


def has_no_file(run_id: Any, kind: str, name: str) -> StoreError:
    """Return the error for a file that a run does not have."""
    return StoreError(f"run {str(normalize_id(run_id))!r} has no {kind} {name!r}")
