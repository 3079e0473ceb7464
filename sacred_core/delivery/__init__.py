"""The delivery of the events of runs to their observers."""
