"""Why two recorded runs differ: what differs as ranked causes.

`explaining` collects the causes that the modules ``*_causes`` find in the `evidence`: the runs,
what differs between them, and what `sacred_core.compare.code` finds in their sources.
"""
