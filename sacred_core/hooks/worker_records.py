"""The records of hooks for workers and the runs that they execute.

They are in a module of their own because other scripts do not need them.
"""

import attrs

from sacred_core.hooks.targets import Target
from sacred_core.shared_methods import ValueMethods


@attrs.frozen(eq=False, repr=False)
class QueueSource(ValueMethods):
    """What queues further runs when a worker finds none.

    Attributes:
        name: For messages and lists.
        fill: Called as ``fill(store, where)`` with a `RunStore` and a parsed condition, or None;
            queues runs that fulfil the condition, and returns their number. Many workers may call
            it at the same time.
    """

    name: str
    fill: Target


@attrs.frozen(eq=False, repr=False)
class StopCheck(ValueMethods):
    """What decides whether a run should end early.

    Attributes:
        name: For messages and lists, and in ``info["stopped_early"]`` of a run that should end.
        check: Called as ``check(run)`` by `Run.should_stop`; returns True if the run should end.
    """

    name: str
    check: Target
