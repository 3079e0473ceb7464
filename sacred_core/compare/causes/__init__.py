"""Why two recorded runs differ: what differs as ranked causes.

`explaining` collects the causes that the modules ``*_causes`` find. `code_changes` compares two
versions of a module, and `used_code` reads from the sources which functions a run used.
"""
