"""The durable spool: runs are recorded in a local folder first and copied to their stores later.

A spool is a folder of runs in the public folder format. For each run that is not delivered yet, the
sub-folder ``_spool/UID`` contains ``run.json``, which describes the run and its stores without
secrets, and ``lock``, which is locked as long as a process records or delivers the run. The folder
``_undelivered`` contains events that observers did not record, see `sacred_core.delivery.handover`.

The output of running runs (`sacred_core.run.spools`, `SETTINGS.SPOOL_DIR`) is something else.
"""
