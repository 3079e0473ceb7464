"""``sacred gcs``: maintenance of buckets."""

from sacred_objects.commands import bucket_commands

gcs = bucket_commands("gcs", "Google Cloud Storage", "gs")
