"""What one board shows, and how it may be used."""

import secrets
from collections.abc import Sequence

import attrs

from sacred_board.access import Access
from sacred_board.data.locations import Location
from sacred_board.data.watching import Watching


def _new_token() -> str:
    return secrets.token_urlsafe(32)


@attrs.define(eq=False)
class Board:
    """The locations of a board and its settings.

    Attributes:
        locations: The stores, in the order of the command line.
        is_editable: Notes, tags and deletions are allowed.
        host: The address at which it listens.
        token: What a browser needs once; None: nothing, which is for this machine only.
        edit_token: Part of each form that changes something, new at every start.
        access: Who may use it.
        watching: Watches the locations while a page is open.

    Raises:
        OptionError: the host requires a token, or the token is too short.
    """

    locations: Sequence[Location]
    is_editable: bool = False
    host: str = "127.0.0.1"
    token: str | None = attrs.field(default=None, repr=False)
    edit_token: str = attrs.field(factory=_new_token, repr=False)
    access: Access = attrs.field(init=False)
    watching: Watching = attrs.field(init=False, repr=False)

    @access.default
    def _make_access(self) -> Access:
        return Access(self.host, self.token)

    @watching.default
    def _make_watching(self) -> Watching:
        return Watching(self.locations)

    def location(self, slug: str) -> Location | None:
        """Return the location with a slug, None if there is none."""
        return next((each for each in self.locations if each.slug == slug), None)
