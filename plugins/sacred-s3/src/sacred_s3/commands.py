"""``sacred s3``: maintenance of buckets."""

from sacred_objects.commands import bucket_commands

s3 = bucket_commands("s3", "S3", "s3")
