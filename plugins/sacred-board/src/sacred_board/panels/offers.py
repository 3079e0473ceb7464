"""The panels of all plugins: which tabs there are, and which viewer shows a file."""

import fnmatch
import re
from collections import Counter
from collections.abc import Iterable, Sequence

import attrs

from sacred_board.records import RUN, BoardPanel
from sacred_core.hooks.manager import plugin_manager
from sacred_core.hooks.targets import owner_of

#: The plugin of the built-in panels.
OWN = "board"


@attrs.frozen(eq=False)
class Offer:
    """A panel, and the plugin that offers it.

    Attributes:
        panel: The record.
        plugin: The name of the plugin.
        distribution: The name and version of what the plugin was installed as.
        title: The title, followed by the plugin if another panel has the same title.
        key: The tab in addresses.
    """

    panel: BoardPanel
    plugin: str
    distribution: str
    title: str
    key: str

    @property
    def is_builtin(self) -> bool:
        """Whether the board itself offers it."""
        return self.plugin == OWN

    @property
    def specificity(self) -> int:
        """The number of characters of the media type that are not wildcards."""
        return len(self.panel.accepts.replace("*", ""))


def find_offers() -> list[Offer]:
    """Return the panels of all plugins, the built-in ones first.

    Of tabs with the same title all are shown. The built-in one has the title; that of a plugin is
    followed by the name of the plugin, so that addresses do not depend on the order of plugins.
    """
    records = plugin_manager().collect("sacred_board_panels", BoardPanel)
    owners = [owner_of(record.target) or ("", "") for record in records]
    offers = name_offers((record, *owner) for record, owner in zip(records, owners, strict=True))
    return sorted(offers, key=lambda offer: not offer.is_builtin)


def name_offers(records: Iterable[tuple[BoardPanel, str, str]]) -> list[Offer]:
    """Return panels with distinct titles and keys.

    Args:
        records: Panels with the plugin and the distribution that offer each.
    """
    own = [*records]
    counts = Counter((record.accepts == RUN, _key(record.title)) for record, _, _ in own)
    found: dict[tuple[bool, str], Offer] = {}
    for record, plugin, distribution in own:
        is_tab, key, title = record.accepts == RUN, _key(record.title), record.title.strip()
        if counts[is_tab, key] > 1 and plugin != OWN:
            key, title = f"{key}.{_key(plugin)}", f"{title} ({plugin})"
        number, first = 1, key
        while (is_tab, key) in found:  # one plugin offers two
            number += 1
            key = f"{first}.{number}"
        found[is_tab, key] = Offer(record, plugin, distribution, title, key)
    return [*found.values()]


def find_viewers(offers: Sequence[Offer], content_type: str) -> list[Offer]:
    """Return the viewers for a media type.

    The most specific is first, of equal ones that of a plugin, and of those of plugins the first in
    the order of `sacred plugins`.
    """
    fitting = [
        offer
        for offer in offers
        if offer.panel.accepts != RUN and fnmatch.fnmatchcase(content_type, offer.panel.accepts)
    ]
    return sorted(fitting, key=lambda offer: (-offer.specificity, offer.is_builtin))


def _key(title: str) -> str:
    return re.sub(r"[^\w]+", "-", title.strip().lower()).strip("-") or "panel"
