"""Reads the data that Sacred wrote with jsonpickle, without executing any of it."""

from sacred_core.jsonpickle_data.decoding import decode_jsonpickle, decode_run_entry, sacred_release
from sacred_core.jsonpickle_data.metric_references import without_metric_references

__all__ = [
    "decode_jsonpickle",
    "decode_run_entry",
    "sacred_release",
    "without_metric_references",
]
