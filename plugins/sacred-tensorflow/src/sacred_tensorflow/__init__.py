"""Notes in a run where TensorFlow writes its summaries."""

from sacred_tensorflow.log_file_writer import LogFileWriter

__all__ = ["LogFileWriter"]
