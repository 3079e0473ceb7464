"""Carries out all checks, each on its own."""

from collections.abc import Callable, Iterable, Iterator, Sequence

import attrs

from sacred_core.doctor.findings import Finding, failure
from sacred_core.doctor.installation import check_packages, check_plugins, check_python
from sacred_core.doctor.machine import check_clock, check_disk, check_text
from sacred_core.doctor.modules import check_modules
from sacred_core.doctor.reachable_stores import check_stores
from sacred_core.doctor.recording import check_git, check_host, check_undelivered
from sacred_core.doctor.variables import check_variables
from sacred_core.serialization import reason_of


@attrs.frozen
class Check:
    """One of the checks.

    Attributes:
        name: What it is about, a word.
        find: Yields its findings.
    """

    name: str
    find: Callable[[], Iterable[Finding]]


#: The checks that need no location, in their order.
CHECKS = (
    Check("python", check_python),
    Check("packages", check_packages),
    Check("modules", check_modules),
    Check("plugins", check_plugins),
    Check("variables", check_variables),
    Check("text", check_text),
    Check("clock", check_clock),
    Check("disk", check_disk),
    Check("git", check_git),
    Check("host", check_host),
    Check("undelivered", check_undelivered),
)


def examine(locations: Sequence[str] = (), timeout: float = 15.0) -> Iterator[tuple[str, Finding]]:
    """Yield the name of each check with each of its findings.

    A check that raises an exception has the finding that it failed; the others are carried out.

    Args:
        locations: Of stores; by default those in the working directory.
        timeout: Seconds for which each store may take.
    """
    stores = Check("stores", lambda: check_stores(locations, timeout))
    for check in (*CHECKS, stores):
        try:
            for finding in check.find():
                yield check.name, finding
        except Exception as error:  # noqa: BLE001 - whatever is broken here is what is looked for
            yield (
                check.name,
                failure(
                    f"the check failed: {reason_of(error)}",
                    "report it with the output of: sacred plugins",
                ),
            )
