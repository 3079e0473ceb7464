"""The documented names of what describes the code of an experiment."""

from sacred_core.provenance.dependencies import PackageDependency
from sacred_core.provenance.sources import SourceFile as Source
from sacred_core.provenance.sources import get_digest

__all__ = ["PackageDependency", "Source", "get_digest"]
