"""What an observer knows of the rows of its run."""

import attrs

from sacred_sql.appended import Metric
from sacred_sql.experiments import Experiment


@attrs.define
class Rows:
    """The rows of the current run, as far as they are known to this observer.

    Attributes:
        experiment: What the row of the run refers to.
        key: Of the row of the run.
        experiment_key: Of the row of the experiment.
        is_unsure: More may be stored than this object has: the row is not new, or the answer to an
            attempt was lost.
        metrics: What is stored of each metric.
        output_end: Where the output ends.
        is_cut: An empty piece is at the end of the output.
        large: The names of values that are stored outside of the row.
        has_beaten: Columns were set after the start.
    """

    experiment: Experiment
    key: int = 0
    experiment_key: int = 0
    is_unsure: bool = False
    metrics: dict[str, Metric] = attrs.field(factory=dict)
    output_end: int = 0
    is_cut: bool = False
    large: set[str] = attrs.field(factory=set)
    has_beaten: bool = False

    def copy(self) -> "Rows":
        """Return what changes independently."""
        return attrs.evolve(self, metrics=dict(self.metrics), large=set(self.large))
