"""The same runs in a store of each kind."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from sacred_core.transfer.copying import copy_runs
from sacred_core.transfer.known_runs import Target
from tests.stores.places import Place, Places
from tools.board_examples import Plan, record_examples

#: The runs: three that completed, one that failed, a queued one and a running one.
PLANS = (
    Plan(0.01),
    Plan(0.1, tags=("baseline",), note="the first one that is good"),
    Plan(0.1, seed=1),
    Plan(3.0, end="FAILED", share=0.2),
    Plan(0.3, end="QUEUED"),
    Plan(0.3, width=96, end="RUNNING", share=0.6),
)
STEPS = 200
#: Seconds between heartbeats, so that the running run is not dead some hours later.
_FOREVER = 1e6


class Stores:
    """Stores with the same runs; each is made when it is first requested.

    Args:
        folder: For files.
    """

    def __init__(self, folder: Path) -> None:
        self._places = Places(folder)
        self._made: dict[tuple[str, str], Place] = {}
        self._folder = folder

    def get(self, kind: str, purpose: str = "reading") -> Place:
        """Return a store of a kind, as in `tests.stores.places.KINDS`.

        Args:
            kind: The kind.
            purpose: Tests that change the runs have stores of their own.
        """
        if (kind, purpose) not in self._made:
            place = self._places.new(kind)
            if (kind, purpose) == ("file", "reading"):
                # The ages of the runs do not change while the tests are running.
                now = datetime.now(UTC).replace(microsecond=0) - timedelta(days=3, hours=6)
                record_examples(
                    place.observer, self._folder / "files", now,
                    plans=PLANS, steps=STEPS, beat_interval=_FOREVER,
                )  # fmt: skip
            else:
                copied = [*copy_runs(self.get("file").open(), Target(place.open()))]
                assert len(copied) == len(PLANS)
            self._made[kind, purpose] = place
        return self._made[kind, purpose]

    def close(self) -> None:
        """Stop the servers."""
        self._places.close()
