"""Resuming: a run continues one whose process ended, as its next segment, or starts from it.

It is imported only for a run with ``--resume``. `preparation` finds the stored run, checks that it
can be resumed, and stores what its last process left; `sacred_core.run.resumption` is what the run
uses of it.
"""

from sacred_core.resume.preparation import prepare_resume

__all__ = ["prepare_resume"]
