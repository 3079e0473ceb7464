"""What differs between recorded runs.

`diff` compares two runs, in one store or in two; `why` lists what differs as causes; `significance`
tests whether two groups of runs differ. Names are imported when they are used.
"""

from typing import TYPE_CHECKING

from sacred_core.importing import lazy_attributes

if TYPE_CHECKING:
    from sacred_core.compare.causes.explaining import why
    from sacred_core.compare.causes.explanation import Cause, Explanation, MetricParting
    from sacred_core.compare.compared_run import ComparedRun
    from sacred_core.compare.diffing import diff
    from sacred_core.compare.groups.significance import Significance, significance
    from sacred_core.compare.records import MISSING, Difference, RunDiff
    from sacred_core.compare.table import DiffTable, diff_table

_MODULES = {
    "MISSING": "records",
    "Cause": "causes.explanation",
    "ComparedRun": "compared_run",
    "DiffTable": "table",
    "Difference": "records",
    "Explanation": "causes.explanation",
    "MetricParting": "causes.explanation",
    "RunDiff": "records",
    "Significance": "groups.significance",
    "diff": "diffing",
    "diff_table": "table",
    "significance": "groups.significance",
    "why": "causes.explaining",
}
__all__ = [
    "MISSING", "Cause", "ComparedRun", "DiffTable", "Difference", "Explanation", "MetricParting",
    "RunDiff", "Significance", "diff", "diff_table", "significance", "why",
]  # fmt: skip

__getattr__ = lazy_attributes(__name__, _MODULES)
