"""The documented names of what gathers information about the machine."""

from sacred_core.provenance.host import (
    HostInfoGetter,
    get_host_info,
    host_info_gatherer,
    host_info_gatherers,
    host_info_getter,
)

__all__ = [
    "HostInfoGetter",
    "get_host_info",
    "host_info_gatherer",
    "host_info_gatherers",
    "host_info_getter",
]
