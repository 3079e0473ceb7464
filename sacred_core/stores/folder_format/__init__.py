"""The folder of a run in Sacred's layout: names and content of its files.

Used by the observers and stores of folders, buckets and TinyDB. Nothing here reads or writes a file
system: functions take and return names, plain data, bytes and open binary files. ``docs/folder-
format.md`` describes the format.
"""

from sacred_core.stores.folder_format.metric_index import MetricReader, write_merged
from sacred_core.stores.folder_format.metrics import (
    metric_lines,
    parse_metrics,
    read_merged,
)
from sacred_core.stores.folder_format.names import (
    ANNOTATIONS,
    ARTIFACTS,
    CONFIG,
    INFO,
    LEASE,
    LONGEST_PART,
    METRIC_INDEX,
    METRIC_LINES,
    METRICS,
    OUTPUT,
    RESOURCES,
    RUN,
    SOURCES,
    content_name,
    is_content_name,
    is_named_by_content,
    is_run_name,
    quote_artifact_name,
)
from sacred_core.stores.folder_format.record import (
    FileLists,
    annotation_line,
    decode_output,
    encode_output,
    entry_bytes,
    format_time,
    json_bytes,
    new_entry,
    parse_annotations,
    parse_time,
    run_fields,
    shared_names,
    update_entry,
)
from sacred_core.stores.summaries import COLUMNS

__all__ = [
    "ANNOTATIONS",
    "ARTIFACTS",
    "COLUMNS",
    "CONFIG",
    "INFO",
    "LEASE",
    "LONGEST_PART",
    "METRICS",
    "METRIC_INDEX",
    "METRIC_LINES",
    "OUTPUT",
    "RESOURCES",
    "RUN",
    "SOURCES",
    "FileLists",
    "MetricReader",
    "annotation_line",
    "content_name",
    "decode_output",
    "encode_output",
    "entry_bytes",
    "format_time",
    "is_content_name",
    "is_named_by_content",
    "is_run_name",
    "json_bytes",
    "metric_lines",
    "new_entry",
    "parse_annotations",
    "parse_metrics",
    "parse_time",
    "quote_artifact_name",
    "read_merged",
    "run_fields",
    "shared_names",
    "update_entry",
    "write_merged",
]
