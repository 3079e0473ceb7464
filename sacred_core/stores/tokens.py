"""Tokens, which identify runs in a store even if another run gets the same id later.

An observer writes a random token into the record of the run that it starts. Before, or as part of,
each later write it checks that the record still has this token. So a process that was suspended
while its run was deleted neither restores that run nor writes into another one of the same id.
Records without a token were written by earlier releases.
"""

import os
from typing import Any

from sacred_core.exceptions import RunLostError, RunRemovedError

#: The field of a record.
TOKEN = "token"


def new_token() -> str:
    """Return a token that differs from every other one."""
    return os.urandom(16).hex()


def run_removed_error(run_id: Any, store: str) -> RunRemovedError:
    """Return the error for a run that is no longer in a store.

    Args:
        run_id: Its id there.
        store: What messages call the store, without secrets.
    """
    return RunRemovedError(
        f"run {str(run_id)!r} was deleted from {store} while it was running; no more of "
        "its data is stored there"
    )


def run_lost_error(run_id: Any, store: str) -> RunLostError:
    """Return the error for a run that another process has resumed; see `run_removed_error`."""
    return RunLostError(
        f"run {str(run_id)!r} in {store} was resumed by another process; this process can record "
        "nothing more in it"
    )
