"""What panels are called with: a run, or a file of it."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote, urlencode

import attrs
from markupsafe import Markup

from sacred_core.content_types import guess_content_type
from sacred_core.stores import RunStore, StoredRun
from sacred_core.stores.recorded_files import FileInfo

#: The media type of a file of which nothing is known.
UNKNOWN = "application/octet-stream"


@attrs.frozen(kw_only=True, eq=False)
class RunView:
    """A run that a tab shows.

    Attributes:
        run: The run.
        store: The store that contains it.
        path: The address of the page of the run.
        tab: The tab in addresses, as in ``?tab=output``.
        parameters: The other parameters of the address.
        is_open: Whether the tab is shown. If not, only whether the target returns None matters,
            so that it need not read more.
        show: Returns what the viewer of a file shows, see `show_file`.
        curves: The charts of the metrics, while the tab of the board for them is open.
    """

    run: StoredRun
    store: RunStore
    path: str
    tab: str = ""
    parameters: Mapping[str, str] = attrs.field(factory=dict)
    is_open: bool = True
    show: "Callable[[FileView], Markup] | None" = attrs.field(default=None, repr=False)
    curves: Markup = attrs.field(default=Markup(""), repr=False)

    def url(self, **parameters: Any) -> str:
        """Return the address of this tab with other parameters; None omits one."""
        known = {"tab": self.tab, **parameters}
        found = urlencode({name: value for name, value in known.items() if value not in (None, "")})
        return f"{self.path}?{found}" if found else self.path

    def tab_url(self, tab: str, **parameters: Any) -> str:
        """Return the address of another tab."""
        return attrs.evolve(self, tab=tab).url(**parameters)

    def file_url(self, kind: str, name: str) -> str:
        """Return the address of a file.

        Args:
            kind: ``"artifact"``, ``"resource"``, ``"source"`` or ``"patch"``.
            name: As in `RunStore.open_file`.
        """
        return f"/file{self.path.removeprefix('/run')}/{kind}/{quote(name, safe='')}"

    def show_file(self, file: "FileView") -> Markup:
        """Return what the viewer of a file shows."""
        return Markup("") if self.show is None else self.show(file)

    def file(self, kind: str, name: str) -> "FileView":
        """Return a file of the run for a viewer."""
        info = self.run.files.get(kind, {}).get(name, FileInfo())
        return FileView(
            run=self.run, store=self.store, kind=kind, name=name, info=info,
            url=self.file_url(kind, name),
        )  # fmt: skip


@attrs.frozen(kw_only=True, eq=False)
class FileView:
    """A file of a run that a viewer shows.

    Attributes:
        run: The run.
        store: The store that contains it.
        kind: ``"artifact"``, ``"resource"`` or ``"source"``.
        name: Its name.
        info: What is known about it: size, digest, media type and metadata.
        url: The address of the file, for images and links.
    """

    run: StoredRun
    store: RunStore
    kind: str
    name: str
    info: FileInfo
    url: str

    @property
    def content_type(self) -> str:
        """The recorded media type, or that of the suffix of the name, in lower case."""
        known = self.info.content_type or guess_content_type(self.name) or UNKNOWN
        return known.partition(";")[0].strip().lower() or UNKNOWN

    @property
    def size(self) -> int | None:
        """The size in bytes, None if it is not known."""
        return self.info.size

    def read(self, limit: int | None = None) -> bytes:
        """Return the content, at most its first ``limit`` bytes.

        Raises:
            StoreError: it cannot be read.
        """
        with self.store.open_file(self.run.id, self.kind, self.name) as file:
            return file.read(-1 if limit is None else limit)
