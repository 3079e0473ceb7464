"""Parts of a run, which other processes record below the folder of the run."""

from sacred_core.observers.parts import PartObserver
from sacred_core.stores import StoredRun
from sacred_objects.object_keys import BucketLayout
from sacred_objects.observer import ObjectObserver
from sacred_objects.store import ObjectStore


class ObjectPartStore(ObjectStore):
    """The parts of one run.

    Args:
        store: Of the run.
        run: The run.
        layout: Where its parts are.
    """

    def __init__(self, store: ObjectStore, run: StoredRun, layout: BucketLayout) -> None:
        super().__init__(layout)
        self._main_store, self._main_run = store, run

    def new_observer(self) -> "ObjectPartObserver":
        """Return an observer of parts of the run."""
        return ObjectPartObserver(self._main_store, self._main_run, self._layout)


class ObjectPartObserver(PartObserver, ObjectObserver):
    """Records parts of one run below its folder."""

    main_store: ObjectStore

    def __init__(self, store: ObjectStore, run: StoredRun, layout: BucketLayout) -> None:
        self.main_store, self.main_run = store, run
        ObjectObserver.__init__(self, lambda: layout.bucket, layout.bucket.url, layout.root)
        self._layout = layout

    def open_store(self) -> ObjectPartStore:
        """Return the store of the parts."""
        return ObjectPartStore(self.main_store, self.main_run, self.layout)

    def discard_part(self) -> None:
        """Remove the objects of the part that was started while its run was deleted."""
        if self.dir is not None:
            self.layout.bucket.delete(self.layout.bucket.list(f"{self.dir}/"))
