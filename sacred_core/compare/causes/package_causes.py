"""Causes: versions of packages, and of Python."""

from collections.abc import Iterator

from sacred_core.compare.aspects.machine import recorded_packages
from sacred_core.compare.causes import levels
from sacred_core.compare.causes.distributions import Distributions
from sacred_core.compare.causes.evidence import Evidence
from sacred_core.compare.causes.explanation import Cause
from sacred_core.compare.values import listed, pair_text

#: The package that records, which every experiment imports.
_OWN = "sacred-core"


def package_causes(evidence: Evidence) -> Iterator[Cause]:
    """Yield packages that differ: first those that changed or executed modules import."""
    found = evidence.differences("packages")
    importers = _importers(evidence, {each.key for each in found}) if found else {}
    for each in found:
        sources = importers.get(each.key, {})
        is_used = any(sources.values()) and each.key != _OWN
        remark = f", imported by {listed([*sources])}" if sources else ""
        versions = pair_text(each.first, each.second, has_quotes=False)
        yield Cause(
            kind="package",
            key=each.key,
            text=f"{each.key} {versions}{remark}",
            first=each.first,
            second=each.second,
            details={"imported_by": [*sources], "is_used": is_used},
            order=(levels.USED_PACKAGE if is_used else levels.OTHER_PACKAGE, each.key == _OWN),
        )


def _importers(evidence: Evidence, packages: set[str]) -> dict[str, dict[str, bool]]:
    """Return the sources that import each package, and whether they changed or were executed."""
    found: dict[str, dict[str, bool]] = {}
    changed = {*evidence.changed_sources}
    for project, side, used in zip(evidence.projects, evidence.sides, evidence.used, strict=True):
        distributions = Distributions(recorded_packages(side.run))
        for module in project.modules():
            for name in sorted(module.packages):
                package = distributions.find(name)
                if package in packages and not project.is_local(name, module.source):
                    is_used = module.source in changed or module.source in used.modules
                    sources = found.setdefault(package, {})
                    sources[module.source] = is_used or sources.get(module.source, False)
    return {
        package: dict(sorted(sources.items(), key=lambda pair: not pair[1]))
        for package, sources in found.items()
    }
